"""Runs started, moved on and ended: workflows, and the steps of approvals and deadlines.

A run goes on until it ends or waits; meanwhile it is a row, so another process can go on with it.
What it did since the last commit stands under one savepoint: a step that fails undoes it all, the
run is kept as failed, and the record that started it stays.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from engine.access import Everything
from engine.automation import advance
from engine.compiled import CompiledObject
from engine.errors import AutomationFailed, PatronError
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import ComponentKey
from engine.programs import Instruction, Jump, JumpUnless, Program, SetFields
from engine.saving.acting import acting
from engine.saving.at_hand import at_hand
from engine.saving.deciding import memory_of
from engine.saving.explaining.tracing import Trace
from engine.saving.runs.progress import (
    DONE,
    FAILED,
    MOST_STEPS,
    RUNNING,
    WAITING,
    Progress,
    StepFailed,
)
from engine.saving.runs.reaching import EFFECTS
from engine.saving.runs.stepping import ON_RECORDS, At, failed
from engine.saving.unit import Unit
from engine.store.failures import Busy, ConnectionLost
from engine.store.platform import runs
from engine.store.platform.runs import RunRow, StepRow
from engine.store.reading import fetch_by_ids
from engine.store.tx import Tx

RunId = int
CARRIED_OUT = {**ON_RECORDS, **EFFECTS}
MOST_DEEP = 10
_LOG = logging.getLogger("patron.runs")
_ALL = Everything("a workflow works on it")


def start_program(
    unit: Unit,
    compiled: CompiledObject,
    record_id: int,
    *,
    component: ComponentKey,
    pointer: str,
    program: Program | None = None,
    cause: str = "",
) -> RunId:
    """Start the steps of a component on a record, and give the run; it is as far as it can be.

    Args: `program` is that of the model unless given; `cause` says why, its kind unless given.
    """
    chosen = program or unit.snapshot.model.programs[component, pointer]
    said = cause or component.partition(":")[0]
    (started,) = start_runs(unit, chosen, compiled, {record_id: None}, said)
    return started.row.id


def start_one(
    unit: Unit, program: Program, compiled: CompiledObject, record: int, cause: str
) -> None:
    """Start a program on a record: what units know as `Unit.start`."""
    start_runs(unit, program, compiled, {record: None}, cause)


def start_runs(
    unit: Unit,
    program: Program,
    compiled: CompiledObject,
    records: Mapping[int, Mapping[str, Value] | None],
    cause: str,
) -> list[Progress]:
    """Start a program on records of one object, in as few statements as on one.

    Args: `records` by id, with their values where they are at hand. Each run is carried out until
    it ends, waits or fails.
    """
    unit = acting(unit)
    ids = unit.take_ids(runs.IDS, len(records))
    found = [
        _begun(unit, program, compiled, run, record, values, cause)
        for run, (record, values) in zip(ids, records.items(), strict=True)
    ]
    move_on(unit, found)
    return found


def enqueue(
    unit: Unit, program: Program, compiled: CompiledObject, records: Sequence[int], cause: str
) -> None:
    """Write runs down that begin when the worker comes to them: one statement for all."""
    unit = acting(unit)
    ids = unit.take_ids(runs.IDS, len(records))
    begun = (
        _begun(unit, program, compiled, run, record, None, cause).row
        for run, record in zip(ids, records, strict=True)
    )
    waiting = {"state": WAITING, "waits_for": "time", "due_at": unit.now}
    runs.add(unit.tx, [replace(row, **waiting) for row in begun])  # type: ignore[arg-type]  # its fields


def _begun(
    unit: Unit,
    program: Program,
    compiled: CompiledObject,
    run: RunId,
    record: int,
    values: Mapping[str, Value] | None,
    cause: str,
) -> Progress:
    met = memory_of(unit).of(record)
    prior, is_new = (None, False) if met is None else (met.found, met.found is None)
    row = RunRow(
        id=run,
        component=program.component,
        pointer=program.pointer,
        parts=program.parts,
        version=unit.snapshot.version,
        object=compiled.name,
        record=record,
        cause=cause,
        actor=unit.me,
        helper=unit.helper_id,
        state=RUNNING,
        started_at=unit.now,
    )
    context = replace(unit.caller.context, prior=prior, is_new=is_new)
    return Progress(row=row, program=program, context=context, values=values)


def move_on(unit: Unit, found: Sequence[Progress]) -> None:
    """Carry runs out until each ends, waits or has failed, and write down what they did.

    All at once under one savepoint; if one fails, each again under a savepoint of its own.
    """
    unit = replace(unit, cause=str(found[0].row.component))
    try:
        with _deeper(unit), unit.tx.savepoint():
            _carry_out(unit, found)
            _write(unit, found)
    except Exception as wrong:  # noqa: BLE001  # whatever it is, the record that started it stays
        _ensure_lasting(wrong)
        if len(found) > 1:
            for progress in found:
                progress.restart()
                progress.values = None
                move_on(unit, [progress])
        else:
            fail(unit, found[0], wrong)


def _ensure_lasting(wrong: Exception) -> None:
    """Let go what passes by itself, also out of a step: a run does not fail for it.

    The whole transaction is undone, and done again by the person or the worker that began it.
    Raises: Busy S102; ConnectionLost S103.
    """
    error = wrong.error if isinstance(wrong, StepFailed) else wrong
    if isinstance(error, Busy | ConnectionLost):
        raise error


@contextmanager
def _deeper(unit: Unit) -> Iterator[None]:
    """Count how deep workflows have started each other. Raises: AutomationFailed W112."""
    memory = memory_of(unit)
    if memory.depth >= MOST_DEEP:
        message = say(
            "Workflows started each other {most} deep; that was given up.", most=MOST_DEEP
        )
        raise AutomationFailed(message, code="W112")
    memory.depth += 1
    try:
        yield
    finally:
        memory.depth -= 1


def _carry_out(unit: Unit, found: Sequence[Progress]) -> None:
    active = list(found)
    while active:
        _load(unit, active)
        groups: dict[int, list[At]] = {}
        for progress in active:
            place, doing = advance(
                progress.program.instructions,
                progress.at,
                progress.compiled(unit),
                progress.values or {},
                progress.context,
            )
            if doing is None:
                progress.at, progress.state = place, DONE
            else:
                progress.at = place
                groups.setdefault(place, []).append((progress, doing))
        for place in sorted(groups):
            _step(unit, groups[place])
        active = [progress for progress in active if progress.state == RUNNING]


def _step(unit: Unit, group: Sequence[At]) -> None:
    """Carry out one step for all runs that stand at it. Raises: StepFailed."""
    for progress, doing in group:
        progress.count += 1
        if progress.count > MOST_STEPS:
            message = say(
                "The run has taken {most:group} steps; that was given up.", most=MOST_STEPS
            )
            raise failed(progress, doing, AutomationFailed(message, code="W111"))
    CARRIED_OUT[type(group[0][1])](unit, group)


def _load(unit: Unit, active: Iterable[Progress]) -> None:
    """Read what the programs read of the records they look at: one statement for each object."""
    wanted: dict[tuple[str, frozenset[str], bool], list[Progress]] = {}
    for progress in active:
        reads = progress.program.reads.get(progress.name, frozenset())
        is_over = progress.at >= len(progress.program.instructions)
        known = progress.values
        if not is_over and (known is None or not reads <= known.keys()):
            is_bin = progress.row.cause == "deleted" and not progress.loops
            wanted.setdefault((progress.name, reads, is_bin), []).append(progress)
    for (_, reads, is_bin), group in wanted.items():
        _load_group(unit, group, reads, is_bin=is_bin)


def _load_group(
    unit: Unit, group: Sequence[Progress], reads: frozenset[str], *, is_bin: bool
) -> None:
    compiled = group[0].compiled(unit)
    stored = tuple(str(field.name) for field in compiled.fields.values() if field.is_stored)
    paths = (*stored, *sorted(reads))
    plan = unit.plans(
        ("run", compiled.name, paths, is_bin),
        lambda: unit.planner.load_paths(compiled, paths, policy=_ALL, is_bin=is_bin),
    )
    ids = {progress.record for progress in group}
    rows = {} if is_bin else at_hand(unit, compiled, ids, paths)
    found = fetch_by_ids(
        unit.tx, unit.snapshot, plan, unit.caller, sorted(ids - rows.keys()), for_update=not is_bin
    )  # kept: what is computed of it is still true when it is written
    rows |= {record: row for record, (row, _) in found.items()}
    for progress in group:
        if progress.record not in rows:
            message = say("The record is not there any more.")
            error = AutomationFailed(message, code="W113")
            raise StepFailed(progress.row.id, "", "", error)
        progress.values = rows[progress.record]


# --- what is kept ---------------------------------------------------------------------------------


def _write(unit: Unit, found: Sequence[Progress]) -> None:
    """Write runs and their steps: two statements for all."""
    runs.add(unit.tx, [_row(unit, p) for p in found if p.is_new])
    for progress in found:
        if not progress.is_new:
            runs.keep(unit.tx, _row(unit, progress))
        progress.is_new = False
    if unit.trace is not None:
        _tell(unit.trace, found)
    runs.add_steps(unit.tx, [step for progress in found for step in progress.steps])
    for progress in found:
        progress.steps = []


def _tell(trace: Trace, found: Sequence[Progress]) -> None:
    """Tell who asks why which steps a run took."""
    for progress in found:
        steps = [
            {
                "step": s.step,
                "action": s.action,
                "state": s.state,
                "object": s.object,
                "record": s.record,
                "input": s.input,
            }
            for s in progress.steps
        ]
        trace.note_steps(progress.row.record, str(progress.row.component), steps)


def _row(unit: Unit, progress: Progress, **more: object) -> RunRow:
    is_over = progress.state in {DONE, FAILED}
    kept = replace(
        progress.row,
        state=progress.state,
        at=progress.at,
        memory=progress.memory(),
        waits_for=progress.waits_for,
        due_at=progress.due_at,
        ended_at=unit.now if is_over else None,
        input=progress.row.input or _input(progress),
        code="",
        error="",
    )
    return replace(kept, **more)  # type: ignore[arg-type]  # fields of a row


def _input(progress: Progress) -> dict[str, object]:
    """Give what the steps read of the record, as the run found it."""
    reads = progress.program.reads.get(progress.row.object, frozenset())
    values = progress.values if not progress.loops else None
    return {path: values.get(path) for path in sorted(reads)} if values else {}


def fail(unit: Unit, progress: Progress, wrong: Exception) -> None:
    """Keep a run as failed: what it did since the last commit is undone, and said to be."""
    undone = [replace(step, state="undone") for step in progress.steps]
    code, reason = _said(wrong)
    if isinstance(wrong, StepFailed) and wrong.step:
        undone.append(_failing_step(unit, progress, wrong, reason))
    count = max([progress.count, *(step.number for step in undone)])
    progress.restart()
    progress.count, progress.state = count, FAILED
    row = _row(unit, progress, code=code, error=reason)
    if progress.is_new:
        runs.add(unit.tx, [row])
    else:
        runs.keep(unit.tx, row)
    progress.is_new = False
    runs.add_steps(unit.tx, undone)


def _failing_step(unit: Unit, progress: Progress, wrong: StepFailed, reason: str) -> StepRow:
    return StepRow(
        run=progress.row.id,
        number=progress.count,
        step=wrong.step,
        action=wrong.action,
        object=progress.name,
        record=progress.record,
        state="failed",
        moment=unit.now,
        error=reason,
    )


def _said(wrong: Exception) -> tuple[str, str]:
    """Give the code and the reason that are kept of a failure."""
    if isinstance(wrong, StepFailed):
        return wrong.error.code, wrong.reason
    if isinstance(wrong, PatronError):
        return wrong.code, wrong.message
    _LOG.error("a run failed unexpectedly", exc_info=wrong)
    return "P100", say("An internal error: the details are in the server's log.")


def is_ready(program: Program) -> bool:
    """Tell whether every step of a program can be carried out."""
    return all(map(_is_known, program.instructions))


def _is_known(instruction: Instruction) -> bool:
    own = isinstance(instruction, SetFields | Jump | JumpUnless)
    return own or type(instruction) in CARRIED_OUT


def wake(tx: Tx, waits_for: str, *, at: datetime) -> int:
    """Make the runs due that wait for something, `approval:7`; give how many."""
    return runs.wake(tx, waits_for, at=at)
