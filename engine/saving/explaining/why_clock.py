"""Why the clock of a deadline runs for a record, stands still, or never started.

A clock goes by its SLA as it was when it began, and so does what is told of it.
"""

from __future__ import annotations

from engine.compiled import CompiledObject, Deadline
from engine.describing import part_label
from engine.expr import Expression
from engine.expr.watching import (
    IN_BIN,
    NOT_HELD,
    OVER,
    PAUSED,
    RUNS,
    STOPPED,
    UNCHANGED,
    UNKNOWN,
)
from engine.names import component_key
from engine.saving.deadlines.clocks import deadline_of
from engine.saving.explaining.answers import Point, Teller, Why
from engine.saving.explaining.standing import standings
from engine.saving.unit import Unit
from engine.store.platform import clocks
from engine.store.platform.clocks import Clock

SLA = "sla"
_OPEN = {clocks.RUNNING: RUNS, clocks.PAUSED: PAUSED, clocks.IN_BIN: IN_BIN}


def why_clock(unit: Unit, compiled: CompiledObject, record_id: int, now: Deadline) -> Why:
    """Say what became of the clock of a deadline, and what each of its conditions says."""
    clock = next((c for c in clocks.of_record(unit.tx, record_id) if c.sla == now.name), None)
    is_open = clock is not None and clock.ended_at is None
    found = (deadline_of(unit, clock) if clock is not None and is_open else None) or now
    (standing,) = standings(unit, compiled, [record_id], found.reads)
    teller = Teller(unit, compiled, standing)
    label = part_label(unit.snapshot.model, unit.language, "slas", found.name)
    return Why(
        component=component_key(SLA, found.name),
        label=label or found.label,
        trigger="",
        event=standing.event,
        outcome=_outcome(teller, found, clock),
        criteria=None,
        points=_points(teller, found),
        state="" if clock is None else clock.state,
        since=None if clock is None else clock.ended_at or clock.started_at,
        due_at=None if clock is None else clock.due_at,
    )


def _outcome(teller: Teller, deadline: Deadline, clock: Clock | None) -> str:
    """Say what there is of a clock; without one, which condition kept it from starting.

    A clock starts with the save that makes its condition true: one that was true before a deadline
    was declared starts none.
    """
    if clock is not None:
        return _OPEN.get(clock.state, STOPPED)
    said = [teller.outcome(one) for one in (deadline.stop_if, deadline.start_if)]
    if UNKNOWN in said:
        return UNKNOWN
    if teller.holds(deadline.stop_if):
        return OVER
    return UNCHANGED if teller.holds(deadline.start_if) else NOT_HELD


def _points(teller: Teller, deadline: Deadline) -> tuple[Point, ...]:
    conditions: tuple[tuple[str, Expression | None], ...] = (
        ("start_if", deadline.start_if),
        ("pause_if", deadline.pause_if),
        ("stop_if", deadline.stop_if),
    )
    return tuple(
        Point(name=name, label="", outcome=teller.outcome(one), criteria=teller.part(one))
        for name, one in conditions
        if one is not None
    )
