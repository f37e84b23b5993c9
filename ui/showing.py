"""Each field type's way to show a value: one small function a type, and the table of them.

Pure: a column, a value that is not blank, and how to show it, to a `Cell`. Lookups and money need
more of the record and are in `ui.cells`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from markupsafe import Markup

from engine.model.fields.base import Value
from ui.cleaning import clean_html, plain_text
from ui.columns import Column
from web.formats import Formats
from web.texts import say

SHORT = 140  # characters of a long text in a list
_NOTHING = Markup()


@dataclass(frozen=True, slots=True)
class Tag:
    """A value of a picklist. `color`: blue green amber red violet, or "" for grey."""

    label: str
    color: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value, ready to draw.

    `kind`: blank text lines link number check tags chip rating error html. `text`: what it says in
    plain words (for exports and screen readers too). `title`: the whole text where `text` is cut,
    or the reason of an error. `is_computed`: Patron worked it out.
    """

    kind: str
    text: str = ""
    href: str = ""
    title: str = ""
    initials: str = ""
    is_round: bool = False
    is_computed: bool = False
    is_on: bool = False
    tags: tuple[Tag, ...] = ()
    html: Markup = _NOTHING


@dataclass(frozen=True, slots=True)
class How:
    """In whose language and zone, and whether long texts are shown whole."""

    fmt: Formats
    is_full: bool = False


def initials(text: str, most: int = 1) -> str:
    """Give the first letters of the first and the last word, in capitals."""
    words = [word for word in text.split() if word[:1].isalnum()]
    chosen = words[:1] if most == 1 or len(words) == 1 else [words[0], words[-1]] if words else []
    return "".join(word[0] for word in chosen).upper() or "?"


_Shower = Callable[[Column, Value, How], Cell]


def _text(column: Column, value: Value, how: How) -> Cell:
    text = str(value)
    return _shortened(column, text) if not how.is_full else Cell(kind="text", text=text)


def _lines(column: Column, value: Value, how: How) -> Cell:
    text = str(value)
    return (
        Cell(kind="lines", text=text) if how.is_full else _shortened(column, " ".join(text.split()))
    )


def _rich(column: Column, value: Value, how: How) -> Cell:
    plain = plain_text(str(value))
    if not how.is_full:
        return _shortened(column, plain)
    return Cell(kind="html", text=plain, html=clean_html(str(value)))


def _shortened(column: Column, text: str) -> Cell:
    if len(text) <= SHORT:
        return Cell(kind="text", text=text, is_computed=column.is_computed)
    cut = f"{text[:SHORT].rstrip()}…"
    return Cell(kind="text", text=cut, title=text[:2000], is_computed=column.is_computed)


def _number(column: Column, value: Value, how: How) -> Cell:
    number = value if isinstance(value, Decimal | int) else Decimal(str(value))
    text = how.fmt.number(number, column.decimals)
    return Cell(kind="number", text=text, is_computed=column.is_computed)


def _plain_number(_column: Column, value: Value, _how: How) -> Cell:
    return Cell(kind="number", text=str(value))


def _percent(column: Column, value: Value, how: How) -> Cell:
    text = how.fmt.percent(Decimal(str(value)))
    return Cell(kind="number", text=text, is_computed=column.is_computed)


def _day(column: Column, value: Value, how: How) -> Cell:
    text = how.fmt.day(value) if isinstance(value, date) else str(value)
    return Cell(kind="text", text=text, is_computed=column.is_computed)


def _moment(column: Column, value: Value, how: How) -> Cell:
    text = how.fmt.moment(value) if isinstance(value, datetime) else str(value)
    return Cell(kind="text", text=text, is_computed=column.is_computed)


def _clock(column: Column, value: Value, how: How) -> Cell:
    text = how.fmt.clock(value) if isinstance(value, time) else str(value)
    return Cell(kind="text", text=text, is_computed=column.is_computed)


def _check(column: Column, value: Value, _how: How) -> Cell:
    text = say("Yes") if value is True else say("No")
    return Cell(kind="check", text=text, is_on=value is True, is_computed=column.is_computed)


def _tags(column: Column, value: Value, _how: How) -> Cell:
    names = value if isinstance(value, list | tuple) else (value,)
    tags = []
    for name in names:
        choice = column.choices.get(str(name))
        tags.append(Tag(str(name)) if choice is None else Tag(choice.label, choice.color))
    return Cell(kind="tags", text=", ".join(tag.label for tag in tags), tags=tuple(tags))


def _email(_column: Column, value: Value, _how: How) -> Cell:
    return Cell(kind="link", text=str(value), href=f"mailto:{value}")


def _phone(_column: Column, value: Value, _how: How) -> Cell:
    dialled = "".join(c for c in str(value) if c.isdigit() or c == "+")
    return Cell(kind="link", text=str(value), href=f"tel:{dialled}")


def _url(_column: Column, value: Value, _how: How) -> Cell:
    text = str(value)
    if not text.lower().startswith(("http://", "https://")):
        return Cell(kind="text", text=text)
    shown = text.partition("://")[2].removeprefix("www.").rstrip("/")
    return Cell(kind="link", text=shown, href=text, title=text)


def _rating(column: Column, value: Value, how: How) -> Cell:
    most = column.field.decl.option("max", 5)
    most = most if isinstance(most, int) else 5
    stars = min(int(value), most) if isinstance(value, Decimal | int) else 0
    said = say("{stars} of {most} stars", stars=how.fmt.number(stars), most=how.fmt.number(most))
    return Cell(kind="rating", text="★" * stars + "☆" * (most - stars), title=said)


def _address(_column: Column, value: Value, how: How) -> Cell:
    parts = value if isinstance(value, Mapping) else {}
    town = " ".join(str(parts[k]) for k in ("postal_code", "city") if parts.get(k))
    lines = [str(parts.get("street") or ""), town]
    lines += [str(parts.get(k) or "") for k in ("state", "country")]
    kept = [line for line in lines if line]
    return Cell(
        kind="lines" if how.is_full else "text", text=("\n" if how.is_full else ", ").join(kept)
    )


def _location(_column: Column, value: Value, how: How) -> Cell:
    parts = value if isinstance(value, Mapping) else {}
    degrees = [Decimal(str(parts.get(k) or 0)) for k in ("latitude", "longitude")]
    return Cell(kind="text", text=" / ".join(how.fmt.number(d, 5) for d in degrees))


def _json(column: Column, value: Value, how: How) -> Cell:
    text = json.dumps(value, ensure_ascii=False, default=str, indent=2 if how.is_full else None)
    return Cell(kind="lines", text=text) if how.is_full else _shortened(column, text)


SHOWN: Mapping[str, _Shower] = {
    "long_text": _lines,
    "rich_text": _rich,
    "number": _number,
    "percent": _percent,
    "id": _plain_number,
    "version": _plain_number,
    "date": _day,
    "datetime": _moment,
    "time": _clock,
    "checkbox": _check,
    "picklist": _tags,
    "multi_picklist": _tags,
    "email": _email,
    "phone": _phone,
    "url": _url,
    "rating": _rating,
    "address": _address,
    "location": _location,
    "json": _json,
}


def show_value(column: Column, value: Value, how: How) -> Cell:
    """Show a value that is not blank by the type of its column."""
    return SHOWN.get(column.type, _text)(column, value, how)
