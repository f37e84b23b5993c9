"""Workflows at a date of their record: planned when it is saved, started when it comes.

Separate from `triggering`, which starts what a save starts at once. A moment is a row; what stands
behind `at` is evaluated when it comes, on the record as it is then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo

from engine.access import Everything
from engine.compiled import CompiledObject, Workflow
from engine.errors import RequestInvalid
from engine.expr import EvalContext
from engine.model.fields.base import Value
from engine.names import FieldName
from engine.query.plan import Order
from engine.saving.acting import acting
from engine.saving.runs.running import enqueue
from engine.saving.runs.stepping import later, project_zone
from engine.saving.unit import Record, Unit
from engine.saving.written import Written
from engine.store.keyset import Cursor
from engine.store.platform.schedules import (
    Moment,
    ScheduleRow,
    drop_moments,
    plan_moments,
    put_schedule,
    take_moments,
)
from engine.store.reading import fetch_by_ids, fetch_rows

CHUNK = 500
_CHANGES = frozenset({"updated", "rolled_up"})
_ALL = Everything("a schedule looks at it")


def follow_dates(unit: Unit, compiled: CompiledObject, written: Sequence[Written]) -> None:
    """Plan anew what waits for dates that were saved: one statement per workflow concerned."""
    automation = unit.snapshot.model.automation.get(compiled.name)
    zone = project_zone(unit)
    for workflow in automation.at if automation is not None else ():
        assert workflow.schedule is not None  # laid out with it
        name = workflow.schedule.field
        assert name is not None  # the same
        bit = compiled.fields[name].bit
        planned: list[Moment] = []
        dropped: list[tuple[str, int]] = []
        for one in written:
            if one.event in _CHANGES and not one.changed & bit:
                continue
            value = None if one.event == "deleted" else one.values.get(name)
            moment = moment_of(workflow, one.id, value, unit.now, zone)
            if moment is not None:
                planned.append(moment)
            elif one.old is not None:
                dropped.append((workflow.name, one.id))
        plan_moments(unit.tx, planned)
        drop_moments(unit.tx, dropped)


def moment_of(
    workflow: Workflow, record: int, value: Value, now: datetime, zone: tzinfo
) -> Moment | None:
    """Say when a workflow runs on a record whose date is `value`; None: never.

    A moment that is past already counts while the date itself is still to come: ninety days before
    an end in sixty days is now. What is over altogether stays over.
    """
    schedule = workflow.schedule
    assert schedule is not None  # of `at` workflows only
    if isinstance(value, datetime):
        start = value.astimezone(zone)
    elif isinstance(value, date):
        start = datetime.combine(value, time(), zone)
    else:
        return None
    due = later(start, schedule.number, schedule.unit).astimezone(UTC)
    if max(due, start) < now:
        return None
    return Moment(workflow=workflow.name, record=record, due=max(due, now))


def start_moments(unit: Unit, *, limit: int = 200) -> int:
    """Start the workflows whose moment has come; give how many moments there were."""
    unit = acting(unit)
    taken = take_moments(unit.tx, at=unit.now, limit=limit)
    by_workflow: dict[str, list[int]] = {}
    for moment in taken:
        by_workflow.setdefault(moment.workflow, []).append(moment.record)
    for name, ids in by_workflow.items():
        workflow = unit.snapshot.model.workflows.get(name)
        if workflow is not None and workflow.schedule is not None:
            compiled = unit.snapshot.model.objects[workflow.object]
            holding = _holding(unit, compiled, workflow, sorted(ids))
            enqueue(unit, workflow.program, compiled, holding, "at")
    return len(taken)


def _holding(
    unit: Unit, compiled: CompiledObject, workflow: Workflow, ids: Sequence[int]
) -> list[int]:
    """Give the records that are still there and for which the criteria hold now."""
    plan = unit.planner.load_paths(compiled, sorted(conditions_read(workflow)), policy=_ALL)
    rows = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, ids)
    context = unit.caller.context
    return [record for record, (row, _) in rows.items() if holds(workflow, row, context)]


def conditions_read(workflow: Workflow) -> set[str]:
    """Give what the criteria of a scheduled workflow read."""
    where = workflow.schedule.where if workflow.schedule else None
    both = (workflow.condition, where)
    return {path for condition in both if condition is not None for path in condition.reads}


def holds(workflow: Workflow, row: Mapping[str, Value], context: EvalContext) -> bool:
    """Tell whether the criteria of a scheduled workflow hold for a record."""
    where = workflow.schedule.where if workflow.schedule else None
    both = (workflow.condition, where)
    return all(one is None or one.holds(row, context) for one in both)


def plan_existing(unit: Unit, workflow: Workflow, row: ScheduleRow) -> None:
    """Plan the next few records that were there before the workflow; the row says how far."""
    unit = acting(unit)
    schedule = workflow.schedule
    assert schedule is not None  # of `at` workflows only
    assert schedule.field is not None  # the same
    compiled = unit.snapshot.model.objects[workflow.object]
    rows, more = _behind(unit, compiled, schedule.field, row.cursor or "")
    zone = project_zone(unit)
    found = (moment_of(workflow, _id(one), one.get(schedule.field), unit.now, zone) for one in rows)
    plan_moments(unit.tx, [one for one in found if one is not None], anew=False)
    cursor = None if more is None else more.text()
    put_schedule(
        unit.tx,
        ScheduleRow(workflow=workflow.name, digest=row.digest, due=row.due, cursor=cursor),
    )


def _behind(
    unit: Unit, compiled: CompiledObject, field: FieldName, cursor: str
) -> tuple[list[Record], Cursor | None]:
    """Read the next records; a cursor that a new version made useless begins again."""
    plan = unit.planner.read(compiled, fields=(str(field),), order=(Order("id"),), policy=_ALL)
    try:
        after = Cursor.read(cursor, plan) if cursor else None
    except RequestInvalid:
        after = None
    return fetch_rows(unit.tx, unit.snapshot, plan, unit.caller, limit=CHUNK, after=after)


def matching(
    unit: Unit, workflow: Workflow, after: Cursor | None
) -> tuple[list[int], Cursor | None]:
    """Give the records of one window for which a regular workflow runs, and where to go on."""
    compiled = unit.snapshot.model.objects[workflow.object]
    where = workflow.schedule.where if workflow.schedule else None
    reads = () if workflow.condition is None else tuple(sorted(workflow.condition.reads))
    plan = unit.planner.read(
        compiled,
        fields=reads,
        where=() if where is None else (where,),
        order=(Order("id"),),
        policy=_ALL,
    )
    rows, more = fetch_rows(unit.tx, unit.snapshot, plan, unit.caller, limit=1000, after=after)
    condition, context = workflow.condition, unit.caller.context
    ids = [_id(row) for row in rows if condition is None or condition.holds(row, context)]
    return ids, more


def _id(row: Mapping[str, Value]) -> int:
    return int(row["id"])  # type: ignore[arg-type]  # ids are integers
