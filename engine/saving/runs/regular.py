"""Workflows at regular times, `every {cron}`: planned, started, and missed ones made up for.

A schedule is a row with its next time. Whoever starts it moves the row on in the same transaction;
what was missed while no worker was there happens once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engine.compiled import Workflow
from engine.model.cron import read_cron
from engine.saving.acting import acting
from engine.saving.runs.moments import matching, plan_existing
from engine.saving.runs.running import enqueue
from engine.saving.runs.stepping import project_zone
from engine.saving.unit import Unit
from engine.store.keyset import Cursor
from engine.store.platform.schedules import (
    ScheduleRow,
    drop_schedules,
    is_due,
    list_schedules,
    put_schedule,
    take_schedule,
)

_SCHEDULED = frozenset({"at", "every"})


def is_anything_due(unit: Unit) -> bool:
    """Tell whether a worker has something to do: two statements, without a lock."""
    return is_due(unit.tx, at=unit.now) or not _is_planned(unit)


def _is_planned(unit: Unit) -> bool:
    known = list_schedules(unit.tx)
    scheduled = _scheduled(unit)
    if known.keys() != scheduled.keys():
        return False
    return not any(_is_open(unit, scheduled[name], row) for name, row in known.items())


def keep_schedules(unit: Unit) -> None:
    """Plan what a new version brings, forget what it took away, start what is due."""
    known, scheduled = list_schedules(unit.tx), _scheduled(unit)
    drop_schedules(unit.tx, sorted(known.keys() - scheduled.keys()))
    for name, workflow in scheduled.items():
        if name not in known:
            put_schedule(unit.tx, _planned(unit, workflow))
        elif _is_open(unit, workflow, known[name]):
            row = take_schedule(unit.tx, name)  # another worker may have moved it on since
            if row is not None and _is_open(unit, workflow, row):
                _go_on(unit, workflow, row)


def pass_over_existing(unit: Unit) -> None:
    """Plan nothing for the records that are there: dates of theirs start no workflow by themselves.

    For records that were brought along from elsewhere; whoever saves one plans it as ever.
    """
    for workflow in _scheduled(unit).values():
        if workflow.when == "at":
            put_schedule(unit.tx, replace(_planned(unit, workflow), cursor=None))


def _scheduled(unit: Unit) -> dict[str, Workflow]:
    workflows = unit.snapshot.model.workflows
    return {name: one for name, one in workflows.items() if one.when in _SCHEDULED}


def _is_open(unit: Unit, workflow: Workflow, row: ScheduleRow) -> bool:
    if row.digest != _digest(workflow):
        return True
    return row.cursor is not None if workflow.when == "at" else row.due <= unit.now


def _go_on(unit: Unit, workflow: Workflow, row: ScheduleRow) -> None:
    if row.digest != _digest(workflow):
        put_schedule(unit.tx, _planned(unit, workflow))
    elif workflow.when == "at":
        plan_existing(unit, workflow, row)
    else:
        put_schedule(unit.tx, _planned(unit, workflow))
        _start(acting(unit), workflow)


def _planned(unit: Unit, workflow: Workflow) -> ScheduleRow:
    """Give the row of a workflow as it is now: its next time, or all records still to plan."""
    is_at = workflow.when == "at"
    due = unit.now if is_at else _next(unit, workflow)
    cursor = "" if is_at else None
    return ScheduleRow(workflow=workflow.name, digest=_digest(workflow), due=due, cursor=cursor)


def _next(unit: Unit, workflow: Workflow) -> datetime:
    assert workflow.schedule is not None  # of scheduled workflows
    return read_cron(workflow.schedule.cron).after(unit.now, project_zone(unit))


def _digest(workflow: Workflow) -> str:
    return str(workflow.program.parts[workflow.program.component])


def _start(unit: Unit, workflow: Workflow) -> None:
    """Make a run for each record that matches; they begin when the worker comes to them."""
    compiled = unit.snapshot.model.objects[workflow.object]
    after: Cursor | None = None
    while True:
        ids, after = matching(unit, workflow, after)
        enqueue(unit, workflow.program, compiled, ids, "every")
        if after is None:
            return
