"""The physical map: which table and which column hold an object's and a field's values.

A column is named once, at birth, and never renamed or dropped with its field: it is retired, and
readers of the version before still find it. Platform objects have tables of their own, made by the
upgrades.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from engine.compiled import Mirror, PhysicalObject
from engine.model.converting import read_conversion
from engine.model.fields.base import Storage, StorageKind
from engine.model.platform import PLATFORM_OBJECTS
from engine.names import FieldName, ObjectName
from engine.store.text import native
from engine.store.tx import Tx

LIVE, RETIRED = "live", "retired"
# Built for a deployment that has not switched yet; left by one that was given up.
BUILDING, ABANDONED = "building", "abandoned"
# Tables of platform objects stand apart from those of configurations, whose names are free.
PLATFORM_TABLES: Mapping[ObjectName, str] = MappingProxyType(
    {ObjectName(name): f"patron_{name}" for name in PLATFORM_OBJECTS}
)


class Place(NamedTuple):
    """One table (`field` and `column` empty) or one column, and what it is for.

    `storage` is how values lie in it, as `storage_text` writes it. `mirror` is the conversion, as
    JSON, by which every save writes another generation of a field here too; "" is none. A row as
    the driver gives it: every deployment reads all of them, and there are as many as fields.
    """

    table: str
    column: str
    object: ObjectName
    field: FieldName
    storage: str
    status: str
    born: int
    retired: int | None = None
    mirror: str = ""


def load_places(tx: Tx) -> list[Place]:
    """Give every place, live and retired; tables before their columns."""
    rows = tx.rows(
        "SELECT table_name, column_name, object, field, storage, status, born, retired, mirror"
        " FROM patron_physical ORDER BY table_name, column_name"
    )
    return list(map(Place._make, rows))


def load_physical(tx: Tx) -> Mapping[ObjectName, PhysicalObject]:
    """Give where the live objects and fields lie, platform objects included. Two statements."""
    return physical_map(load_places(tx), load_unindexed(tx))


def physical_map(
    places: Iterable[Place], unindexed: Iterable[Unindexed] = ()
) -> Mapping[ObjectName, PhysicalObject]:
    """Arrange live places by object, with the columns that mirror their fields."""
    tables = dict(PLATFORM_TABLES)
    columns: dict[ObjectName, dict[FieldName, str]] = {name: {} for name in tables}
    mirrors: dict[str, list[Place]] = {}
    for place in places:
        if place.mirror and place.status in {BUILDING, RETIRED}:
            mirrors.setdefault(place.table, []).append(place)
        elif place.status == LIVE and place.column:
            columns.setdefault(place.object, {})[place.field] = place.column
        elif place.status == LIVE:
            tables[place.object] = place.table
    pending: dict[ObjectName, list[tuple[FieldName, ...]]] = {}
    for one in unindexed:
        pending.setdefault(one.object, []).append(one.fields)
    return MappingProxyType(
        {
            name: _physical(
                table,
                columns.get(name, {}),
                mirrors.get(table, ()),
                tuple(pending.get(name, ())),
            )
            for name, table in tables.items()
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unindexed:
    """Fields that must be unique together while their index, of that name, is not built yet."""

    name: str
    table: str
    object: ObjectName
    fields: tuple[FieldName, ...]


def load_unindexed(tx: Tx) -> list[Unindexed]:
    """Give what the engine keeps unique by itself for now."""
    rows = tx.rows("SELECT name, table_name, object, fields FROM patron_unindexed ORDER BY name")
    return [
        Unindexed(name=name, table=table, object=owner, fields=tuple(json.loads(fields)))
        for name, table, owner, fields in rows
    ]


def note_unindexed(tx: Tx, pending: Unindexed) -> None:
    """Let the engine keep fields unique until their index is there."""
    forget_unindexed(tx, pending.name)
    sql = "INSERT INTO patron_unindexed (name, table_name, object, fields) VALUES (?, ?, ?, ?)"
    row = (pending.name, pending.table, pending.object, json.dumps(pending.fields))
    tx.run(native(tx, sql), row)


def forget_unindexed(tx: Tx, name: str) -> int:
    """Leave uniqueness to the index again; give how many were forgotten."""
    return tx.run(native(tx, "DELETE FROM patron_unindexed WHERE name = ?"), (name,))


def record_places(tx: Tx, places: Iterable[Place]) -> None:
    """Write down new places, in the transaction that makes them."""
    rows = [
        (p.table, p.column, p.object, p.field, p.storage, p.status, p.born, p.retired, p.mirror)
        for p in places
    ]
    sql = native(
        tx,
        "INSERT INTO patron_physical (table_name, column_name, object, field, storage, status,"
        " born, retired, mirror) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    if rows:
        tx.many(sql, rows)


def retire_place(tx: Tx, place: Place, version: int) -> None:
    """Hide a column or a table from `version` on; its values stay, no mirror follows them."""
    set_place(tx, place, status=RETIRED, retired=version)
    if place.column:
        sql = "UPDATE patron_physical SET mirror = '' WHERE table_name = ? AND field = ?"
        tx.run(native(tx, sql), (place.table, place.field))


def restore_place(tx: Tx, place: Place) -> None:
    """Bring a retired column or table back, with its values; or the one just built into use."""
    set_place(tx, place, status=LIVE, retired=None)


def set_place(
    tx: Tx, place: Place, *, status: str, retired: int | None, mirror: str | None = None
) -> None:
    """Say what a table or column is from now on; `mirror` None leaves that as it is."""
    sql = (
        "UPDATE patron_physical SET status = ?, retired = ?, mirror = ? WHERE table_name = ?"
        " AND column_name = ?"
    )
    kept = place.mirror if mirror is None else mirror
    tx.run(native(tx, sql), (status, retired, kept, place.table, place.column))


def abandon_places(tx: Tx, *, besides: int | None = None) -> int:
    """Set aside what was built for deployments that are given up; give how many places.

    `besides`: the version that a deployment is just becoming; what it built stays.
    """
    sql = (
        "UPDATE patron_physical SET status = ?, retired = born, mirror = ''"
        " WHERE status = ? AND born <> ?"
    )
    return tx.run(native(tx, sql), (ABANDONED, BUILDING, besides or 0))


def forget_place(tx: Tx, place: Place) -> None:
    """Forget a table or column that is gone."""
    sql = "DELETE FROM patron_physical WHERE table_name = ? AND column_name = ?"
    tx.run(native(tx, sql), (place.table, place.column))


def relabel_place(tx: Tx, place: Place, field: FieldName) -> None:
    """Give a column, and those that mirror it, to the same field under its new name."""
    sql = (
        "UPDATE patron_physical SET field = ? WHERE table_name = ?"
        " AND (column_name = ? OR (field = ? AND mirror <> ''))"
    )
    tx.run(native(tx, sql), (field, place.table, place.column, place.field))


def storage_text(storage: Storage) -> str:
    """Write a storage down: "text", "decimal:2". Lengths are the engine's business, no column's."""
    if storage.kind is StorageKind.DECIMAL:
        return f"{storage.kind}:{storage.decimals}"
    return str(storage.kind)


def _physical(
    table: str,
    columns: Mapping[FieldName, str],
    mirrored: Sequence[Place] = (),
    unindexed: tuple[tuple[FieldName, ...], ...] = (),
) -> PhysicalObject:
    ordered = dict(sorted(columns.items()))
    text = f"{table}\n" + "".join(f"{field} {column}\n" for field, column in ordered.items())
    text += "".join(f"{place.field} {place.column} {place.mirror}\n" for place in mirrored)
    text += "".join(f"{' '.join(fields)}\n" for fields in unindexed)
    return PhysicalObject(
        table=table,
        columns=MappingProxyType(ordered),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        mirrors=MappingProxyType(_mirrors(columns, mirrored)),
        unindexed=unindexed,
    )


def _mirrors(
    columns: Mapping[FieldName, str], mirrored: Sequence[Place]
) -> dict[FieldName, tuple[Mirror, ...]]:
    """Read the conversions of the columns that mirror a field that is there."""
    found: dict[FieldName, tuple[Mirror, ...]] = {}
    for place in mirrored:
        if place.field in columns:
            conversion = read_conversion(place.field, json.loads(place.mirror))
            mirror = Mirror(column=place.column, conversion=conversion)
            found[place.field] = (*found.get(place.field, ()), mirror)
    return found
