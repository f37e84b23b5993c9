"""Masks values while they are copied: whoever may read the copy learns nobody's name from it.

Deterministic within one copy, by a key that is made for it and never written down: equal values
stay equal, so that what joined still joins and what was unique still is. Fails closed: text, mail,
phone, address, rich text and files count as personal unless a field says `pii: none`, and a type
that nobody decided about is left out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType

from engine.compiled import CompiledField
from engine.model.declarations import Field
from engine.model.fields.base import Value
from engine.names import ObjectName

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_DAYS = 180  # how far a personal day is moved, either way
_TRIES = 1000
HOST = "masked.example"


class Masker:
    """Masks the values of one copy. Keeps what it gave for unique fields, to give nothing twice."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._given: dict[tuple[str, str], dict[object, str]] = {}

    def value(
        self, owner: ObjectName, field: CompiledField, value: Value, *, stays_apart: bool = False
    ) -> Value:
        """Give a value as the copy may hold it.

        `stays_apart`: different values get different ones, as those of a unique field do anyway.
        """
        if value is None or not is_personal(field):
            return value
        mask = _MASKS.get(field.decl.type, _nothing)
        original = repr(value)
        for attempt in range(_TRIES):
            found = mask(field.decl, value, self._stream(field.decl.type, original, attempt))
            is_apart = stays_apart or field.decl.unique or bool(field.decl.external_id)
            if not is_apart or self._is_free(owner, field, found, original):
                return found
        return None

    def text(self, value: str, length: int = 80) -> str:
        """Mask a text that is no field of a record, such as the name of a user."""
        return _shaped(value, self._stream("text", value, 0))[:length]

    def mail(self, value: str) -> str:
        """Mask an address that is no field of a record."""
        return _mail(self._stream("email", value, 0))

    def _is_free(
        self, owner: ObjectName, field: CompiledField, found: Value, original: str
    ) -> bool:
        """Tell whether a unique field may get a value: no other value has got it."""
        if found is None:
            return True
        given = self._given.setdefault((owner, field.name), {})
        return given.setdefault(repr(found), original) == original

    def _stream(self, sort: str, original: str, attempt: int) -> Iterator[int]:
        """Give endless bytes that stand for a value, for whoever holds the key."""
        block = 0
        while True:
            told = f"{sort}\0{attempt}\0{block}\0{original}".encode()
            yield from hmac.new(self._key, told, hashlib.sha256).digest()
            block += 1


def is_personal(field: CompiledField) -> bool:
    """Tell whether a field's values are masked: what it says of itself, else by its type."""
    if field.decl.pii:
        return field.decl.pii != "none"
    if field.decl.option("encrypted"):
        return True
    if field.decl.type == "formula":
        return field.decl.option("returns", "text") in _PERSONAL_RESULTS
    return field.decl.type not in NEVER_PERSONAL


# Types whose values tell nothing of a person unless a field says so.
NEVER_PERSONAL = frozenset(
    {
        *("number", "currency", "percent", "rating", "date", "datetime", "time", "checkbox"),
        *("picklist", "multi_picklist", "lookup", "master_detail", "auto_number", "roll_up"),
        *("id", "version"),
    }
)
_PERSONAL_RESULTS = frozenset({"text", "long_text", "rich_text", "email", "phone", "url"})

Mask = Callable[[Field, Value, Iterator[int]], Value]


def _nothing(_field: Field, _value: Value, _stream: Iterator[int]) -> Value:
    return None


def _kept(_field: Field, value: Value, _stream: Iterator[int]) -> Value:
    """Keep what points at another record or counts records: it names nobody."""
    return value


def _text(field: Field, value: Value, stream: Iterator[int]) -> Value:
    length = field.option("length")
    masked = _shaped(str(value), stream)
    return masked[:length] if isinstance(length, int) else masked


def _rich_text(_field: Field, value: Value, stream: Iterator[int]) -> Value:
    return f"<p>{_shaped(''.join(c for c in str(value) if c.isalnum() or c == ' '), stream)}</p>"


def _mail_of(_field: Field, _value: Value, stream: Iterator[int]) -> Value:
    return _mail(stream)


def _mail(stream: Iterator[int]) -> str:
    return f"m{_some(stream, _LETTERS + _DIGITS, 14)}@{HOST}"


def _phone(_field: Field, value: Value, stream: Iterator[int]) -> Value:
    return "".join(
        _one(stream, _DIGITS) if c.isdigit() else c for c in str(value) if not c.isalpha()
    )


def _url(_field: Field, _value: Value, stream: Iterator[int]) -> Value:
    return f"https://{HOST}/{_some(stream, _LETTERS, 12)}"


def _address(_field: Field, value: Value, stream: Iterator[int]) -> Value:
    """Mask every part but the country, which rules ask for and many live in."""
    parts = value if isinstance(value, Mapping) else {}
    return {
        str(part): text if part == "country" else _shaped(str(text), stream)
        for part, text in parts.items()
    }


def _location(_field: Field, _value: Value, _stream: Iterator[int]) -> Value:
    return {"latitude": Decimal(0), "longitude": Decimal(0)}


def _json(_field: Field, _value: Value, _stream: Iterator[int]) -> Value:
    return {}


def _number(field: Field, value: Value, stream: Iterator[int]) -> Value:
    """Give a number of the same size and decimals, within the field's limits."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    digits = "".join(_one(stream, _DIGITS) if c.isdigit() else c for c in str(number))
    found = Decimal(digits)
    low, high = field.option("min"), field.option("max")
    if isinstance(low, Decimal) and found < low:
        return low
    return high if isinstance(high, Decimal) and found > high else found


def _rating(field: Field, _value: Value, _stream: Iterator[int]) -> Value:
    low = field.option("min")
    return low if isinstance(low, Decimal) else Decimal(1)


def _day(_field: Field, value: Value, stream: Iterator[int]) -> Value:
    moved = timedelta(
        days=int.from_bytes(bytes(next(stream) for _ in range(4))) % (2 * _DAYS) - _DAYS
    )
    return value + moved if isinstance(value, date | datetime) else None


def _hour(_field: Field, _value: Value, stream: Iterator[int]) -> Value:
    return time(next(stream) % 24, next(stream) % 60)


def _unchecked(_field: Field, _value: Value, _stream: Iterator[int]) -> Value:
    return False


def _choice(field: Field, _value: Value, stream: Iterator[int]) -> Value:
    names = [value.name for value in field.values.values() if value.active]
    return names[next(stream) % len(names)] if names else None


def _choices(field: Field, value: Value, stream: Iterator[int]) -> Value:
    one = _choice(field, value, stream)
    return (one,) if isinstance(one, str) else None


def _formula(_field: Field, value: Value, stream: Iterator[int]) -> Value:
    """Mask a stored result by the type that it has."""
    return _shaped(value, stream) if isinstance(value, str) else None


_MASKS: Mapping[str, Mask] = MappingProxyType(
    {
        "text": _text,
        "long_text": _text,
        "rich_text": _rich_text,
        "email": _mail_of,
        "phone": _phone,
        "url": _url,
        "number": _number,
        "currency": _number,
        "percent": _number,
        "rating": _rating,
        "date": _day,
        "datetime": _day,
        "time": _hour,
        "checkbox": _unchecked,
        "picklist": _choice,
        "multi_picklist": _choices,
        "lookup": _kept,
        "master_detail": _kept,
        "auto_number": _text,
        "formula": _formula,
        "roll_up": _number,
        "address": _address,
        "location": _location,
        "file": _nothing,
        "image": _nothing,
        "json": _json,
        "id": _kept,
        "version": _kept,
    }
)
DECIDED = frozenset(_MASKS)  # types for which somebody has decided what masking means


def _shaped(text: str, stream: Iterator[int]) -> str:
    """Give a text of the same shape: letters for letters, digits for digits, signs as they are."""
    return "".join(_sign(char, stream) for char in text)


def _sign(char: str, stream: Iterator[int]) -> str:
    if char.isdigit():
        return _one(stream, _DIGITS)
    if not char.isalpha():
        return char
    letter = _one(stream, _LETTERS)
    return letter.upper() if char.isupper() else letter


def _one(stream: Iterator[int], signs: str) -> str:
    return signs[next(stream) % len(signs)]


def _some(stream: Iterator[int], signs: str, count: int) -> str:
    return "".join(_one(stream, signs) for _ in range(count))
