"""The physical map: which table and which column hold an object's and a field's values.

A column is named once, at birth, and never renamed or dropped with its field: it is retired, and
readers of the version before still find it. Platform objects have tables of their own, made by the
upgrades.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.compiled import PhysicalObject
from engine.model.fields.base import Storage, StorageKind
from engine.model.platform import PLATFORM_OBJECTS
from engine.names import FieldName, ObjectName
from engine.store.text import native
from engine.store.tx import Tx

LIVE, RETIRED = "live", "retired"
# Tables of platform objects stand apart from those of configurations, whose names are free.
PLATFORM_TABLES: Mapping[ObjectName, str] = MappingProxyType(
    {ObjectName(name): f"patron_{name}" for name in PLATFORM_OBJECTS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One table (`field` and `column` empty) or one column, and what it is for.

    `storage` is how values lie in it, as `storage_text` writes it.
    """

    table: str
    column: str
    object: ObjectName
    field: FieldName
    storage: str
    status: str
    born: int
    retired: int | None = None


def load_places(tx: Tx) -> list[Place]:
    """Give every place, live and retired; tables before their columns."""
    rows = tx.rows(
        "SELECT table_name, column_name, object, field, storage, status, born, retired"
        " FROM patron_physical ORDER BY table_name, column_name"
    )
    names = ("table", "column", "object", "field", "storage", "status", "born", "retired")
    return [Place(**dict(zip(names, row, strict=True))) for row in rows]


def load_physical(tx: Tx) -> Mapping[ObjectName, PhysicalObject]:
    """Give where the live objects and fields lie, platform objects included. One statement."""
    return physical_map(load_places(tx))


def physical_map(places: Iterable[Place]) -> Mapping[ObjectName, PhysicalObject]:
    """Arrange live places by object."""
    tables = dict(PLATFORM_TABLES)
    columns: dict[ObjectName, dict[FieldName, str]] = {name: {} for name in tables}
    for place in places:
        if place.status != LIVE:
            continue
        if place.column:
            columns.setdefault(place.object, {})[place.field] = place.column
        else:
            tables[place.object] = place.table
    return MappingProxyType(
        {name: _physical(table, columns.get(name, {})) for name, table in tables.items()}
    )


def record_places(tx: Tx, places: Iterable[Place]) -> None:
    """Write down new places, in the transaction that makes them."""
    rows = [
        (p.table, p.column, p.object, p.field, p.storage, p.status, p.born, p.retired)
        for p in places
    ]
    sql = native(
        tx,
        "INSERT INTO patron_physical (table_name, column_name, object, field, storage, status,"
        " born, retired) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    if rows:
        tx.many(sql, rows)


def retire_place(tx: Tx, place: Place, version: int) -> None:
    """Hide a column or a table from `version` on; its values stay."""
    _set_status(tx, place, RETIRED, version)


def restore_place(tx: Tx, place: Place) -> None:
    """Bring a retired column or table back, with its values."""
    _set_status(tx, place, LIVE, None)


def relabel_place(tx: Tx, place: Place, field: FieldName) -> None:
    """Give a column to the same field under its new name."""
    sql = "UPDATE patron_physical SET field = ? WHERE table_name = ? AND column_name = ?"
    tx.run(native(tx, sql), (field, place.table, place.column))


def storage_text(storage: Storage) -> str:
    """Write a storage down: "text", "decimal:2". Lengths are the engine's business, no column's."""
    if storage.kind is StorageKind.DECIMAL:
        return f"{storage.kind}:{storage.decimals}"
    return str(storage.kind)


def _set_status(tx: Tx, place: Place, status: str, version: int | None) -> None:
    sql = (
        "UPDATE patron_physical SET status = ?, retired = ? WHERE table_name = ?"
        " AND column_name = ?"
    )
    tx.run(native(tx, sql), (status, version, place.table, place.column))


def _physical(table: str, columns: Mapping[FieldName, str]) -> PhysicalObject:
    ordered = dict(sorted(columns.items()))
    text = f"{table}\n" + "".join(f"{field} {column}\n" for field, column in ordered.items())
    return PhysicalObject(
        table=table,
        columns=MappingProxyType(ordered),
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )
