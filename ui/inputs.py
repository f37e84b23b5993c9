"""How the value of each field type is typed: written into an editor, and read back.

Editors post texts. A field has one or several parts: `street` and `city` of an address, the
`text` beside the id of a lookup. `write` and `read` are inverses for every value; lookups are
found by name in `ui.links`. One line of the table `INPUTS` per type.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from engine.model.fields.base import Value
from ui.columns import Column
from ui.typed import Mistyped, decimal_sign, read_clock, read_day, read_moment, read_number, short
from ui.typed import write_number as written
from web.formats import Formats
from web.texts import say

Parts = Mapping[str, tuple[str, ...]]  # part of a field -> what was typed; "" is its only part
ADDRESS = ("street", "postal_code", "city", "state", "country")
LOCATION = ("latitude", "longitude")
_NOTHING: Parts = {"": ("",)}
_PLACES = 4  # of a percentage


@dataclass(frozen=True, slots=True)
class Kind:
    """An editor: the macro that draws it, and both directions. `parts`: names of its inputs."""

    editor: str
    write: Callable[[Column, Value, Formats], Parts]
    read: Callable[[Column, Parts, Formats], object]
    parts: tuple[str, ...] = ("",)


def editor_of(column: Column) -> Kind | None:
    """Give the editor of a field; None for a type that is not typed (files, computed values)."""
    return INPUTS.get(column.field.decl.type)


def write(column: Column, value: Value, fmt: Formats) -> Parts:
    """Give what an editor holds for a value."""
    kind = editor_of(column)
    if kind is None:
        return _NOTHING
    if value is None and kind.editor != "checkbox":
        return dict.fromkeys(kind.parts, ("",))
    return kind.write(column, value, fmt)


def read(column: Column, parts: Parts, fmt: Formats) -> object:
    """Give the value that was typed, in a form that the field type reads. Raises: Mistyped."""
    kind = editor_of(column)
    return None if kind is None else kind.read(column, parts, fmt)


def mark_of(parts: Parts) -> str:
    """Give a short digest of what an editor holds, to know later whether it was touched."""
    kept = {key: [_plain(t) for t in parts[key]] for key in sorted(parts) if key not in _BESIDE}
    if "shown" in parts and first(parts, "text") == first(parts, "shown"):
        kept.pop("text", None)  # it only names the record of the id
    return hashlib.sha256(json.dumps(kept).encode("utf-8", "replace")).hexdigest()[:10]


_BESIDE = frozenset({"shown", "object"})  # of a lookup: they follow from its id


def first(parts: Parts, part: str = "") -> str:
    """Give the text of a part, "" where nothing was sent. Of several the last counts."""
    found = parts.get(part) or ("",)
    return found[-1]


def _plain(text: str) -> str:
    """Undo what browsers do to line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _texts_of(_column: Column, value: Value, _fmt: Formats) -> Parts:
    return {"": (str(value),)}


def _text(_column: Column, parts: Parts, _fmt: Formats) -> object:
    return first(parts)


def _lines(_column: Column, parts: Parts, _fmt: Formats) -> object:
    return _plain(first(parts))


def _number_of(_column: Column, value: Value, fmt: Formats) -> Parts:
    return {"": (written(Decimal(str(value)), fmt),)}


def _number(_column: Column, parts: Parts, fmt: Formats) -> object:
    text = first(parts)
    return read_number(text, fmt) if text.strip() else None


def _percent_of(_column: Column, value: Value, fmt: Formats) -> Parts:
    points = Decimal(str(value)).scaleb(2).normalize()
    whole = points.quantize(Decimal(1)) if points == points.to_integral_value() else points
    return {"": (written(whole, fmt),)}


def _percent(_column: Column, parts: Parts, fmt: Formats) -> object:
    text = first(parts)
    return read_number(text, fmt).scaleb(-2) if text.strip() else None


def _day_of(_column: Column, value: Value, _fmt: Formats) -> Parts:
    return {"": (value.isoformat() if isinstance(value, date) else str(value),)}


def _day(_column: Column, parts: Parts, fmt: Formats) -> object:
    text = first(parts)
    return read_day(text, fmt) if text.strip() else None


def _moment_of(_column: Column, value: Value, fmt: Formats) -> Parts:
    if not isinstance(value, datetime):
        return {"": (str(value),)}
    local = fmt.local(value).replace(tzinfo=None)
    return {"": (local.isoformat(timespec="seconds" if local.second else "minutes"),)}


def _moment(_column: Column, parts: Parts, fmt: Formats) -> object:
    text = first(parts)
    return read_moment(text, fmt) if text.strip() else None


def _clock_of(_column: Column, value: Value, _fmt: Formats) -> Parts:
    if not isinstance(value, time):
        return {"": (str(value),)}
    return {"": (value.isoformat("seconds" if value.second else "minutes"),)}


def _clock(_column: Column, parts: Parts, _fmt: Formats) -> object:
    text = first(parts)
    return read_clock(text) if text.strip() else None


def _check_of(_column: Column, value: Value, _fmt: Formats) -> Parts:
    return {"": ("true" if value is True else "false",)}


def _check(_column: Column, parts: Parts, _fmt: Formats) -> object:
    return first(parts).strip().lower() in {"true", "on", "1", "yes"}


def _many_of(_column: Column, value: Value, _fmt: Formats) -> Parts:
    return {"": tuple(value) if isinstance(value, list | tuple) else (str(value),)}


def _many(_column: Column, parts: Parts, _fmt: Formats) -> object:
    return [text for text in parts.get("", ()) if text]


def _group_of(names: Iterable[str]) -> Callable[[Column, Value, Formats], Parts]:
    def write_group(_column: Column, value: Value, fmt: Formats) -> Parts:
        held = value if isinstance(value, Mapping) else {}
        return {name: (_part(held.get(name), fmt),) for name in names}

    return write_group


def _part(value: object, fmt: Formats) -> str:
    if value is None:
        return ""
    return written(Decimal(str(value)), fmt) if isinstance(value, Decimal | int) else str(value)


def _address(_column: Column, parts: Parts, _fmt: Formats) -> object:
    return {name: _plain(first(parts, name)) for name in ADDRESS if first(parts, name)} or None


def _location(_column: Column, parts: Parts, fmt: Formats) -> object:
    typed = {name: first(parts, name) for name in LOCATION}
    if not any(text.strip() for text in typed.values()):
        return None
    return {n: read_number(text, fmt) if text.strip() else None for n, text in typed.items()}


def _json_of(_column: Column, value: Value, _fmt: Formats) -> Parts:
    return {"": (json.dumps(value, ensure_ascii=False, indent=2, default=_digits),)}


def _digits(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


def _link_of(_column: Column, value: Value, _fmt: Formats) -> Parts:
    return {"": (str(value),), "text": ("",), "shown": ("",), "object": ("",)}


def _link(_column: Column, parts: Parts, _fmt: Formats) -> object:
    text = first(parts).strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < len("9007199254740993")):
        raise Mistyped(say("“{typed}” is no record. Choose one of the list.", typed=short(text)))
    return int(text) if text else None


_TYPED = Kind("text", _texts_of, _text)
_LOOKUP = Kind("lookup", _link_of, _link, ("", "text", "shown", "object"))
INPUTS: Mapping[str, Kind] = {
    "text": _TYPED,
    "email": Kind("email", _texts_of, _text),
    "phone": Kind("tel", _texts_of, _text),
    "url": Kind("url", _texts_of, _text),
    "long_text": Kind("lines", _texts_of, _lines),
    "rich_text": Kind("lines", _texts_of, _lines),
    "number": Kind("number", _number_of, _number),
    "currency": Kind("number", _number_of, _number),
    "percent": Kind("number", _percent_of, _percent),
    "rating": Kind("choice", _number_of, _number),
    "date": Kind("date", _day_of, _day),
    "datetime": Kind("moment", _moment_of, _moment),
    "time": Kind("clock", _clock_of, _clock),
    "checkbox": Kind("checkbox", _check_of, _check),
    "picklist": Kind("choice", _texts_of, _text),
    "multi_picklist": Kind("choices", _many_of, _many),
    "lookup": _LOOKUP,
    "master_detail": _LOOKUP,
    "address": Kind("address", _group_of(ADDRESS), _address, ADDRESS),
    "location": Kind("location", _group_of(LOCATION), _location, LOCATION),
    "json": Kind("lines", _json_of, _lines),
}

__all__ = [
    "ADDRESS",
    "INPUTS",
    "LOCATION",
    "Kind",
    "Mistyped",
    "Parts",
    "decimal_sign",
    "editor_of",
    "first",
    "mark_of",
    "read",
    "write",
]
