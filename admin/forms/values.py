"""Single values as they stand in inputs, and back: what was not changed comes back the very same.

People type `5`, `true`, `high` and `= TODAY() + 30`; only what looks like YAML is read as YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from admin.forms.shapes import Draw
from engine.source.canonical import plain_number
from engine.source.scalars import plain_value
from engine.source.sheets import read_fragment, render_fragment

_YAML_BEGINS = ("{", "[", "'", '"')


class Unreadable(ValueError):
    """A text that is no value of its sort; its message is for the person who typed it."""


def shown(draw: Draw, value: object) -> str:
    """Write a value as an input shows it; nothing for nothing."""
    if value is None:
        return ""
    if draw is Draw.CONSTANT:
        formula = _formula(value)
        return f"= {formula}" if formula is not None else _scalar_text(value, quotes=True)
    if draw is Draw.YAML:
        return render_fragment(value)
    return _scalar_text(value, quotes=False)


def _scalar_text(value: object, *, quotes: bool) -> str:
    if isinstance(value, str):
        is_plain = isinstance(plain_value(value), str) and not value.startswith(
            (*_YAML_BEGINS, "=")
        )
        return (
            value
            if not quotes or (is_plain and value.strip() == value and value)
            else (render_fragment(value))
        )
    if isinstance(value, Decimal):
        return plain_number(value)
    return render_fragment(value)


def taken(draw: Draw, text: str, before: object) -> object:
    """Read what stands in an input; None for nothing.

    `before` is what it showed when it was drawn: the same text gives the same value again.
    Raises: Unreadable with a sentence.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if before is not None and text.rstrip("\n") == shown(draw, before).rstrip("\n"):
        return before
    if not text.strip():
        return None
    return _READERS.get(draw, _as_text)(text)


def _as_text(text: str) -> object:
    """Take a text: one line without the spaces around it, several with a last line break."""
    return text.rstrip("\n") + "\n" if "\n" in text.strip("\n") else text.strip()


def _as_number(text: str) -> object:
    bare = text.strip().replace("\N{NO-BREAK SPACE}", "").replace(" ", "").replace(",", ".")
    try:
        number = Decimal(bare)
    except InvalidOperation:
        raise Unreadable(f"“{text.strip()}” is no number.") from None
    if not number.is_finite():
        raise Unreadable(f"“{text.strip()}” is no number.")
    return int(number) if number == number.to_integral_value() and "." not in bare else number


def _as_scalar(text: str) -> object:
    bare = text.strip()
    value = plain_value(bare)
    return _as_text(text) if value is None or isinstance(value, str) else value


def _as_constant(text: str) -> object:
    bare = text.strip()
    if bare.startswith("="):
        return {"formula": bare[1:].strip()}
    return _as_yaml(text) if bare.startswith(_YAML_BEGINS) else _as_scalar(text)


def _as_yaml(text: str) -> object:
    value, problem = read_fragment(text)
    if problem:
        raise Unreadable(problem)
    return value


def _formula(value: object) -> str | None:
    if isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get("formula"), str):
        text = str(value["formula"])
        return text if text == text.strip() and "\n" not in text else None
    return None


_READERS = {
    Draw.NUMBER: _as_number,
    Draw.CODE: _as_scalar,
    Draw.SCALAR: _as_scalar,
    Draw.CONSTANT: _as_constant,
    Draw.YAML: _as_yaml,
}
