"""Clocks of deadlines as rows: what has been used of the time, and when it runs out.

A clock that stands still has neither a beginning of its present stretch nor a moment at which it is
due. Separate from `engine.saving.deadlines`, which decides when they start, stand still and stop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.names import ComponentKey, Digest, ObjectName
from engine.store.instants import instant_of, milliseconds
from engine.store.jsontext import from_json, to_json
from engine.store.text import native
from engine.store.tx import Row, Tx

RUNNING, PAUSED, MET, MISSED = "running", "paused", "met", "missed"
IN_BIN, CANCELLED = "in_bin", "cancelled"
Parts = Mapping[ComponentKey, Digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One clock of one record. `used`: working time that had passed when this stretch began.

    `resumed_at`: the beginning of this stretch, and `due_at` when time runs out; None while it
    stands still. `breached_at`: when it ran out. `run`: the run of what followed.
    """

    id: int = 0
    sla: str
    object: ObjectName
    record: int
    parts: Parts
    version: int
    actor: int
    state: str
    started_at: datetime
    resumed_at: datetime | None
    used: timedelta
    due_at: datetime | None
    breached_at: datetime | None = None
    ended_at: datetime | None = None
    run: int | None = None


_COLUMNS = (
    "sla, object, record, parts, version, actor, state, started_at, resumed_at, used, due_at,"
    " breached_at, ended_at, run"
)
_START = (
    f"INSERT INTO patron_clock ({_COLUMNS}) VALUES ({', '.join('?' * 14)})"
    " ON CONFLICT (record, sla) WHERE ended_at IS NULL DO NOTHING"
)
_KEEP = (
    "UPDATE patron_clock SET state = ?, resumed_at = ?, used = ?, due_at = ?, breached_at = ?,"
    " ended_at = ? WHERE id = ?"
)
_OPEN = (
    f"SELECT id, {_COLUMNS} FROM patron_clock WHERE ended_at IS NULL AND record IN ({{marks}})"
    " ORDER BY id{lock}"
)
_OF_RECORD = f"SELECT id, {_COLUMNS} FROM patron_clock WHERE record = ? ORDER BY id DESC LIMIT ?"
_MISSED = "ended_at IS NULL AND breached_at IS NULL"
_DUE = (
    f"SELECT id, object, record FROM patron_clock WHERE {_MISSED} AND due_at <= ?"
    " ORDER BY due_at, id LIMIT ?"
)
_TAKE = f"SELECT id, {_COLUMNS} FROM patron_clock WHERE id = ? AND {_MISSED} AND due_at <= ?"
_REVISIONS = "SELECT DISTINCT sla, parts FROM patron_clock WHERE object = ? AND ended_at IS NULL"


def start(tx: Tx, clocks: Sequence[Clock]) -> None:
    """Write new clocks: one statement. A record has one open clock of each SLA at most."""
    if clocks:
        tx.many(native(tx, _START), [_written(clock) for clock in clocks])


def keep(tx: Tx, clocks: Sequence[Clock]) -> None:
    """Write what became of clocks: one statement."""
    rows = [
        (
            *(clock.state, _number(clock.resumed_at), _length(clock.used), _number(clock.due_at)),
            *(_number(clock.breached_at), _number(clock.ended_at), clock.id),
        )
        for clock in clocks
    ]
    if rows:
        tx.many(native(tx, _KEEP), rows)


def load_open(tx: Tx, records: Collection[int]) -> list[Clock]:
    """Give the clocks of records that are not over, and keep others from them."""
    lock = " FOR UPDATE" if tx.dialect == "postgresql" else ""
    sql = _OPEN.format(marks=", ".join("?" * len(records)), lock=lock)
    return [_read(row) for row in tx.rows(native(tx, sql), sorted(records))]


def of_record(tx: Tx, record: int, *, limit: int = 50) -> list[Clock]:
    """Give the clocks of a record, the newest first."""
    return [_read(row) for row in tx.rows(native(tx, _OF_RECORD), (record, limit))]


def due(tx: Tx, *, at: datetime, limit: int = 100) -> list[tuple[int, ObjectName, int]]:
    """Give clocks that have run out and nobody has noticed, the earliest first: id and record."""
    rows = tx.rows(native(tx, _DUE), (milliseconds(at), limit))
    return [(int(row[0]), ObjectName(row[1]), int(row[2])) for row in rows]


def take_due(tx: Tx, clock: int, *, at: datetime) -> Clock | None:
    """Give a clock and keep others from it, if it has still run out and nobody has noticed."""
    lock = " FOR UPDATE" if tx.dialect == "postgresql" else ""
    row = tx.row(native(tx, _TAKE + lock), (clock, milliseconds(at)))
    return None if row is None else _read(row)


def note_run(tx: Tx, clock: int, run: int) -> None:
    """Note the run that a miss began."""
    tx.run(native(tx, "UPDATE patron_clock SET run = ? WHERE id = ?"), (run, clock))


def open_revisions(tx: Tx, object: ObjectName) -> list[tuple[str, Parts]]:
    """Give the SLAs and revisions by which clocks of an object run."""
    rows = tx.rows(native(tx, _REVISIONS), (object,))
    return [(str(row[0]), _parts(row[1])) for row in rows]


def _written(clock: Clock) -> tuple[object, ...]:
    return (
        *(clock.sla, clock.object, clock.record, to_json(clock.parts), clock.version, clock.actor),
        *(clock.state, milliseconds(clock.started_at), _number(clock.resumed_at)),
        *(_length(clock.used), _number(clock.due_at), _number(clock.breached_at)),
        *(_number(clock.ended_at), clock.run),
    )


def _read(row: Row) -> Clock:
    return Clock(
        id=int(row[0]),
        sla=str(row[1]),
        object=ObjectName(row[2]),
        record=int(row[3]),
        parts=_parts(row[4]),
        version=int(row[5]),
        actor=int(row[6]),
        state=str(row[7]),
        started_at=instant_of(row[8]),
        resumed_at=_instant(row[9]),
        used=timedelta(milliseconds=int(row[10])),
        due_at=_instant(row[11]),
        breached_at=_instant(row[12]),
        ended_at=_instant(row[13]),
        run=None if row[14] is None else int(row[14]),
    )


def _parts(text: str) -> Parts:
    found = from_json(text)
    return {ComponentKey(key): Digest(digest) for key, digest in found.items()}  # type: ignore[attr-defined]  # as `start` wrote it


def _number(instant: datetime | None) -> int | None:
    return None if instant is None else milliseconds(instant)


def _instant(number: int | None) -> datetime | None:
    return None if number is None else instant_of(number)


def _length(used: timedelta) -> int:
    return used // timedelta(milliseconds=1)
