"""Clocks of deadlines: when a save starts, pauses, resumes or stops one, and what a miss begins.

Separate from `engine.automation.hours`, which measures, and from the job that looks for clocks that
have run out. A save compares what the conditions say of the record before and after: where nothing
turned, no statement is made. A clock that runs keeps the revision of its SLA it began with.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.access import Everything
from engine.automation.hours import between, later
from engine.compiled import CompiledObject, Deadline
from engine.expr import EvalContext, ExprFailed
from engine.expr.watching import NOT_HELD, PAUSED, RESUMED, STARTED, STOPPED, UNCHANGED, Looked
from engine.model.fields.base import Value
from engine.names import ComponentKey
from engine.saving.acting import acting
from engine.saving.deadlines.pinned import Parts, pinned_model
from engine.saving.explaining.tracing import tell
from engine.saving.runs.running import start_program
from engine.saving.unit import SAMPLE, Unit
from engine.saving.written import Written
from engine.store.memo import Memo
from engine.store.platform import clocks
from engine.store.platform.clocks import CANCELLED, IN_BIN, MET, MISSED, RUNNING, Clock
from engine.store.platform.clocks import PAUSED as STANDS
from engine.store.reading import fetch_by_ids

BREACH = "/on_breach"
CHUNK = 500
_ALL = Everything("a deadline looks at it")
# Revisions by which clocks still run, beside the present one: they can only become fewer, because
# a new clock takes the present one. (head, object) -> deadlines.
_OLDER: Memo[tuple[str, str], tuple[Deadline, ...]] = Memo(1024)


@dataclass(frozen=True, slots=True)
class _Stand:
    """What the conditions of a deadline say of a record at one moment."""

    may_start: bool
    is_stopped: bool
    is_paused: bool


_NOWHERE = _Stand(may_start=False, is_stopped=False, is_paused=False)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What the conditions of a deadline say of a record now, and said of it before."""

    deadline: Deadline
    written: Written
    before: _Stand
    now: _Stand
    values: Mapping[str, Value]
    context: EvalContext

    @property
    def is_one(self) -> bool:
        """Tell whether they say something else than before."""
        return self.now != self.before or self.written.event == "restored"


def follow_clocks(unit: Unit, compiled: CompiledObject, written: Sequence[Written]) -> None:
    """Start, pause, resume and stop clocks. No statement where no condition turned."""
    present = unit.snapshot.model.deadlines.get(compiled.name, ())
    if not present:
        return
    if written[0].event == "deleted":
        _into_the_bin(unit, [one.id for one in written])
        return
    deadlines = (*present, *_older(unit, compiled, present))
    looked = _turns(unit, compiled, deadlines, written)
    turns = [turn for turn in looked if turn.is_one]
    outcomes = _follow(unit, compiled, present, turns) if turns else {}
    if unit.trace is not None:
        _tell(unit, compiled, [turn for turn in looked if turn.deadline in present], outcomes)


def _tell(
    unit: Unit,
    compiled: CompiledObject,
    looked: Sequence[_Turn],
    outcomes: Mapping[tuple[int, str], str],
) -> None:
    """Tell who asks why what became of each clock, upon the condition that decided."""
    for turn in looked:
        deadline, record = turn.deadline, turn.written.id
        conditions = {STOPPED: deadline.stop_if, PAUSED: deadline.pause_if}
        conditions[RESUMED] = deadline.pause_if
        still = NOT_HELD if turn.is_one else UNCHANGED
        outcome = outcomes.get((record, deadline.name), still)
        seen = Looked(
            kind="sla",
            name=deadline.name,
            outcome=outcome,
            condition=conditions.get(outcome, deadline.start_if),
            values=turn.values,
            context=turn.context,
        )
        tell(unit, compiled, record, seen)


def breach(unit: Unit, clock: Clock) -> None:
    """Note that a clock has run out, and begin what follows: once, in one transaction.

    The clock and its record are held by the caller.
    """
    compiled = unit.snapshot.model.objects.get(clock.object)
    deadline = deadline_of(unit, clock)
    if compiled is None or deadline is None:
        over = replace(clock, state=CANCELLED, ended_at=unit.now, due_at=None, resumed_at=None)
        clocks.keep(unit.tx, [over])
        return
    missed = _missed(unit, clock)
    clocks.keep(unit.tx, [missed])
    _begin(unit, compiled, deadline, missed)


def settle_clocks(unit: Unit, records: Collection[int]) -> None:
    """Say of the clocks of sample data where they stand today: what ran out is missed, quietly.

    For records that were loaded as of an earlier day, or moved to another one.
    """
    ids = sorted(records)
    for start in range(0, len(ids), CHUNK):
        found = clocks.load_open(unit.tx, ids[start : start + CHUNK])
        clocks.keep(unit.tx, [_settled(unit, one) for one in found if one.state == RUNNING])


def _settled(unit: Unit, clock: Clock) -> Clock:
    deadline = deadline_of(unit, clock)
    if deadline is None or clock.resumed_at is None or clock.breached_at is not None:
        return clock
    planned = _resumed(deadline, clock, clock.resumed_at)
    assert planned.due_at is not None  # it runs
    return _missed(unit, planned) if planned.due_at <= unit.now else planned


def deadline_of(unit: Unit, clock: Clock) -> Deadline | None:
    """Give the deadline of a clock as it was when it began.

    None when the SLA is not declared any more. One that no longer compiles, because what it names
    is gone, goes on as it is declared now.
    """
    model = unit.snapshot.model
    present = _named(model.deadlines.get(clock.object, ()), clock.sla)
    if present is None or present.parts == clock.parts:
        return present
    return _pinned(unit, clock.sla, clock.object, clock.parts) or present


def used_at(deadline: Deadline, clock: Clock, now: datetime) -> timedelta:
    """Give the working time that a clock has counted."""
    if clock.resumed_at is None:
        return clock.used
    return clock.used + between(deadline.hours, clock.resumed_at, now)


# --- what turned ----------------------------------------------------------------------------------


def _older(
    unit: Unit, compiled: CompiledObject, present: Sequence[Deadline]
) -> tuple[Deadline, ...]:
    """Give deadlines of earlier revisions by which clocks still run: looked up once a version."""

    def make() -> tuple[Deadline, ...]:
        found = []
        for name, parts in clocks.open_revisions(unit.tx, compiled.name):
            now = _named(present, name)
            if now is not None and now.parts != parts:
                old = _pinned(unit, name, compiled.name, parts)
                found.append(old or replace(now, parts=parts))
        return tuple(found)

    return _OLDER.get_or_make((unit.snapshot.token, compiled.name), make)


def _pinned(unit: Unit, name: str, object: str, parts: Parts) -> Deadline | None:
    model = pinned_model(unit.tx, unit.snapshot.model, parts)
    if model is None:
        return None
    found = (one for known in model.deadlines.values() for one in known)
    return next((one for one in found if one.name == name and one.object == object), None)


def _named(deadlines: Sequence[Deadline], name: str) -> Deadline | None:
    return next((one for one in deadlines if one.name == name), None)


def _turns(
    unit: Unit, compiled: CompiledObject, deadlines: Sequence[Deadline], written: Sequence[Written]
) -> list[_Turn]:
    found = []
    whole = _whole(unit, compiled, deadlines, written)
    for one in written:
        values = whole.get(one.id, one.values)
        context = replace(unit.caller.context, prior=one.old, is_new=one.old is None)
        before = None if one.old is None else {**values, **one.old}
        is_back = one.event == "restored"
        for deadline in deadlines:
            now = _stand(compiled, deadline, values, context)
            was = _NOWHERE
            if before is not None and not is_back:
                was = _stand(compiled, deadline, before, replace(context, prior=before))
            if now != was or is_back or unit.trace is not None:
                found.append(_Turn(deadline, one, was, now, values, context))
    return found


def _whole(
    unit: Unit, compiled: CompiledObject, deadlines: Sequence[Deadline], written: Sequence[Written]
) -> Mapping[int, Mapping[str, Value]]:
    """Read what conditions ask and a save had not at hand: a parent that was rolled up."""
    reads = {path for deadline in deadlines for path in deadline.reads}
    paths = {path for path in reads if path not in compiled.formulas}
    lacking = [one.id for one in written if not paths <= one.values.keys()]
    if not lacking:
        return {}
    wanted = (*(str(f.name) for f in compiled.fields.values() if f.is_stored), *sorted(reads))
    plan = unit.plans(
        ("clocks", compiled.name, wanted),
        lambda: unit.planner.load_paths(compiled, wanted, policy=_ALL),
    )
    rows = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, sorted(lacking))
    return {record: row for record, (row, _) in rows.items()}


def _stand(
    compiled: CompiledObject,
    deadline: Deadline,
    values: Mapping[str, Value],
    context: EvalContext,
) -> _Stand:
    values = _computed(compiled, deadline, values, context)
    is_stopped = deadline.stop_if.holds(values, context)
    may_start = not is_stopped and deadline.start_if.holds(values, context)
    pause = deadline.pause_if
    is_paused = pause is not None and pause.holds(values, context)
    return _Stand(may_start=may_start, is_stopped=is_stopped, is_paused=is_paused)


def _computed(
    compiled: CompiledObject,
    deadline: Deadline,
    values: Mapping[str, Value],
    context: EvalContext,
) -> Mapping[str, Value]:
    """Compute the formulas that a deadline reads: an old record may hold none of them."""
    if not any(name in deadline.reads for name in compiled.formulas):
        return values
    found = dict(values)
    for name in compiled.formulas:
        formula = compiled.fields[name].formula
        try:
            found[name] = None if formula is None else formula.evaluate(found, context)
        except ExprFailed:
            found[name] = None
    return found


# --- what follows ---------------------------------------------------------------------------------


def _follow(
    unit: Unit, compiled: CompiledObject, present: Sequence[Deadline], turns: Sequence[_Turn]
) -> dict[tuple[int, str], str]:
    """Move the clocks that are open, and begin new ones: at most three statements for all.

    Gives what became of each, by record and SLA.
    """
    records = {turn.written.id for turn in turns}
    is_new = all(turn.written.event == "created" for turn in turns)
    known = [] if is_new else clocks.load_open(unit.tx, records)
    running = {(one.record, one.sla): one for one in known}
    moved: list[tuple[Deadline, Clock, Clock]] = []
    begun: list[Clock] = []
    for turn in turns:
        clock = running.get((turn.written.id, turn.deadline.name))
        if clock is not None:
            if clock.parts == turn.deadline.parts:
                moved.append((turn.deadline, clock, _moved(unit, turn, clock)))
        elif turn.deadline in present and turn.now.may_start and not turn.before.may_start:
            begun.append(_begun(unit, turn))
    clocks.keep(unit.tx, [after for _, _, after in moved])
    clocks.start(unit.tx, begun)
    for deadline, before, after in moved:  # when all is written: it may save the record again
        if after.breached_at is not None and before.breached_at is None:
            _begin(unit, compiled, deadline, after)
    became = {(one.record, one.sla): STARTED for one in begun}
    return became | {(b.record, b.sla): _became(b, after) for _, b, after in moved}


def _became(before: Clock, after: Clock) -> str:
    """Say what became of a clock, in a word."""
    if after.ended_at is not None:
        return STOPPED
    if after.state == before.state:
        return UNCHANGED
    return PAUSED if after.state == STANDS else RESUMED


def _begun(unit: Unit, turn: _Turn) -> Clock:
    clock = Clock(
        sla=turn.deadline.name,
        object=turn.deadline.object,
        record=turn.written.id,
        parts=turn.deadline.parts,
        version=unit.snapshot.version,
        actor=unit.me,
        state=STANDS,
        started_at=unit.now,
        resumed_at=None,
        used=timedelta(),
        due_at=None,
    )
    return clock if turn.now.is_paused else _resumed(turn.deadline, clock, unit.now)


def _moved(unit: Unit, turn: _Turn, clock: Clock) -> Clock:
    """Give a clock as a turn leaves it; one that ran out unnoticed is missed first."""
    if clock.due_at is not None and clock.due_at <= unit.now and clock.breached_at is None:
        clock = _missed(unit, clock)
    if turn.now.is_stopped:
        state = MET if clock.breached_at is None else MISSED
        stopped = _paused(turn.deadline, clock, unit.now, state)
        return replace(stopped, ended_at=unit.now)
    if turn.now.is_paused:
        return _paused(turn.deadline, clock, unit.now, STANDS)
    return clock if clock.state == RUNNING else _resumed(turn.deadline, clock, unit.now)


def _paused(deadline: Deadline, clock: Clock, now: datetime, state: str) -> Clock:
    used = used_at(deadline, clock, now)
    return replace(clock, state=state, used=used, resumed_at=None, due_at=None)


def _resumed(deadline: Deadline, clock: Clock, now: datetime) -> Clock:
    left = max(timedelta(seconds=deadline.seconds) - clock.used, timedelta())
    due = later(deadline.hours, now, left)
    return replace(clock, state=RUNNING, resumed_at=now, due_at=due)


def _missed(unit: Unit, clock: Clock) -> Clock:
    """Give a clock as one that has run out; it goes on counting until it is stopped."""
    return replace(clock, breached_at=clock.due_at or unit.now)


def _begin(unit: Unit, compiled: CompiledObject, deadline: Deadline, clock: Clock) -> None:
    """Start the steps of a deadline that was missed; samples tell of it, and nobody is called."""
    if not deadline.has_breach or unit.source == SAMPLE:
        return
    component = ComponentKey(f"sla:{deadline.name}")
    model = pinned_model(unit.tx, unit.snapshot.model, deadline.parts) or unit.snapshot.model
    run = start_program(
        acting(unit),
        compiled,
        clock.record,
        component=component,
        pointer=BREACH,
        program=model.programs[component, BREACH],
    )
    clocks.note_run(unit.tx, clock.id, run)


def _into_the_bin(unit: Unit, records: Sequence[int]) -> None:
    """Let the clocks of records stand still while they are in the bin."""
    moved = []
    for clock in clocks.load_open(unit.tx, records):
        deadline = deadline_of(unit, clock)
        if deadline is not None:
            moved.append(_paused(deadline, clock, unit.now, IN_BIN))
    clocks.keep(unit.tx, moved)
