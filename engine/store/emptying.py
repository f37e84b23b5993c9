"""Records that have been in the bin long enough, gone for good with all that is kept about them.

Separate from the bin, which only marks: nothing brings these back. Whoever pointed at such a record
let go of it when it went into the bin, so no live record is concerned.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from engine.compiled import Snapshot
from engine.names import ObjectName
from engine.store.instants import milliseconds
from engine.store.statements import compile_statement
from engine.store.tables import DELETED_AT, table_of
from engine.store.text import native
from engine.store.tx import Tx

BATCH = 500
# What is kept about records beside them, with the column that names the record.
COMPANIONS = (
    "patron_history",
    "patron_share",
    "patron_run",
    "patron_run_step",
    "patron_moment",
    "patron_notification",
    "patron_clock",
    "patron_approval_request",
)
_REQUESTS = "SELECT id FROM patron_approval_request WHERE record IN ({})"
_OF_REQUESTS = ("patron_approval_asked", "patron_approval_link")


def empty_bin(tx: Tx, snapshot: Snapshot, name: ObjectName, *, before: datetime) -> int:
    """Remove records that went into the bin before an instant, at most 500; give how many."""
    compiled = snapshot.model.objects[name]
    table = table_of(compiled, snapshot.physical[name], tx.dialect)
    clause = (
        sa.select(table.c["id"])
        .where(table.c[DELETED_AT] < milliseconds(before))
        .order_by(table.c["id"])
        .limit(BATCH)
    )
    statement = compile_statement(clause, tx.dialect)
    ids = [int(number) for (number,) in tx.rows(statement.text, statement.args({}))]
    if ids:
        _remove_companions(tx, ids)
        gone = compile_statement(sa.delete(table).where(table.c["id"].in_(ids)), tx.dialect)
        tx.run(gone.text, gone.args({}))
    return len(ids)


def _remove_companions(tx: Tx, ids: list[int]) -> None:
    places = ", ".join("?" * len(ids))
    for table in _OF_REQUESTS:
        within = _REQUESTS.format(places)
        tx.run(native(tx, f"DELETE FROM {table} WHERE request IN ({within})"), ids)
    for table in COMPANIONS:
        tx.run(native(tx, f"DELETE FROM {table} WHERE record IN ({places})"), ids)


def forget_all(tx: Tx) -> None:
    """Remove what is kept about records beside them, of all records."""
    for table in (*_OF_REQUESTS, *COMPANIONS):
        tx.run(f"DELETE FROM {table}")
