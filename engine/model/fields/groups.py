"""Values of several parts: `address`, `location`, `json`. Kept as canonical JSON in one column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from engine.locale import say
from engine.model.declarations import Field
from engine.model.fields.base import BadValue, FieldType, Storage, StorageKind, Value
from engine.model.fields.numbers import fit_decimals, read_number
from engine.model.fields.texts import describe, read_text
from engine.names import did_you_mean

ADDRESS_PARTS: Mapping[str, int] = {
    "street": 255,
    "postal_code": 20,
    "city": 100,
    "state": 100,
    "country": 100,
}
LOCATION_LIMITS: Mapping[str, int] = {"latitude": 90, "longitude": 180}
LOCATION_DECIMALS = 8  # about a millimetre
MAX_DEPTH = 20
MAX_JSON = 32_000  # characters


class _Group(FieldType):
    """What all values of several parts share."""

    refused_keys = frozenset({"unique", "external_id", "index"})

    def storage(self, field: Field) -> Storage:
        """Keep as canonical JSON."""
        return Storage(StorageKind.JSON)


class Address(_Group):
    """A postal address in its parts."""

    name = "address"
    summary = "A postal address: street, postal_code, city, state, country."

    def parse(self, field: Field, value: object) -> Value:
        """Read the parts that are given; empty ones are left out.

        Raises: BadValue R170, and those of texts.
        """
        parts = _parts(value, ADDRESS_PARTS)
        read = {
            part: read_text(parts[part], length, lines=part == "street")
            for part, length in ADDRESS_PARTS.items()
            if parts.get(part) not in (None, "")
        }
        return read or None


class Location(_Group):
    """A point on the globe."""

    name = "location"
    summary = "A point on the globe: latitude and longitude in degrees."

    def parse(self, field: Field, value: object) -> Value:
        """Read both coordinates.

        Raises: BadValue R170, R171, and those of numbers.
        """
        parts = _parts(value, LOCATION_LIMITS)
        missing = [part for part in LOCATION_LIMITS if parts.get(part) in (None, "")]
        if missing:
            raise BadValue("R171", say("A location needs its {parts}.", parts=", ".join(missing)))
        return {part: _degrees(part, parts[part]) for part in LOCATION_LIMITS}


class Json(_Group):
    """A JSON object, kept as it came."""

    name = "json"
    summary = "A JSON object, for programs."

    def parse(self, field: Field, value: object) -> Value:
        """Take an object, or the text of one.

        Raises: BadValue R170, R172.
        """
        read = _read_json(value) if isinstance(value, str) else value
        if not isinstance(read, Mapping):
            raise BadValue(
                "R170",
                say("{value} is no JSON object.", value=describe(value)),
                say('write {{"name": "value"}}'),
            )
        _check_json(read, 0)
        if len(json.dumps(read, ensure_ascii=False, default=str)) > MAX_JSON:
            raise BadValue(
                "R172", say("The JSON object has more than {most:group} characters.", most=MAX_JSON)
            )
        return read


def _parts(value: object, known: Mapping[str, int]) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        hint: str = say("give {parts}", parts=", ".join(known))
        raise BadValue(
            "R170",
            say("{value} is not made of the parts of this field.", value=describe(value)),
            hint,
        )
    for part in value:
        if part not in known:
            hint = did_you_mean(str(part), known) or say(
                "there are {parts}", parts=", ".join(known)
            )
            raise BadValue("R170", say('This field has no part "{part}".', part=part), hint)
    return value


def _degrees(part: str, value: object) -> Decimal:
    degrees = fit_decimals(read_number(value), LOCATION_DECIMALS)
    limit = LOCATION_LIMITS[part]
    if abs(degrees) > limit:
        raise BadValue(
            "R171", say("{part} lies between -{limit} and {limit} degrees.", part=part, limit=limit)
        )
    return degrees


def _read_json(text: str) -> object:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadValue(
            "R170", say("The text is no JSON."), say('write {{"name": "value"}}')
        ) from error


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _check_json(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadValue(
            "R172", say("The JSON object is nested deeper than {most} levels.", most=MAX_DEPTH)
        )
    if isinstance(value, Mapping):
        for name, part in value.items():
            read_text(name, MAX_JSON)
            _check_json(part, depth + 1)
    elif isinstance(value, list | tuple):
        for part in value:
            _check_json(part, depth + 1)
    elif isinstance(value, str):
        read_text(value, MAX_JSON, lines=True)
    elif value is not None and not isinstance(value, bool):
        read_number(value)
