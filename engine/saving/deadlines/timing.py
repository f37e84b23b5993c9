"""Clocks as they are looked at from outside: by the job that finds one run out, and by readers.

Separate from `clocks`, which follows saves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.access import Everything
from engine.compiled import CompiledObject
from engine.describing import part_label
from engine.errors import NotFound
from engine.names import ObjectName
from engine.saving.acting import acting
from engine.saving.deadlines.clocks import breach, deadline_of, used_at
from engine.saving.unit import Unit
from engine.store.platform import clocks
from engine.store.platform.clocks import CANCELLED
from engine.store.reading import fetch_by_ids

_ALL = Everything("a deadline of it has passed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """A clock of a record as people see it.

    `state`: running, paused, in_bin, met, missed, cancelled. `remaining`: seconds of working time,
    below nought when it took longer; None when it is over. `within`: seconds it may take.
    """

    sla: str
    label: str
    state: str
    is_late: bool
    started_at: datetime
    due_at: datetime | None
    remaining: int | None
    used: int
    within: int
    hours: str
    breached_at: datetime | None
    ended_at: datetime | None


def breach_one(unit: Unit, clock: int, object: ObjectName, record: int) -> bool:
    """Begin what follows from a clock that has run out; False when somebody else did, or it moved.

    First the record is held, then the clock: in the order in which a save holds them.
    """
    compiled = unit.snapshot.model.objects.get(object)
    if compiled is not None:
        unit = acting(unit)
        plan = unit.planner.load_paths(compiled, (), policy=_ALL)
        fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record], for_update=True)
    found = clocks.take_due(unit.tx, clock, at=unit.now)
    if found is None:
        return False
    breach(unit, found)
    return True


def clocks_of(unit: Unit, compiled: CompiledObject, record_id: int) -> list[Timing]:
    """Give the clocks of a record that the caller sees, the newest first. Raises: NotFound N100."""
    plan = unit.plans(("sees", compiled.name), lambda: unit.planner.load_paths(compiled, ()))
    if record_id not in fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record_id]):
        raise NotFound
    return timings(unit, record_id)


def timings(unit: Unit, record_id: int) -> list[Timing]:
    """Give the clocks of a record that the caller was found to see: one statement."""
    found = (_timing(unit, clock) for clock in clocks.of_record(unit.tx, record_id))
    return [timing for timing in found if timing is not None]


def _timing(unit: Unit, clock: clocks.Clock) -> Timing | None:
    deadline = deadline_of(unit, clock)
    if deadline is None:
        return None  # the SLA is not declared any more
    is_over = clock.ended_at is not None
    used = used_at(deadline, clock, unit.now)
    left = timedelta(seconds=deadline.seconds) - used
    return Timing(
        sla=clock.sla,
        label=part_label(unit.snapshot.model, unit.language, "slas", clock.sla) or deadline.label,
        state=clock.state,
        is_late=clock.breached_at is not None or (left < timedelta() and clock.state != CANCELLED),
        started_at=clock.started_at,
        due_at=clock.due_at,
        remaining=None if is_over else round(left.total_seconds()),
        used=round(used.total_seconds()),
        within=deadline.seconds,
        hours=deadline.hours.name if deadline.hours else "",
        breached_at=clock.breached_at,
        ended_at=clock.ended_at,
    )
