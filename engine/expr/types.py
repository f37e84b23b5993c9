"""Types of expressions: what a value is, and how an admin would call it.

Separate from field types: many field types are one kind of value (text, e-mail and phone are all
text), and an expression yields values that no field declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from engine.model.declarations import Field, PicklistValue
from engine.model.fields.base import StorageKind
from engine.model.fields.registry import TYPES
from engine.names import ObjectName

NO_VALUES: Mapping[str, PicklistValue] = MappingProxyType({})


class Kind(StrEnum):
    """What a value is; operators and functions are chosen by it."""

    TEXT = "text"
    NUMBER = "number"
    CHECKBOX = "checkbox"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    PICKLIST = "picklist"
    MULTI_PICKLIST = "multi_picklist"
    LOOKUP = "lookup"
    LOCATION = "location"
    JSON = "json"
    NULL = "null"


_WORDS: Mapping[Kind, str] = {
    Kind.TEXT: "a text",
    Kind.NUMBER: "a number",
    Kind.CHECKBOX: "a checkbox",
    Kind.DATE: "a date",
    Kind.DATETIME: "a date with time",
    Kind.TIME: "a time",
    Kind.PICKLIST: "a picklist",
    Kind.MULTI_PICKLIST: "a multi-picklist",
    Kind.LOOKUP: "a lookup",
    Kind.LOCATION: "a location",
    Kind.JSON: "a JSON value",
    Kind.NULL: "blank",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExprType:
    """The type of an expression or of a field.

    `decimals`: places after the point that a number is kept with; None when nothing fixes them.
    `flavour` (number, currency, percent) serves messages only. `targets`: objects a lookup points
    at. `values`: the values of a picklist, empty when they are not known.
    """

    kind: Kind
    decimals: int | None = None
    flavour: str = ""
    targets: tuple[ObjectName, ...] = ()
    values: Mapping[str, PicklistValue] = field(default_factory=lambda: NO_VALUES)

    def __str__(self) -> str:
        if self.kind is Kind.NUMBER and self.flavour:
            return f"a {self.flavour}"
        return _WORDS[self.kind]


TEXT = ExprType(kind=Kind.TEXT)
NUMBER = ExprType(kind=Kind.NUMBER)
CHECKBOX = ExprType(kind=Kind.CHECKBOX)
DATE = ExprType(kind=Kind.DATE)
DATETIME = ExprType(kind=Kind.DATETIME)
TIME = ExprType(kind=Kind.TIME)
LOOKUP = ExprType(kind=Kind.LOOKUP)
LOCATION = ExprType(kind=Kind.LOCATION)
JSON = ExprType(kind=Kind.JSON)
NULL = ExprType(kind=Kind.NULL)

_BY_FIELD: Mapping[str, Kind] = {
    "checkbox": Kind.CHECKBOX,
    "date": Kind.DATE,
    "datetime": Kind.DATETIME,
    "time": Kind.TIME,
    "picklist": Kind.PICKLIST,
    "multi_picklist": Kind.MULTI_PICKLIST,
    "lookup": Kind.LOOKUP,
    "master_detail": Kind.LOOKUP,
    "id": Kind.LOOKUP,
    "location": Kind.LOCATION,
    "address": Kind.JSON,
    "json": Kind.JSON,
}
_BY_STORAGE: Mapping[StorageKind, Kind] = {
    StorageKind.TEXT: Kind.TEXT,
    StorageKind.INTEGER: Kind.NUMBER,
    StorageKind.DECIMAL: Kind.NUMBER,
    StorageKind.BOOLEAN: Kind.CHECKBOX,
    StorageKind.DATE: Kind.DATE,
    StorageKind.DATETIME: Kind.DATETIME,
    StorageKind.TIME: Kind.TIME,
    StorageKind.LIST: Kind.MULTI_PICKLIST,
    StorageKind.JSON: Kind.JSON,
}
_FLAVOURS = frozenset({"number", "currency", "percent"})


def expr_type(declared: Field) -> ExprType:
    """Give the type that a field has in expressions; computed fields have that of their result."""
    storage = TYPES[declared.type].storage(declared)
    kind = _BY_FIELD.get(declared.type, _BY_STORAGE[storage.kind])
    if kind is Kind.NUMBER:
        named = str(declared.option("returns", declared.type))
        flavour = named if named in _FLAVOURS else ""
        return ExprType(kind=kind, decimals=storage.decimals, flavour=flavour)
    if kind is Kind.LOOKUP:
        return ExprType(kind=kind, targets=declared.targets)
    return ExprType(kind=kind, values=declared.values) if declared.values else ExprType(kind=kind)


def common(types: Sequence[ExprType]) -> ExprType | None:
    """Give the one type that values of these types have together, or None. Blank fits any."""
    typed = [found for found in types if found.kind is not Kind.NULL]
    if not typed:
        return NULL
    first = typed[0]
    if all(other == first for other in typed):
        return first
    found = {other.kind for other in typed}
    if len(found) == 1:
        return ExprType(kind=first.kind)
    return TEXT if found == {Kind.TEXT, Kind.PICKLIST} else None


class Typed(Protocol):
    """Whatever has a type: a node of the tree, as functions see it."""

    @property
    def type(self) -> ExprType:
        """The type of its value."""


class Scope(Protocol):
    """What names mean where an expression stands: fields of one object, and what is declared."""

    def resolve(self, path: tuple[str, ...]) -> ExprType | None:
        """Give the type at the end of a path, or None for an unknown name.

        Names that begin with `$` are asked too, as written: `("$account",)`, `("$env", "ERP_URL")`.
        """

    def names(self, prefix: tuple[str, ...]) -> Iterable[str]:
        """Give what may follow a prefix; asked for hints and completion only."""

    def elsewhere(self, object: str, field: str) -> ExprType | None:
        """Give the type of a kept field of any object; None where there is no such field.

        Formulas are not kept, so VLOOKUP cannot read them.
        """

    def knows(self, kind: str, name: str) -> bool:
        """Tell whether a `permission`, `role`, `env` value or `object` of this name is declared."""
