"""The steps: what each does to the database and to the physical map, and its words for people."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from engine.model.fields.base import Storage, StorageKind
from engine.names import FieldName, ObjectName
from engine.store.columns import sql_type
from engine.store.platform.physical import (
    Place,
    forget_unindexed,
    record_places,
    relabel_place,
    restore_place,
    retire_place,
)
from engine.store.statements import dialect_of
from engine.store.tx import Tx

# What every table of records has, in this order, before its own columns.
PLATFORM_COLUMNS: tuple[tuple[str, Storage], ...] = (
    ("id", Storage(StorageKind.INTEGER)),
    ("owner", Storage(StorageKind.INTEGER)),
    ("created_at", Storage(StorageKind.DATETIME)),
    ("created_by", Storage(StorageKind.INTEGER)),
    ("updated_at", Storage(StorageKind.DATETIME)),
    ("updated_by", Storage(StorageKind.INTEGER)),
    ("record_type", Storage(StorageKind.TEXT)),
    ("version", Storage(StorageKind.INTEGER)),
    ("deleted_at", Storage(StorageKind.INTEGER)),  # milliseconds since 1970 UTC
    ("deleted_by", Storage(StorageKind.INTEGER)),
    ("deleted_with", Storage(StorageKind.INTEGER)),
)


class DdlStep(ABC):
    """One change of tables, in the caller's transaction. Running it again fails: plan again."""

    is_instant = True  # takes milliseconds, however many rows there are

    @abstractmethod
    def run(self, tx: Tx, *, version: int) -> None:
        """Do it, and note it in the physical map as of `version`."""

    @abstractmethod
    def explain(self) -> str:
        """Say it in the words of a plan."""


@dataclass(frozen=True, slots=True)
class CreateTable(DdlStep):
    """A new, empty table with the platform's columns and those of the object's fields."""

    table: Place
    columns: tuple[tuple[Place, Storage], ...]

    def run(self, tx: Tx, *, version: int) -> None:
        """Create it."""
        own = [(place.column, storage) for place, storage in self.columns]
        lines = [_column(tx, name, storage) for name, storage in (*PLATFORM_COLUMNS, *own)]
        lines[0] += " PRIMARY KEY"
        # Room on each page lets an update stay on it, and its indexes untouched.
        tail = " WITH (fillfactor = 90)" if tx.dialect == "postgresql" else ""
        tx.run(f"CREATE TABLE {quoted(self.table.table)} ({', '.join(lines)}){tail}")
        places = (self.table, *(place for place, _ in self.columns))
        record_places(tx, [place._replace(born=version) for place in places])

    def explain(self) -> str:
        """Say it."""
        return f"create table {self.table.table}, {len(self.columns)} columns"


@dataclass(frozen=True, slots=True)
class AddColumn(DdlStep):
    """A new column, empty in every row."""

    place: Place
    storage: Storage

    def run(self, tx: Tx, *, version: int) -> None:
        """Add it."""
        column = _column(tx, self.place.column, self.storage)
        tx.run(f"ALTER TABLE {quoted(self.place.table)} ADD COLUMN {column}")
        record_places(tx, [self.place._replace(born=version)])

    def explain(self) -> str:
        """Say it."""
        return f"add column {self.place.table}.{self.place.column}"


@dataclass(frozen=True, slots=True)
class CreateIndex(DdlStep):
    """An index. `terms` are SQL, one per key; a unique one looks at live records only."""

    name: str
    table: str
    terms: tuple[str, ...]
    is_unique: bool = False
    where: str = ""
    is_instant: bool = False
    keeps: tuple[ObjectName, tuple[FieldName, ...]] | None = None  # unique: whose fields

    def run(self, tx: Tx, *, version: int) -> None:
        """Build it. Raises: UniqueViolated S101 when values that must be unique are not."""
        tx.run(self._sql(""))
        if self.is_unique and not self.is_instant:
            forget_unindexed(tx, self.name)

    def run_online(self, tx: Tx) -> None:
        """Build it beside the work, outside of any transaction: PostgreSQL only. Raises: S101."""
        tx.run(self._sql(" CONCURRENTLY"))

    def _sql(self, how: str) -> str:
        kind = "UNIQUE INDEX" if self.is_unique else "INDEX"
        where = f" WHERE {self.where}" if self.where else ""
        return (
            f"CREATE {kind}{how} {quoted(self.name)} ON {quoted(self.table)}"
            f" ({', '.join(self.terms)}){where}"
        )

    def explain(self) -> str:
        """Say it."""
        kind = "unique index" if self.is_unique else "index"
        return f"create {kind} on {self.table} ({', '.join(self.terms)})".replace('"', "")


@dataclass(frozen=True, slots=True)
class DropIndex(DdlStep):
    """An index that the model no longer asks for, or that an interrupted build left unusable."""

    name: str
    table: str

    def run(self, tx: Tx, *, version: int) -> None:
        """Drop it."""
        forget_unindexed(tx, self.name)
        tx.run(f"DROP INDEX {quoted(self.name)}")

    def explain(self) -> str:
        """Say it."""
        return f"drop index {self.name}"


@dataclass(frozen=True, slots=True)
class RetirePlace(DdlStep):
    """A field or object that the model no longer has: hidden, its values kept."""

    place: Place

    def run(self, tx: Tx, *, version: int) -> None:
        """Retire it."""
        retire_place(tx, self.place, version)

    def explain(self) -> str:
        """Say it."""
        return f"retire {_what(self.place)}: values kept"


@dataclass(frozen=True, slots=True)
class RestorePlace(DdlStep):
    """A retired field or object that came back, with its values."""

    place: Place

    def run(self, tx: Tx, *, version: int) -> None:
        """Restore it."""
        restore_place(tx, self.place)

    def explain(self) -> str:
        """Say it."""
        return f"restore {_what(self.place)} with its values"


@dataclass(frozen=True, slots=True)
class RenamePlace(DdlStep):
    """A field under a new name: its column stays, no value moves."""

    place: Place
    field: FieldName

    def run(self, tx: Tx, *, version: int) -> None:
        """Note the new name."""
        relabel_place(tx, self.place, self.field)

    def explain(self) -> str:
        """Say it."""
        return f"rename {_what(self.place)} to {self.field}: no data moved"


def quoted(name: str) -> str:
    """Write an identifier so that no word of SQL is in the way. Names hold no quotes."""
    return f'"{name}"'


def _column(tx: Tx, name: str, storage: Storage) -> str:
    kind = sql_type(storage, tx.dialect).compile(dialect=dialect_of(tx.dialect))
    return f"{quoted(name)} {kind}"


def _what(place: Place) -> str:
    return f"column {place.table}.{place.column}" if place.column else f"table {place.table}"
