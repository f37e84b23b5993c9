"""What tables, columns and indexes there are, as the physical map and the database say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.names import FieldName, ObjectName
from engine.store.platform.physical import BUILDING, LIVE, RETIRED, Place, load_places
from engine.store.tx import Tx

_INDEXES = {
    "sqlite": "SELECT name, tbl_name, 1 FROM sqlite_master WHERE type = 'index' AND sql <> ''",
    "postgresql": """
        SELECT i.relname, t.relname, x.indisvalid FROM pg_index x
        JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
        WHERE i.relnamespace = current_schema()::regnamespace AND NOT x.indisprimary
    """,
}


@dataclass(frozen=True)
class State:
    """The physical side of an environment. `indexes`: name -> (table, whether it is usable)."""

    places: tuple[Place, ...]
    indexes: Mapping[str, tuple[str, bool]]

    @cached_property
    def tables(self) -> Mapping[ObjectName, Place]:
        """The live table of each object."""
        return {p.object: p for p in self.places if not p.column and p.status == LIVE}

    @cached_property
    def columns(self) -> Mapping[str, Mapping[FieldName, Place]]:
        """Table -> the live column of each field."""
        found: dict[str, dict[FieldName, Place]] = {}
        for place in self.places:
            if place.column and place.status == LIVE:
                found.setdefault(place.table, {})[place.field] = place
        return found

    @cached_property
    def built(self) -> Mapping[str, tuple[Place, ...]]:
        """Table -> columns built for a deployment that has not switched yet."""
        found: dict[str, tuple[Place, ...]] = {}
        for place in self.places:
            if place.status == BUILDING:
                found[place.table] = (*found.get(place.table, ()), place)
        return found

    @cached_property
    def indexes_of(self) -> Mapping[str, frozenset[str]]:
        """Table -> names of its indexes."""
        found: dict[str, set[str]] = {}
        for name, (table, _) in self.indexes.items():
            found.setdefault(table, set()).add(name)
        return {table: frozenset(names) for table, names in found.items()}

    @cached_property
    def table_names(self) -> frozenset[str]:
        """Every table, live and retired."""
        return frozenset(place.table for place in self.places)

    @cached_property
    def _columns_of(self) -> Mapping[str, tuple[Place, ...]]:
        """Table -> its columns, live and retired."""
        found: dict[str, list[Place]] = {}
        for place in self.places:
            if place.column:
                found.setdefault(place.table, []).append(place)
        return {table: tuple(places) for table, places in found.items()}

    def columns_of(self, table: str) -> tuple[Place, ...]:
        """Give the columns of a table, live and retired."""
        return self._columns_of.get(table, ())

    def names_taken(self, table: str) -> frozenset[str]:
        """Give the columns that a table has, live and retired. Cost: O(columns of the table)."""
        return frozenset(place.column for place in self.columns_of(table))

    def retired_columns(self, table: str) -> Mapping[FieldName, Place]:
        """Give the column that each field of a table had last, if it was retired."""
        found = [p for p in self.columns_of(table) if p.status == RETIRED]
        return {p.field: p for p in sorted(found, key=lambda p: p.retired or 0)}


def load_state(tx: Tx) -> State:
    """Read what is there: two statements."""
    rows = tx.rows(_INDEXES[tx.dialect])
    indexes = {name: (table, bool(usable)) for name, table, usable in rows}
    return State(tuple(load_places(tx)), indexes)
