"""The steps of runs carried out: each for all runs that stand at it, in as few statements as one.

`ON_RECORDS` says which function carries out which instruction. A step that cannot be carried out
raises `StepFailed`; what it leaves behind is undone by whoever called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from engine.access import Everything
from engine.automation import Assigned, Refused, compute
from engine.clock import zone_of
from engine.errors import AutomationFailed, PatronError
from engine.expr import Expression, ExprFailed
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName
from engine.programs import (
    AddNote,
    Approve,
    Assign,
    CallEndpoint,
    Choice,
    CreateRecord,
    DeleteRecords,
    Doing,
    ForEach,
    NextOne,
    Notify,
    SendMail,
    UpdateRecords,
    WaitFor,
    WaitUntil,
)
from engine.query.plan import Order
from engine.saving import bin as bins
from engine.saving.runs.progress import WAITING, Loop, Progress, StepFailed
from engine.saving.save import Change, change, create
from engine.saving.uncomputed import uncomputed
from engine.saving.unit import Record, Unit
from engine.store.lower import given_params
from engine.store.platform import history
from engine.store.platform.runs import StepRow
from engine.store.reading import fetch_rows

if TYPE_CHECKING:
    from engine.compiled import CompiledObject

At = tuple[Progress, Doing | Assigned]
MOST_CHOSEN = 10_000
CHUNK = 500
LATER = timedelta(hours=1)  # how often a condition is looked at that no save has touched
_ALL = Everything("a workflow chooses them")
_BY_ID = (Order("id"),)


def note_step(
    progress: Progress,
    doing: Doing | Assigned,
    *,
    at: datetime,
    given: Mapping[str, object] | None = None,
    output: Mapping[str, object] | None = None,
) -> None:
    """Remember a step that was carried out, with what went in and what came out."""
    progress.steps.append(
        StepRow(
            run=progress.row.id,
            number=progress.count,
            step=step_of(doing),
            action=ACTIONS[type(doing)],
            object=progress.name,
            record=progress.record,
            state="done",
            moment=at,
            input=given or {},
            output=output or {},
        )
    )


def step_of(doing: Doing | Assigned) -> str:
    """Give the name of a step; the end of a loop has none."""
    return getattr(doing, "step", "")


# --- records --------------------------------------------------------------------------------------


def _set(unit: Unit, group: Sequence[At]) -> None:
    """Write values to the records themselves; one that several runs write is written in turns."""
    for turn in turns(group):
        changes = []
        for progress, doing in turn:
            assert isinstance(doing, Assigned)  # the table says so
            _ensure_computed(unit, progress, doing, progress.compiled(unit), doing.refused)
            changes.append(Change(id=progress.record, given=_plain(doing.values)))
        outcomes = change(unit, turn[0][0].compiled(unit), changes)
        for (progress, doing), wanted, outcome in zip(turn, changes, outcomes, strict=True):
            if isinstance(outcome, PatronError):
                raise failed(progress, doing, outcome)
            note_step(progress, doing, at=unit.now, given=wanted.given)
            progress.values = None


def turns(group: Sequence[At]) -> Iterator[list[At]]:
    """Part runs so that no record comes twice in one turn."""
    left = list(group)
    while left:
        turn: list[At] = []
        others: list[At] = []
        seen: set[int] = set()
        for one in left:
            (others if one[0].record in seen else turn).append(one)
            seen.add(one[0].record)
        yield turn
        left = others


def _create(unit: Unit, group: Sequence[At]) -> None:
    doing = group[0][1]
    assert isinstance(doing, CreateRecord)  # the table says so
    target = unit.snapshot.model.objects[doing.object]
    givens: list[Mapping[str, object]] = []
    for progress, _ in group:
        values = progress.values or {}
        given, refused = compute(doing.settings, target, values, progress.context)
        _ensure_computed(unit, progress, doing, target, refused)
        givens.append(_plain(given))
    outcomes = create(unit, target, givens)
    feeds = bool(unit.snapshot.model.links.feeds.get(target.name))
    for (progress, _), sent, outcome in zip(group, givens, outcomes, strict=True):
        if isinstance(outcome, PatronError):
            raise failed(progress, doing, outcome)
        made = {"object": target.name, "id": outcome["id"]}
        note_step(progress, doing, at=unit.now, given=sent, output=made)
        if feeds:
            progress.values = None


def _update(unit: Unit, group: Sequence[At]) -> None:
    for progress, doing in group:
        assert isinstance(doing, UpdateRecords)  # the table says so
        target = unit.snapshot.model.objects[doing.chosen.object]
        rows = _chosen(unit, progress, doing.chosen, doing, paths=sorted(doing.reads))
        values = progress.values or {}
        own = {one.name: one.read(values, progress.context) for one in doing.given}
        changes = []
        for row in rows:
            given, refused = compute(doing.settings, target, {**row, **own}, progress.context)
            _ensure_computed(unit, progress, doing, target, refused)
            changes.append(Change(id=_id(row), given=_plain(given)))
        for start in range(0, len(changes), CHUNK):
            for outcome in change(unit, target, changes[start : start + CHUNK]):
                if isinstance(outcome, PatronError):
                    raise failed(progress, doing, outcome)
        changed = {"object": target.name, "records": [one.id for one in changes[:100]]}
        output = {**changed, "count": len(changes)}
        first = changes[0].given if changes else {}
        note_step(progress, doing, at=unit.now, given=first, output=output)
        progress.values = None


def _delete(unit: Unit, group: Sequence[At]) -> None:
    for progress, doing in group:
        assert isinstance(doing, DeleteRecords)  # the table says so
        target = unit.snapshot.model.objects[doing.chosen.object]
        ids = [_id(row) for row in _chosen(unit, progress, doing.chosen, doing)]
        for record in ids:
            try:
                bins.delete(unit, target, record)
            except PatronError as refused:
                raise failed(progress, doing, refused) from refused
        output = {"object": target.name, "records": ids[:100], "count": len(ids)}
        note_step(progress, doing, at=unit.now, output=output)
        progress.values = None


def _chosen(
    unit: Unit,
    progress: Progress,
    chosen: Choice,
    doing: Doing,
    *,
    paths: Sequence[str] = (),
    where: Expression | None = None,
) -> list[Record]:
    """Read the records that are chosen on behalf of the one the run looks at, in order of id.

    They are held: what is computed of them is still true when it is written.
    """
    compiled = unit.snapshot.model.objects[chosen.object]
    conditions = (chosen.condition,) if where is None else (chosen.condition, where)
    plan = unit.planner.read(
        compiled, fields=tuple(paths), where=conditions, order=_BY_ID, policy=_ALL
    )
    values = progress.values or {}
    given = [(one, one.read(values, progress.context)) for one in chosen.given]
    caller = replace(unit.caller, given=given_params(given, unit.tx.dialect))
    rows, more = fetch_rows(
        unit.tx, unit.snapshot, plan, caller, limit=MOST_CHOSEN, for_update=True
    )
    if more is not None:
        message = say("More than {most:group} records are concerned.", most=MOST_CHOSEN)
        raise failed(progress, doing, AutomationFailed(message, code="W111"))
    return rows


def _note(unit: Unit, group: Sequence[At]) -> None:
    entries = []
    for progress, doing in group:
        assert isinstance(doing, AddNote)  # the table says so
        text = text_of(progress, doing, doing.text)
        values = progress.values or {}
        entries.append(
            history.Entry(
                record=progress.record,
                object=progress.name,
                version=int(values.get("version") or 0),  # type: ignore[arg-type]  # an integer
                event="noted",
                changes={"": (None, text)},
            )
        )
        note_step(progress, doing, at=unit.now, output={"text": text})
    history.append(unit.tx, entries, at=unit.now, actor=unit.me, source=unit.source)


# --- loops and waits ------------------------------------------------------------------------------


def _for_each(unit: Unit, group: Sequence[At]) -> None:
    for progress, doing in group:
        assert isinstance(doing, ForEach)  # the table says so
        rows = _chosen(unit, progress, doing.chosen, doing, where=doing.where)
        ids = [_id(row) for row in rows]
        target = doing.chosen.object
        note_step(progress, doing, at=unit.now, output={"object": target, "count": len(ids)})
        if ids:
            progress.loops.append(Loop(target, ids))
            progress.values = None
        else:
            progress.at = doing.to


def _next(_unit: Unit, group: Sequence[At]) -> None:
    for progress, doing in group:
        assert isinstance(doing, NextOne)  # the table says so
        progress.count -= 1  # no step of its own
        loop = progress.loops[-1]
        progress.values = None
        loop.index += 1
        each = progress.program.instructions[doing.to]
        assert isinstance(each, ForEach)  # laid out together
        progress.at = doing.to + 1 if loop.index < len(loop.ids) else each.to
        if loop.index >= len(loop.ids):
            progress.loops.pop()


def _wait_for(unit: Unit, group: Sequence[At]) -> None:
    for progress, doing in group:
        assert isinstance(doing, WaitFor)  # the table says so
        due = later(unit.now.astimezone(project_zone(unit)), doing.number, doing.unit)
        _wait(unit, progress, doing, due)


def _wait_until(unit: Unit, group: Sequence[At]) -> None:
    """Wait for an instant, or look at a condition; a blank date is no reason to wait."""
    for progress, doing in group:
        assert isinstance(doing, WaitUntil)  # the table says so
        try:
            until = doing.until.evaluate(progress.values or {}, progress.context)
        except ExprFailed as wrong:
            raise failed(progress, doing, AutomationFailed(wrong.reason, code="W110")) from wrong
        if until is False:
            progress.at -= 1  # looked at again when it is woken
            progress.count -= 1
            progress.state, progress.waits_for = WAITING, "condition"
            progress.due_at = unit.now + LATER
        elif isinstance(until, datetime):
            _wait(unit, progress, doing, until)
        elif isinstance(until, date):
            midnight = datetime.combine(until, time(), project_zone(unit))
            _wait(unit, progress, doing, midnight)
        else:
            note_step(progress, doing, at=unit.now)


def _wait(unit: Unit, progress: Progress, doing: Doing, due: datetime) -> None:
    note_step(progress, doing, at=unit.now, output={"until": due.astimezone(UTC)})
    if due > unit.now:
        progress.state, progress.waits_for, progress.due_at = WAITING, "time", due


def project_zone(unit: Unit) -> tzinfo:
    """Give the time zone in which days begin for everything that happens by itself."""
    return zone_of(unit.snapshot.model.project.time_zone)


def later(start: datetime, number: int, unit: str) -> datetime:
    """Give an instant some time after another, or before it; a month sticks to month ends.

    Days and longer keep the time of day in the zone of `start`, also over a change of clocks.
    """
    if unit in _SHORT:
        return (start.astimezone(UTC) + number * _SHORT[unit]).astimezone(start.tzinfo)
    if unit != "month":
        return start + number * _LONG[unit]
    years, month = divmod(start.year * 12 + start.month - 1 + number, 12)
    day = start.day
    while True:
        try:
            return start.replace(year=years, month=month + 1, day=day)
        except ValueError:
            day -= 1


_SHORT = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
}
_LONG = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


# --- what goes wrong ------------------------------------------------------------------------------


def text_of(progress: Progress, doing: Doing, expression: Expression) -> str:
    """Compute a text. Raises: StepFailed."""
    try:
        value = expression.evaluate(progress.values or {}, progress.context)
    except ExprFailed as wrong:
        raise failed(progress, doing, AutomationFailed(wrong.reason, code="W110")) from wrong
    return "" if value is None else str(value)


def _ensure_computed(
    unit: Unit,
    progress: Progress,
    doing: Doing | Assigned,
    target: CompiledObject,
    refused: Iterable[Refused],
) -> None:
    errors = uncomputed(unit, target, refused)
    if errors:
        message = say("A value could not be computed.")
        raise failed(progress, doing, AutomationFailed(message, errors=errors, code="W110"))


def failed(progress: Progress, doing: Doing | Assigned, error: PatronError) -> StepFailed:
    """Give what is raised when a step could not be carried out."""
    return StepFailed(progress.row.id, step_of(doing), ACTIONS[type(doing)], error)


def _plain(values: Mapping[FieldName, Value]) -> dict[str, object]:
    return dict(values.items())


def _id(row: Mapping[str, Value]) -> int:
    return int(row["id"])  # type: ignore[arg-type]  # ids are integers


# Instruction -> what carries it out, for all runs that stand at it.
ON_RECORDS: Mapping[type, Callable[[Unit, Sequence[At]], None]] = {
    Assigned: _set,
    CreateRecord: _create,
    UpdateRecords: _update,
    DeleteRecords: _delete,
    AddNote: _note,
    ForEach: _for_each,
    NextOne: _next,
    WaitFor: _wait_for,
    WaitUntil: _wait_until,
}
# Instruction -> the word of the format for it.
ACTIONS: Mapping[type, str] = {
    Assigned: "set",
    CreateRecord: "create",
    UpdateRecords: "update",
    DeleteRecords: "delete",
    AddNote: "note",
    ForEach: "for_each",
    NextOne: "for_each",
    WaitFor: "wait",
    WaitUntil: "wait",
    SendMail: "email",
    Notify: "notify",
    CallEndpoint: "webhook",
    Assign: "assign",
    Approve: "approve",
}
