"""Constants as examples, tests and steps write them, read by the type of the field they are for.

Separate from what people save (`engine.records.coerce`): here a computed field takes constants too,
because somebody says what they expect to see there. Asked when a configuration is checked and when
its tests run, so both say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from engine.expr.types import Kind, expr_type
from engine.model.declarations import Field
from engine.model.fields.base import Value
from engine.model.fields.registry import TYPES

ANY = "$any"
ANY_RECORD = 1  # the id that an example's `$any` stands for
# The field type that reads constants for a computed field, by what it computes.
_READ_AS = {
    Kind.TEXT: "text",
    Kind.NUMBER: "number",
    Kind.CHECKBOX: "checkbox",
    Kind.DATE: "date",
    Kind.DATETIME: "datetime",
    Kind.TIME: "time",
    Kind.PICKLIST: "text",
    Kind.LOOKUP: "lookup",
}


def formula_of(value: object) -> str | None:
    """Give the expression of a `{formula: …}` value, None for a constant."""
    if isinstance(value, Mapping) and set(value) == {"formula"}:
        return str(value["formula"])
    return None


def parse_constant(declared: Field, value: object) -> Value:
    """Read one constant by the type of its field. Raises: BadValue."""
    if value is None or value == "":
        return None
    if value == ANY and declared.targets:
        return ANY_RECORD
    readable = _readable(declared)
    return TYPES[readable.type].parse(readable, value)


def _readable(declared: Field) -> Field:
    """Give the declaration that reads constants of a field: its own, or its result's."""
    if declared.type in {"formula", "roll_up"} or not TYPES[declared.type].is_editable:
        found = expr_type(declared)
        name = _READ_AS.get(found.kind, "json")
        options = {**TYPES[name].defaults, "decimals": found.decimals or 0}
        return replace(declared, type=name, options=MappingProxyType(options))
    return declared
