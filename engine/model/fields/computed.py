"""Fields that Patron fills: `formula`, `roll_up`, `auto_number`. Nobody types into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from engine.locale import say
from engine.model.declarations import Field
from engine.model.fields.base import BadValue, FieldType, Storage, StorageKind, Value
from engine.model.fields.numbers import decimals_key
from engine.model.fields.texts import MAX_LENGTH

# What a formula may return, and how such a value is kept when the formula is stored.
RETURNS: Mapping[str, StorageKind] = {
    "text": StorageKind.TEXT,
    "number": StorageKind.DECIMAL,
    "currency": StorageKind.DECIMAL,
    "percent": StorageKind.DECIMAL,
    "checkbox": StorageKind.BOOLEAN,
    "date": StorageKind.DATE,
    "datetime": StorageKind.DATETIME,
    "time": StorageKind.TIME,
}
USUAL_DECIMALS: Mapping[str, int] = {"number": 0, "currency": 2, "percent": 4}
MEASURES = ("count", "sum", "min", "max", "avg")
ROLL_UP_DECIMALS = 4  # of an average, and until `engine.compile` has looked at the summed field


def result_storage(returns: str, decimals: object) -> Storage:
    """Say how a computed value of this type is kept."""
    kind = RETURNS[returns]
    if kind is StorageKind.TEXT:
        return Storage(kind, length=MAX_LENGTH)
    places = decimals if isinstance(decimals, int) else USUAL_DECIMALS.get(returns, 0)
    return Storage(kind, decimals=places if kind is StorageKind.DECIMAL else 0)


class _Computed(FieldType):
    """What all computed fields share: no value is taken from outside."""

    is_editable = False
    refused_keys = frozenset(
        {
            "required",
            "required_if",
            "unique",
            "external_id",
            "default",
            "encrypted",
            "read_only_after_create",
            "depends_on",
        }
    )

    def parse(self, field: Field, value: object) -> Value:
        """Refuse: the value is computed.

        Raises: BadValue R103.
        """
        raise BadValue(
            "R103", say("Patron computes this field; it cannot be set."), say("leave it out")
        )


class Formula(_Computed):
    """A value computed from other fields."""

    name = "formula"
    summary = "A value computed from other fields."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "returns": {"enum": list(RETURNS), "description": "The type of the result."},
        "formula": {"$ref": "#/$defs/expression", "description": "How it is computed."},
        "decimals": {
            **decimals_key(0),
            "description": "Places after the point (as usual for the returned type).",
        },
        "blank": {
            "enum": ["blank", "zero"],
            "description": "`zero` reads blank numbers as 0 (blank).",
        },
    }
    required_keys = frozenset({"returns", "formula"})
    is_stored = False  # `engine.compile` stores those that read only their own record

    def storage(self, field: Field) -> Storage:
        """Keep as the returned type is kept."""
        return result_storage(str(field.options["returns"]), field.options.get("decimals"))


class RollUp(_Computed):
    """A count or a sum over the records that point at this one."""

    name = "roll_up"
    summary = "A count, sum, smallest, largest or average over related records."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "from": {"$ref": "#/$defs/name", "description": "The object whose records are counted."},
        "via": {"$ref": "#/$defs/name", "description": "Its lookup that points at this object."},
        "measure": {"enum": list(MEASURES), "description": "What is computed."},
        "of": {"$ref": "#/$defs/name", "description": "The field that is summed (not for count)."},
        "where": {
            "$ref": "#/$defs/expression",
            "description": "Only records for which this holds.",
        },
    }
    required_keys = frozenset({"from", "via", "measure"})
    rules = (
        {
            "oneOf": [{"properties": {"measure": {"const": "count"}}}, {"required": ["of"]}],
            "x-says": 'needs "of", the field it is taken of; only a count has none',
        },
    )

    def storage(self, field: Field) -> Storage:
        """Keep a count as a whole number, anything else as the field it is taken of.

        `returns` and `decimals` are set by `engine.compile`, which knows that field.
        """
        if field.options.get("measure") == "count":
            return Storage(StorageKind.DECIMAL)
        returns = str(field.options.get("returns", "number"))
        return result_storage(returns, field.options.get("decimals", ROLL_UP_DECIMALS))


class AutoNumber(_Computed):
    """A running number in a format, given once when the record is created."""

    name = "auto_number"
    summary = "A running number like OPP-0042, given by Patron."
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "format": {
            "type": "string",
            "pattern": r"^[^{}\u0000-\u001f]{0,40}\{0{1,12}\}[^{}\u0000-\u001f]{0,40}$",
            "description": 'Text around the number, whose zeros stand in braces: "OPP-{0000}".',
        }
    }
    defaults: ClassVar[Mapping[str, object]] = {"format": "{0000}"}
    refused_keys = _Computed.refused_keys - {"unique", "external_id"}

    def storage(self, field: Field) -> Storage:
        """Keep the written number as text."""
        return Storage(StorageKind.TEXT)


def write_auto_number(format: str, number: int) -> str:
    """Write a running number: `write_auto_number("OPP-{0000}", 42)` is "OPP-0042"."""
    before, _, rest = format.partition("{")
    zeros, _, after = rest.partition("}")
    return f"{before}{number:0{len(zeros)}d}{after}"
