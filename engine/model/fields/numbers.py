"""Numbers: `number`, `currency`, `percent`, `rating`. Exact decimals, never floats.

A value is stored as it was given or refused: too many decimals are not rounded away, text that is
no number is not zero, and there is no "not a number" and no infinity.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import ClassVar

from engine.locale import say
from engine.model.declarations import Field
from engine.model.fields.base import BadValue, FieldType, Storage, StorageKind, Value
from engine.model.fields.texts import describe

MAX_DIGITS = 18
# Exponents stay small, so that `1e999999999` costs nothing; digits are counted later.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\Z", re.ASCII)
_LONGEST = 60  # characters of a written number
_EXACT = Context(prec=200)

_MIN_MAX: Mapping[str, Mapping[str, object]] = {
    "min": {"type": "number", "description": "Smallest value."},
    "max": {"type": "number", "description": "Largest value."},
}


def decimals_key(usual: int) -> dict[str, object]:
    """Give the JSON Schema of `decimals`, with the usual value in its description."""
    return {
        "type": "integer",
        "minimum": 0,
        "maximum": 10,
        "description": f"Places after the point ({usual}).",
    }


def read_number(value: object) -> Decimal:
    """Read a number from JSON or text, exactly.

    Raises: BadValue R120.
    """
    if isinstance(value, bool):
        raise _no_number(value)
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int):
        if abs(value) >= 10**_LONGEST:
            raise _too_large()
        return Decimal(value)
    if isinstance(value, float) and math.isfinite(value):
        return Decimal(repr(value))
    if isinstance(value, str) and len(value) <= _LONGEST and _NUMBER.match(value.strip()):
        return Decimal(value.strip())
    raise _no_number(value)


def fit_decimals(number: Decimal, decimals: int) -> Decimal:
    """Give the number with exactly so many places after the point.

    Raises: BadValue R121 (it has more), R122 (more than 18 digits).
    """
    if number.adjusted() >= MAX_DIGITS - decimals and number != 0:
        raise _too_large()
    if number.adjusted() < -_LONGEST and number != 0:
        raise _too_many_decimals(number, decimals)
    fitted = number.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    if fitted != number:
        raise _too_many_decimals(number, decimals)
    return fitted or abs(fitted)  # there is no minus zero


def _no_number(value: object) -> BadValue:
    hint = say("write digits with a point for decimals, like 1234.50")
    return BadValue("R120", say("{value} is no number.", value=describe(value)), hint)


def _too_large() -> BadValue:
    return BadValue(
        "R122", say("The number has more than {most} digits, decimals included.", most=MAX_DIGITS)
    )


def _too_many_decimals(number: Decimal, decimals: int) -> BadValue:
    shown = f"{number:f}" if number.adjusted() > -MAX_DIGITS else str(number)
    message = say("{number} has decimals, and this field takes none.", number=shown)
    if decimals:
        message = say(
            "{number} has more decimals than the {most} that fit.", number=shown, most=decimals
        )
    return BadValue("R121", message, say("round it"))


class Number(FieldType):
    """A number with a fixed count of decimals."""

    name = "number"
    summary = "A number; whole unless `decimals` says otherwise."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {"decimals": decimals_key(0), **_MIN_MAX}
    defaults: ClassVar[Mapping[str, object]] = {"decimals": 0}

    def storage(self, field: Field) -> Storage:
        """Keep as an exact decimal."""
        return Storage(StorageKind.DECIMAL, decimals=self.decimals(field))

    def parse(self, field: Field, value: object) -> Value:
        """Read a number that fits decimals, digits, `min` and `max`.

        Raises: BadValue R120 to R124.
        """
        number = fit_decimals(read_number(value), self.decimals(field))
        least, most = field.options.get("min"), field.options.get("max")
        if isinstance(least, Decimal) and number < least:
            raise BadValue(
                "R123",
                say(
                    "{number} is less than {least}, the smallest value allowed.",
                    number=f"{number:f}",
                    least=self.shown(least),
                ),
            )
        if isinstance(most, Decimal) and number > most:
            raise BadValue(
                "R124",
                say(
                    "{number} is more than {most}, the largest value allowed.",
                    number=f"{number:f}",
                    most=self.shown(most),
                ),
            )
        return number

    def decimals(self, field: Field) -> int:
        """Give the places after the point."""
        declared = field.options.get("decimals")
        return declared if isinstance(declared, int) else self.defaults["decimals"]  # type: ignore[return-value]  # the schema allows integers only

    @staticmethod
    def shown(limit: Decimal) -> str:
        """Write a limit in a message."""
        return f"{limit:f}"


class Currency(Number):
    """An amount of money."""

    name = "currency"
    summary = "An amount of money, exact to its last decimal."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {"decimals": decimals_key(2), **_MIN_MAX}
    defaults: ClassVar[Mapping[str, object]] = {"decimals": 2}


class Percent(Number):
    """A fraction that screens show in percent: 0.18 is shown as 18 %."""

    name = "percent"
    summary = "A fraction, shown in percent: 0.18 is 18 %."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {"decimals": decimals_key(4), **_MIN_MAX}
    defaults: ClassVar[Mapping[str, object]] = {"decimals": 4}

    @staticmethod
    def shown(limit: Decimal) -> str:
        """Write a limit as the fraction and as people know it."""
        return f"{limit:f} ({(limit * 100).normalize():f} %)"


class Rating(Number):
    """Stars: a whole number from 1 to `max`."""

    name = "rating"
    summary = "Stars: a whole number from 1 to `max`."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "max": {
            "type": "integer",
            "minimum": 2,
            "maximum": 10,
            "description": "Most stars (5).",
        }
    }
    defaults: ClassVar[Mapping[str, object]] = {"decimals": 0, "min": 1, "max": 5}


class Version(Number):
    """How often a record was saved; only the platform declares such a field."""

    name = "version"
    summary = "How often the record was saved, counted by Patron."
    is_editable = False

    def storage(self, field: Field) -> Storage:
        """Keep as a plain integer."""
        return Storage(StorageKind.INTEGER)

    def parse(self, field: Field, value: object) -> Value:
        """Read a whole number.

        Raises: BadValue R120 to R122.
        """
        return int(fit_decimals(read_number(value), 0))
