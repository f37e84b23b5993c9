"""New YAML, as people would write it: in one line what fits, texts bare where that is safe."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from engine.source.canonical import plain_number
from engine.source.scalars import plain_value

WIDTH = 100  # columns
STEP = 2  # spaces of one level
# Signs that cannot begin a bare text, and what ends one in the middle.
_CANNOT_BEGIN = frozenset("-?:,[]{}#&*!|>'\"%@` ")
_ENDS = re.compile(r": |:\Z| #|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]| \Z")
_ENDS_IN_BRACKETS = re.compile(r"[,\[\]{}]|:(?=[,\[\]{}]|\Z)")
_UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


def render_document(data: Mapping[str, object]) -> str:
    """Write a whole document; its first level is always in lines of its own."""
    return "".join(render_entry(key, value, 0) for key, value in data.items())


def render_entry(key: str, value: object, indent: int) -> str:
    """Write an entry of a map in lines of its own, the line break included.

    Args:
        key: Its key.
        value: Its value, keys in the order in which they are written.
        indent: Spaces before the key.
    """
    head = f"{' ' * indent}{scalar(key)}:"
    return head + _behind(value, indent, len(head), is_item=False)


def render_item(value: object, indent: int) -> str:
    """Write an item of a list in lines of its own; `indent` is where its dash stands."""
    head = f"{' ' * indent}-"
    return head + _behind(value, indent, len(head), is_item=True)


def _behind(value: object, indent: int, used: int, *, is_item: bool) -> str:
    """Write what stands behind a key or a dash."""
    if isinstance(value, str) and "\n" in value and not _UNPRINTABLE.search(value):
        block = _block_text(value, indent)
        if block:
            return f" {block}"
    line = in_line(value)
    is_short = used + 1 + len(line) <= WIDTH
    if (
        not isinstance(value, Mapping | list | tuple)
        or not value
        or (is_short and not _is_long(value))
    ):
        return f" {line}\n"
    below = indent + STEP
    if isinstance(value, Mapping):
        lines = "".join(render_entry(key, each, below) for key, each in value.items())
        return f" {lines[below:]}" if is_item else f"\n{lines}"
    return "\n" + "".join(render_item(each, below) for each in value)


def in_line(value: object) -> str:
    """Write a value in one line, as within brackets."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {in_line(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(in_line, value)) + "]"
    return scalar(value, in_brackets=True)


def scalar(value: object, *, in_brackets: bool = False) -> str:
    """Write a single value: bare where that reads back as the same, else in quotes."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Decimal):
        return plain_number(value)
    if not isinstance(value, str):
        return str(value)
    if _is_bare(value) and not (in_brackets and _ENDS_IN_BRACKETS.search(value)):
        return value
    if _UNPRINTABLE.search(value) or "\n" in value:
        return _double_quoted(value)
    return "'" + value.replace("'", "''") + "'"


def _double_quoted(text: str) -> str:
    """Write a text with escapes; pictographs stay, because YAML knows no surrogate pairs."""
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _is_bare(text: str) -> bool:
    if not isinstance(plain_value(text), str) or _ENDS.search(text):
        return False
    if text[0] in _CANNOT_BEGIN:
        return text[0] == "-" and text[1:2].isalnum()  # “-amount” may begin with a dash
    return text != "..." and not text.startswith("... ")


def _block_text(text: str, indent: int) -> str:
    """Write a text of several lines with `|`; "" where that would not read back as the same."""
    stripped = text.rstrip("\n")
    if (
        not stripped
        or stripped[0] in " \n"
        or any(line != line.rstrip() for line in stripped.split("\n"))
    ):
        return ""
    trailing = len(text) - len(stripped)
    sign = {0: "|-", 1: "|"}.get(trailing, "|+")
    space = " " * (indent + STEP)
    lines = [f"{space}{line}".rstrip() for line in stripped.split("\n")]
    return "\n".join([sign, *lines]) + "\n" * max(trailing, 1)


def _is_long(value: object) -> bool:
    """Tell whether a value holds a text of several lines, which needs lines of its own."""
    if isinstance(value, Mapping):
        return any(map(_is_long, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_long, value))
    return isinstance(value, str) and "\n" in value


def render_json(value: object, indent: int = 0) -> str:
    """Write JSON as files hold it: two spaces a level, short things in one line."""
    line = _json_line(value)
    if indent and indent + len(line) <= WIDTH - STEP:
        return line
    space, below = " " * indent, " " * (indent + STEP)
    if isinstance(value, Mapping):
        entries = [
            f"{below}{json.dumps(key, ensure_ascii=False)}: {render_json(each, indent + STEP)}"
            for key, each in value.items()
        ]
        return "{\n" + ",\n".join(entries) + f"\n{space}}}" if entries else "{}"
    if isinstance(value, list | tuple):
        items = [f"{below}{render_json(each, indent + STEP)}" for each in value]
        return "[\n" + ",\n".join(items) + f"\n{space}]" if items else "[]"
    return line


def _json_line(value: object) -> str:
    if isinstance(value, Mapping):
        entries = (
            f"{json.dumps(k, ensure_ascii=False)}: {_json_line(v)}" for k, v in value.items()
        )
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_json_line, value)) + "]"
    return (
        plain_number(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
    )
