"""Runs of workflows as rows: what they do, where they are, what they wait for, what each step did.

A run that waits is a row with a place in its program; any process goes on with it. Separate from
`engine.saving.runs.running`, which carries them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.names import ComponentKey, Digest, ObjectName
from engine.store.instants import instant_of, milliseconds
from engine.store.jsontext import from_json, to_json
from engine.store.text import native
from engine.store.tx import Row, Tx

Data = Mapping[str, object]
STATES = ("waiting", "done", "failed", "cancelled")
IDS = ObjectName("patron_run")  # under this name runs take their ids, beside those of records


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run. `memory` holds what a place alone does not say: the loops it is in.

    `waits_for`: "time", "condition", "approval:7", or "" for a run that does not wait. `parts`: the
    revisions of the components it runs by. `helper`: who worked as `actor`, if anybody did.
    """

    id: int
    component: ComponentKey
    pointer: str
    parts: Mapping[ComponentKey, Digest]
    version: int
    object: ObjectName
    record: int
    cause: str
    actor: int
    state: str
    at: int = 0
    memory: Data = field(default_factory=dict)
    waits_for: str = ""
    due_at: datetime | None = None
    started_at: datetime
    ended_at: datetime | None = None
    input: Data = field(default_factory=dict)
    code: str = ""
    error: str = ""
    helper: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step that a run took: `object` and `record` say on which record it worked."""

    run: int
    number: int
    step: str
    action: str
    object: ObjectName
    record: int
    state: str  # done | failed | undone
    moment: datetime
    input: Data = field(default_factory=dict)
    output: Data = field(default_factory=dict)
    error: str = ""


_COLUMNS = (
    "id, component, pointer, parts, version, object, record, cause, actor, state, at, memory,"
    " waits_for, due_at, started_at, ended_at, input, code, error, helper"
)
_INSERT = f"INSERT INTO patron_run ({_COLUMNS}) VALUES ({', '.join('?' * 20)})"
_UPDATE = (
    "UPDATE patron_run SET state = ?, at = ?, memory = ?, waits_for = ?, due_at = ?, ended_at = ?,"
    " code = ?, error = ? WHERE id = ?"
)
_STEP = f"INSERT INTO patron_run_step VALUES ({', '.join('?' * 11)})"
_DUE = (
    f"SELECT {_COLUMNS} FROM patron_run WHERE state = 'waiting' AND due_at <= ?"
    " ORDER BY due_at, id LIMIT ?"
)
_OVER = (
    "SELECT id FROM patron_run WHERE state IN ('done', 'cancelled') AND ended_at < ?"
    " ORDER BY id LIMIT ?"
)
_TAKE = f"SELECT {_COLUMNS} FROM patron_run WHERE id = ?"
_WAKE = "UPDATE patron_run SET due_at = ? WHERE state = 'waiting' AND waits_for = ?"
_FIND = f"SELECT {_COLUMNS} FROM patron_run"
_STEPS = "SELECT * FROM patron_run_step WHERE run = ? ORDER BY number LIMIT ? OFFSET ?"


def add(tx: Tx, runs: Sequence[RunRow]) -> None:
    """Write new runs: one statement."""
    if runs:
        tx.many(native(tx, _INSERT), [_written(run) for run in runs])


def keep(tx: Tx, run: RunRow) -> None:
    """Write where a run is now."""
    now = (run.state, run.at, to_json(run.memory), run.waits_for, _instant(run.due_at))
    row = (*now, _instant(run.ended_at), run.code, run.error, run.id)
    tx.run(native(tx, _UPDATE), row)


def add_steps(tx: Tx, steps: Sequence[StepRow]) -> None:
    """Write steps that were taken: one statement."""
    rows = [
        (
            *(step.run, step.number, step.step, step.action, step.object, step.record, step.state),
            *(milliseconds(step.moment), to_json(step.input), to_json(step.output), step.error),
        )
        for step in steps
    ]
    if rows:
        tx.many(native(tx, _STEP), rows)


def take_due(tx: Tx, *, at: datetime, limit: int = 200) -> list[RunRow]:
    """Give runs that have waited long enough, and keep other workers from them until the end.

    Runs that another worker holds are passed by.
    """
    lock = " FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    return [_read(row) for row in tx.rows(native(tx, _DUE + lock), (milliseconds(at), limit))]


def take(tx: Tx, run: int) -> RunRow | None:
    """Give a run and keep others from it until the transaction ends; None when it is not there.

    A run that another transaction holds is waited for: look at its state again.
    """
    lock = " FOR UPDATE" if tx.dialect == "postgresql" else ""
    row = tx.row(native(tx, _TAKE + lock), (run,))
    return None if row is None else _read(row)


def find(tx: Tx, run: int) -> RunRow | None:
    """Give a run, or None."""
    row = tx.row(native(tx, _TAKE), (run,))
    return None if row is None else _read(row)


def wake(tx: Tx, waits_for: str, *, at: datetime, record: int | None = None) -> int:
    """Make what waits for something due; give how many. `record`: of that record alone."""
    if record is None:
        return tx.run(native(tx, _WAKE), (milliseconds(at), waits_for))
    return wake_records(tx, waits_for, at=at, records=[record])


def wake_records(tx: Tx, waits_for: str, *, at: datetime, records: Sequence[int]) -> int:
    """Do the same for what waits for something of these records: one statement."""
    sql = native(tx, f"{_WAKE} AND record = ?")
    return tx.many(sql, [(milliseconds(at), waits_for, record) for record in records])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which runs somebody asks for; blank parts leave it open. `before`: the last one seen."""

    record: int | None = None
    state: str = ""
    component: str = ""
    before: int | None = None
    objects: tuple[ObjectName, ...] | None = None


def list_runs(tx: Tx, wanted: Wanted, *, limit: int = 50) -> list[RunRow]:
    """Give runs, the newest first."""
    if wanted.objects == ():
        return []
    where, params = _conditions(wanted)
    sql = f"{_FIND} WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"
    return [_read(row) for row in tx.rows(native(tx, sql), (*params, limit))]


def steps_of(tx: Tx, run: int, *, limit: int = 500, offset: int = 0) -> list[StepRow]:
    """Give the steps of a run, in order."""
    rows = tx.rows(native(tx, _STEPS), (run, limit, offset))
    return [
        StepRow(
            run=row[0],
            number=row[1],
            step=row[2],
            action=row[3],
            object=ObjectName(row[4]),
            record=row[5],
            state=row[6],
            moment=instant_of(row[7]),
            input=from_json(row[8]),  # type: ignore[arg-type]  # as `add_steps` wrote it
            output=from_json(row[9]),  # type: ignore[arg-type]  # the same
            error=row[10],
        )
        for row in rows
    ]


def sweep(tx: Tx, *, before: datetime, limit: int = 5000) -> int:
    """Forget runs that ended long ago, with their steps; give how many. Failed ones are kept."""
    rows = tx.rows(native(tx, _OVER), (milliseconds(before), limit))
    if rows:
        tx.many(native(tx, "DELETE FROM patron_run_step WHERE run = ?"), rows)
        tx.many(native(tx, "DELETE FROM patron_run WHERE id = ?"), rows)
    return len(rows)


def _conditions(wanted: Wanted) -> tuple[list[str], list[object]]:
    asked: list[tuple[str, object]] = [
        ("record = ?", wanted.record),
        ("state = ?", wanted.state or None),
        ("component = ?", wanted.component or None),
        ("id < ?", wanted.before),
    ]
    where = ["1 = 1", *(text for text, value in asked if value is not None)]
    params = [value for _, value in asked if value is not None]
    if wanted.objects is not None:
        where.append(f"object IN ({', '.join('?' * len(wanted.objects))})")
        params += wanted.objects
    return where, params


def _instant(moment: datetime | None) -> int | None:
    return None if moment is None else milliseconds(moment)


def _written(run: RunRow) -> tuple[object, ...]:
    return (
        *(run.id, run.component, run.pointer, to_json(run.parts), run.version, run.object),
        *(run.record, run.cause, run.actor, run.state, run.at, to_json(run.memory)),
        *(run.waits_for, _instant(run.due_at), milliseconds(run.started_at)),
        *(_instant(run.ended_at), to_json(run.input), run.code, run.error, run.helper),
    )


def _read(row: Row) -> RunRow:
    return RunRow(
        id=row[0],
        component=ComponentKey(row[1]),
        pointer=row[2],
        parts=from_json(row[3]),  # type: ignore[arg-type]  # as `add` wrote it
        version=row[4],
        object=ObjectName(row[5]),
        record=row[6],
        cause=row[7],
        actor=row[8],
        state=row[9],
        at=row[10],
        memory=from_json(row[11]),  # type: ignore[arg-type]  # the same
        waits_for=row[12],
        due_at=None if row[13] is None else instant_of(row[13]),
        started_at=instant_of(row[14]),
        ended_at=None if row[15] is None else instant_of(row[15]),
        input=from_json(row[16]),  # type: ignore[arg-type]  # the same
        code=row[17],
        error=row[18],
        helper=row[19],
    )
