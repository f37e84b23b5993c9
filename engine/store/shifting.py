"""Moves records through time: every date and instant of theirs by a number of days, at once.

For sample data that must not age. Nobody changed the records, so their versions stay and their
history says nothing new; it moves along. Not a way to save: it knows no rights and no rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from engine.compiled import CompiledField, Snapshot
from engine.model.fields.base import Storage, StorageKind
from engine.names import ObjectName
from engine.store.columns import codec
from engine.store.instants import milliseconds
from engine.store.reading import id_params, id_values, padded
from engine.store.statements import compile_statement
from engine.store.tables import DELETED_AT, table_of
from engine.store.text import native
from engine.store.tx import Tx

CHUNK = 256  # records a statement
MS_A_DAY = 86_400_000
# What is told of records elsewhere, and moves with them.
_TOLD = (
    "UPDATE patron_history SET at = at + ? WHERE record IN",
    "UPDATE patron_moment SET due_at = due_at + ? WHERE state = 'waiting' AND record IN",
    (
        "UPDATE patron_clock SET started_at = started_at + ?, resumed_at = resumed_at + ?,"
        " due_at = due_at + ?, breached_at = breached_at + ?, ended_at = ended_at + ?"
        " WHERE record IN"
    ),
)
_BEGAN = (
    ("patron_history", "at"),
    ("patron_clock", "started_at"),
    ("patron_clock", "resumed_at"),
)
_MOVED = {StorageKind.DATE, StorageKind.DATETIME}


def live_versions(tx: Tx, snapshot: Snapshot, name: ObjectName) -> dict[int, int]:
    """Give the version of every record that is not in the bin, by id."""
    table = _table(tx, snapshot, name)
    clause = sa.select(table.c["id"], table.c["version"]).where(table.c[DELETED_AT].is_(None))
    statement = compile_statement(clause, tx.dialect)
    return dict(tx.rows(statement.text, statement.args({})))


def shift(tx: Tx, snapshot: Snapshot, name: ObjectName, ids: Sequence[int], *, days: int) -> None:
    """Move records of an object by whole days, with their history, their clocks and their moments.

    Formulas are not computed again, nor when clocks are due. Cost: four statements per 256 records.
    """
    table = _table(tx, snapshot, name)
    fields = snapshot.model.objects[name].fields.values()
    values = {
        table.c[field.name]: _later(table.c[field.name], _kind(field), tx.dialect, days)
        for field in fields
        if field.is_stored and _kind(field) in _MOVED
    }
    for start in range(0, len(ids), CHUNK):
        some = padded(ids[start : start + CHUNK])
        clause = sa.update(table).values(values).where(table.c["id"].in_(id_params(len(some))))
        statement = compile_statement(clause, tx.dialect)
        tx.run(
            statement.text,
            statement.args(id_values(some)),
        )
        marks = ", ".join("?" * len(some))
        for told in _TOLD:
            count = told.count("+ ?")
            sql = native(tx, f"{told} ({marks})")
            tx.run(sql, (*[days * MS_A_DAY] * count, *some))


def draw_to(
    tx: Tx,
    snapshot: Snapshot,
    name: ObjectName,
    ids: Sequence[int],
    *,
    since: datetime,
    at: datetime,
) -> None:
    """Say of what happened to records since an instant that it happened at another one.

    That they were made and changed, their history, and the beginning of their clocks. Cost: six
    statements per 256 records.
    """
    table = _table(tx, snapshot, name)
    encode = codec(Storage(StorageKind.DATETIME), tx.dialect).encode
    first, now = (encode(one) if encode else one for one in (since, at))
    begun, drawn = milliseconds(since), milliseconds(at)
    for start in range(0, len(ids), CHUNK):
        some = padded(ids[start : start + CHUNK])
        marks = ", ".join("?" * len(some))
        for column in ("created_at", "updated_at"):
            place = f'"{table.name}" SET {column} = ? WHERE {column} >= ? AND id IN ({marks})'
            tx.run(native(tx, f"UPDATE {place}"), (now, first, *some))
        for table_and_column in _BEGAN:
            told, column = table_and_column
            place = f"{told} SET {column} = ? WHERE {column} >= ? AND record IN ({marks})"
            tx.run(native(tx, f"UPDATE {place}"), (drawn, begun, *some))


def _later(
    column: sa.Column[object], kind: StorageKind, dialect: str, days: int
) -> sa.ColumnElement[object]:
    if dialect == "postgresql":
        return column.op("+")(sa.literal_column(f"make_interval(days => {days})")).cast(column.type)
    if kind is StorageKind.DATE:
        return sa.func.date(column, sa.literal_column(f"'{days:+d} days'"))
    return column.op("+")(sa.literal_column(str(days * MS_A_DAY)))


def _kind(field: CompiledField) -> StorageKind:
    return field.type.storage(field.decl).kind


def _table(tx: Tx, snapshot: Snapshot, name: ObjectName) -> sa.Table:
    return table_of(snapshot.model.objects[name], snapshot.physical[name], tx.dialect)
