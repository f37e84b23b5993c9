"""Texts: one line (`text`), several lines (`long_text`), formatted (`rich_text`).

What people typed is kept to the letter: nothing is trimmed, folded or cut, but for what could run
in a page, which formatted text loses. What no database or page can carry (control characters,
halves of surrogate pairs) is refused with its position.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import ClassVar

from engine.locale import say
from engine.model.declarations import Field
from engine.model.fields.base import BadValue, FieldType, Storage, StorageKind, Value

MAX_LENGTH = 32_000
# What formatted text may hold; `ui` shows the same.
_TAGS = {
    *("a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("hr", "i", "li", "ol", "p", "pre", "s", "strong", "sub", "sup", "u", "ul"),
}
MAX_LONG_LENGTH = 1_000_000
_SHOWN = 40  # characters of a refused value that a message repeats
_SHOWN_BITS = 1000  # Python refuses to write integers of many thousand digits
# PostgreSQL refuses NUL, no encoding takes a lone surrogate, and nobody types the others.
_NOT_IN_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


def read_text(value: object, length: int, *, lines: bool = False) -> str:
    """Check a text against its length in code points and against unprintable characters.

    Raises: BadValue R110 (no text), R111 (too long), R112 (control character).
    """
    if not isinstance(value, str):
        raise BadValue(
            "R110", say("{value} is no text.", value=describe(value)), say("put it in quotes")
        )
    if len(value) > length:
        raise BadValue(
            "R111",
            say(
                "The text has {count:group} characters; {most:group} fit.",
                count=len(value),
                most=length,
            ),
        )
    refused = (_NOT_IN_TEXT if lines else _NOT_IN_A_LINE).search(value)
    if refused is not None:
        raise _unprintable(refused, lines=lines)
    return value


def describe(value: object) -> str:
    """Name a JSON value in a message, without repeating much of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return say("A group of values")
    if isinstance(value, list | tuple):
        return say("A list")
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return say("A huge number")
    text = str(value)
    text = f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text
    return f'"{text}"' if isinstance(value, str) else text


def _unprintable(found: re.Match[str], *, lines: bool) -> BadValue:
    place = found.start() + 1
    if found[0] in "\r\n" and not lines:
        message = say(
            "The text has a line break at character {place}; this field is one line.", place=place
        )
        return BadValue("R112", message, say("a long_text field takes several lines"))
    sign = f"U+{ord(found[0]):04X}"
    message = say(
        "The text has a control character ({sign}) at character {place}.", sign=sign, place=place
    )
    return BadValue("R112", message, say("remove it"))


class Text(FieldType):
    """One line of text."""

    name = "text"
    summary = "One line of text."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "length": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LENGTH,
            "description": "Longest text, in characters (255).",
        }
    }
    defaults: ClassVar[Mapping[str, object]] = {"length": 255}

    def storage(self, field: Field) -> Storage:
        """Keep as text of the declared length."""
        return Storage(StorageKind.TEXT, length=length_of(field))

    def parse(self, field: Field, value: object) -> Value:
        """Take the text as it is, if it is one line and fits."""
        return read_text(value, length_of(field))


class LongText(Text):
    """Several lines of plain text."""

    name = "long_text"
    summary = "Several lines of text."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "length": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LONG_LENGTH,
            "description": "Longest text, in characters (32,000).",
        }
    }
    defaults: ClassVar[Mapping[str, object]] = {"length": 32_000}
    refused_keys = frozenset({"unique", "external_id", "index"})

    def parse(self, field: Field, value: object) -> Value:
        """Take the text as it is, line breaks included, if it fits."""
        return read_text(value, length_of(field), lines=True)


class RichText(LongText):
    """Formatted text: HTML of a short list of tags. What could run is gone before it is kept."""

    name = "rich_text"
    summary = "Formatted text: headings, lists, links."

    def parse(self, field: Field, value: object) -> Value:
        """Take the harmless part of the text; programs that read it need not clean it again."""
        text = read_text(value, length_of(field), lines=True)
        return read_text(clean_rich_text(text), length_of(field), lines=True)


def clean_rich_text(text: str) -> str:
    """Give formatted text without scripts, styles, images, frames and links to anything but pages.

    Cleaning what is clean changes nothing.
    """
    return _cleaner()(
        text,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )


def _cleaner() -> Callable[..., str]:
    """Load what cleans once a text is cleaned: git's merge driver never does."""
    found: Callable[..., str] = importlib.import_module("nh3").clean
    return found


def length_of(field: Field) -> int:
    """Give the longest text that a field takes, in code points."""
    length = field.options.get("length")
    return length if isinstance(length, int) else Text.defaults["length"]  # type: ignore[return-value]  # the schema allows integers only
