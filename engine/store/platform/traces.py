"""Traces as rows: why rules and workflows did what they did for a record, kept for some days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.jsontext import from_json, to_json
from engine.store.text import native
from engine.store.tx import Row, Tx

Entries = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """What was looked at for one record in one transaction. `took`: microseconds of all of it."""

    object: str
    record: int
    entries: Entries
    took: int
    id: int = 0
    at: datetime | None = None
    actor: int = 0
    version: int = 0
    outcome: str = ""
    request: str = ""


_PUT = """
INSERT INTO patron_trace (moment, actor, object, record, version, outcome, request, entries)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_FIND = (
    "SELECT id, moment, actor, object, record, version, outcome, request, entries FROM patron_trace"
)
_SWEEP = "DELETE FROM patron_trace WHERE moment < ?"


def put(
    tx: Tx,
    rows: Sequence[TraceRow],
    *,
    at: datetime,
    actor: int,
    version: int,
    outcome: str,
    request: str,
) -> None:
    """Keep traces: one statement. `outcome`: done, or the code of what refused the save."""
    now = milliseconds(at)
    given = [
        (
            *(now, actor, row.object, row.record, version, outcome, request),
            to_json({"took": row.took, "entries": row.entries}),
        )
        for row in rows
    ]
    if given:
        tx.many(native(tx, _PUT), given)


def of_record(tx: Tx, record: int, *, limit: int = 20) -> list[TraceRow]:
    """Give the traces of a record, the newest first."""
    sql = native(tx, f"{_FIND} WHERE record = ? ORDER BY id DESC LIMIT ?")
    return [_read(row) for row in tx.rows(sql, (record, limit))]


def of_request(tx: Tx, request: str, *, limit: int = 50) -> list[TraceRow]:
    """Give the traces that a request left, in order."""
    sql = native(tx, f"{_FIND} WHERE request = ? ORDER BY id LIMIT ?")
    return [_read(row) for row in tx.rows(sql, (request, limit))]


def newest(tx: Tx, *, limit: int = 50) -> list[TraceRow]:
    """Give the newest traces."""
    return [
        _read(row) for row in tx.rows(native(tx, f"{_FIND} ORDER BY id DESC LIMIT ?"), (limit,))
    ]


def sweep(tx: Tx, *, before: datetime) -> int:
    """Forget old traces; give how many."""
    return tx.run(native(tx, _SWEEP), (milliseconds(before),))


def _read(row: Row) -> TraceRow:
    kept = from_json(row[8])
    assert isinstance(kept, dict)  # as `put` wrote it
    return TraceRow(
        id=int(row[0]),
        at=instant_of(row[1]),
        actor=int(row[2]),
        object=str(row[3]),
        record=int(row[4]),
        version=int(row[5]),
        outcome=str(row[6]),
        request=str(row[7]),
        entries=kept["entries"],
        took=int(kept["took"]),
    )
