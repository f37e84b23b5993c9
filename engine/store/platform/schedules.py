"""When workflows start by the clock: moments of records, and the next time of regular ones.

Whoever takes a row keeps others from it until its transaction ends, and changes it there: two
workers at once never start the same twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A workflow that runs on a record at an instant."""

    workflow: str
    record: int
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """A workflow with a schedule. `digest`: the revision that it was planned for.

    `cursor`: with dates of records, where planning them goes on, "" for the first; None: all are.
    """

    workflow: str
    digest: str
    due: datetime
    cursor: str | None = None


_PLAN = """
INSERT INTO patron_moment (workflow, record, due_at, state) VALUES (?, ?, ?, 'waiting')
ON CONFLICT (workflow, record) DO UPDATE SET due_at = excluded.due_at, state = 'waiting'
"""
_KEEP = """
INSERT INTO patron_moment (workflow, record, due_at, state) VALUES (?, ?, ?, 'waiting')
ON CONFLICT (workflow, record) DO NOTHING
"""
_DROP = "DELETE FROM patron_moment WHERE workflow = ? AND record = ?"
_DUE = """
SELECT workflow, record, due_at FROM patron_moment WHERE state = 'waiting' AND due_at <= ?
ORDER BY due_at, record LIMIT ?
"""
_ANY = """
SELECT 1 FROM patron_moment WHERE state = 'waiting' AND due_at <= ?
UNION ALL SELECT 1 FROM patron_run WHERE state = 'waiting' AND due_at <= ? LIMIT 1
"""
_DONE = "UPDATE patron_moment SET state = 'done' WHERE workflow = ? AND record = ?"
_SCHEDULES = "SELECT workflow, digest, due_at, cursor FROM patron_schedule"
_PUT = """
INSERT INTO patron_schedule (workflow, digest, due_at, cursor) VALUES (?, ?, ?, ?)
ON CONFLICT (workflow) DO UPDATE SET digest = excluded.digest, due_at = excluded.due_at,
    cursor = excluded.cursor
"""


def plan_moments(tx: Tx, moments: Sequence[Moment], *, anew: bool = True) -> None:
    """Plan moments; with `anew` in place of what was planned or is over, else only new ones."""
    rows = [(one.workflow, one.record, milliseconds(one.due)) for one in moments]
    if rows:
        tx.many(native(tx, _PLAN if anew else _KEEP), rows)


def drop_moments(tx: Tx, pairs: Sequence[tuple[str, int]]) -> None:
    """Forget moments, by workflow and record."""
    if pairs:
        tx.many(native(tx, _DROP), pairs)


def take_moments(tx: Tx, *, at: datetime, limit: int = 200) -> list[Moment]:
    """Take moments that have come; each is taken once."""
    lock = " FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    rows = tx.rows(native(tx, _DUE + lock), (milliseconds(at), limit))
    if rows:
        tx.many(native(tx, _DONE), [(row[0], row[1]) for row in rows])
    return [Moment(workflow=row[0], record=row[1], due=instant_of(row[2])) for row in rows]


def is_due(tx: Tx, *, at: datetime) -> bool:
    """Tell whether a moment has come or a run has waited long enough."""
    now = milliseconds(at)
    return tx.row(native(tx, _ANY), (now, now)) is not None


def list_schedules(tx: Tx) -> dict[str, ScheduleRow]:
    """Give the schedules that are known, by workflow."""
    return {row[0]: _read(row) for row in tx.rows(_SCHEDULES)}


def take_schedule(tx: Tx, workflow: str) -> ScheduleRow | None:
    """Take a schedule; None when it is not there or another worker has it."""
    lock = " FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    row = tx.row(native(tx, f"{_SCHEDULES} WHERE workflow = ?{lock}"), (workflow,))
    return None if row is None else _read(row)


def put_schedule(tx: Tx, row: ScheduleRow) -> None:
    """Write a schedule, new or changed."""
    tx.run(native(tx, _PUT), (row.workflow, row.digest, milliseconds(row.due), row.cursor))


def drop_schedules(tx: Tx, workflows: Sequence[str]) -> None:
    """Forget schedules of workflows that are not there any more."""
    rows = [(workflow,) for workflow in workflows]
    if rows:
        tx.many(native(tx, "DELETE FROM patron_schedule WHERE workflow = ?"), rows)
        tx.many(native(tx, "DELETE FROM patron_moment WHERE workflow = ?"), rows)


def _read(row: tuple[object, ...]) -> ScheduleRow:
    return ScheduleRow(
        workflow=str(row[0]),
        digest=str(row[1]),
        due=instant_of(int(str(row[2]))),
        cursor=None if row[3] is None else str(row[3]),
    )
