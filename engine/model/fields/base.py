"""What a field type is: one small stateless object per type, and the registry of them.

A field type knows how a value is read, shown and kept; it knows no SQL, no HTTP and no record.
One file per family in this package; a new type is one class and its entry in `TYPES`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from engine.model.declarations import Field

# A value in memory. Blank is None; empty text is blank. Numbers, currency and percent are Decimal,
# lookups and versions int, datetimes aware and in UTC (milliseconds), multi-picklists tuples of
# names.
Value = (
    str
    | Decimal
    | int
    | bool
    | date
    | datetime
    | time
    | tuple[str, ...]
    | Mapping[str, object]
    | None
)


class StorageKind(StrEnum):
    """Logical column types; the store maps each to SQLite and PostgreSQL."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"  # exact: scaled integer on SQLite, NUMERIC on PostgreSQL
    BOOLEAN = "boolean"
    DATE = "date"  # SQLite: text YYYY-MM-DD
    DATETIME = "datetime"  # SQLite: integer milliseconds since 1970 UTC; PostgreSQL timestamptz
    TIME = "time"  # SQLite: text HH:MM:SS
    LIST = "list"  # names of a multi-picklist as text ";a;b;"
    JSON = "json"  # canonical JSON text on both


@dataclass(frozen=True, slots=True)
class Storage:
    """How one field is kept: the logical type and, for decimals, the places after the point."""

    kind: StorageKind
    decimals: int = 0
    length: int | None = None


class BadValue(ValueError):
    """A value that this field cannot take: a code of `errors.CODES`, a sentence, what to do."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class FieldType(ABC):
    """Behaviour of one field type. Stateless; every method gets the field's declaration."""

    name: ClassVar[str]
    # Keys of the YAML that only this type takes, each with its JSON Schema.
    keys: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    # Which of those must be given, and what the others are when they are left out.
    required_keys: ClassVar[frozenset[str]] = frozenset()
    defaults: ClassVar[Mapping[str, object]] = {}
    # Rules between keys, as JSON Schema: `oneOf`, and in `x-says` what a message says.
    rules: ClassVar[tuple[Mapping[str, object], ...]] = ()
    # Common keys that make no sense for this type (a formula is never "required").
    refused_keys: ClassVar[frozenset[str]] = frozenset()
    summary: ClassVar[str] = ""  # one plain sentence for the reference and the designer
    is_stored: ClassVar[bool] = True  # has a column of its own
    is_editable: ClassVar[bool] = True  # people and the API may set it

    @abstractmethod
    def storage(self, field: Field) -> Storage:
        """Say how values are kept."""

    @abstractmethod
    def parse(self, field: Field, value: object) -> Value:
        """Read a value from JSON or typed text and normalise it.

        Never called with None or "" (the caller makes them blank).
        Raises: BadValue, with a code R1xx.
        """

    def show(self, field: Field, value: Value) -> object:
        """Give the JSON form of a value: Decimals, dates and datetimes stay themselves."""
        return list(value) if isinstance(value, tuple) else value
