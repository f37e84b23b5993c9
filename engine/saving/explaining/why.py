"""Why, and why not: a record and a workflow or rule, looked at as the record's last save left it.

Separate from traces, which tell what was; this tells of any record at any time, without one. What
the last save changed is taken from the history, so that ISCHANGED and ISNEW say what they said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from engine.access import Everything
from engine.compiled import CompiledObject, Rule, Workflow
from engine.errors import NotFound, RequestInvalid
from engine.expr import EvalContext, Expression
from engine.expr.watching import FAILED, FIRED, NOT_HELD, OTHER_TRIGGER, PASSED, UNCHANGED
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import ComponentKey, FieldName, ObjectName, component_key, did_you_mean
from engine.records.draft import changed_mask
from engine.saving.explaining.criteria import Part, explain, full_planner, seen_by
from engine.saving.explaining.tracing import DONE, ensure_may_ask, from_json
from engine.saving.looking import read_kept
from engine.saving.runs.triggering import STARTS
from engine.saving.sight import Sight
from engine.saving.unit import Unit
from engine.store.platform import history, traces
from engine.store.platform.traces import TraceRow
from engine.store.reading import fetch_by_ids

SAVES = frozenset({"created", "updated", "saved", "deleted"})
WORKFLOW, RULE = "workflow", "validation_rule"
_ALL = Everything("somebody who may customize asks why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A record as its last save left it. `changed`: the mask of fields that this save changed.

    `event`: created or updated.
    """

    values: Mapping[str, Value]
    context: EvalContext
    event: str
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What a workflow or rule makes of a record, and upon what.

    `outcome`: the words of `engine.expr.watching`. `waits_for`: fields whose change it waits for.
    """

    component: ComponentKey
    label: str
    trigger: str
    event: str
    outcome: str
    criteria: Part | None
    waits_for: tuple[str, ...] = ()


def why(unit: Unit, compiled: CompiledObject, record_id: int, component: str) -> Why:
    """Say what a workflow or validation rule makes of a record that the caller sees.

    Raises: AccessDenied A100; NotFound N100; RequestInvalid W192 for a component that is none of
    the object's.
    """
    ensure_may_ask(unit)
    found = find_component(unit, compiled, component)
    plan = unit.planner.load_paths(compiled, ())
    if record_id not in fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record_id]):
        raise NotFound
    condition = found.invalid_if if isinstance(found, Rule) else found.condition
    reads = () if condition is None else condition.reads
    (standing,) = standings(unit, compiled, [record_id], reads)
    return _why(unit, compiled, found, condition, standing)


def find_component(unit: Unit, compiled: CompiledObject, component: str) -> Workflow | Rule:
    """Give a workflow or rule of an object. Raises: RequestInvalid W192."""
    model = unit.snapshot.model
    kind, _, path = component.partition(":")
    if kind == WORKFLOW:
        workflow = model.workflows.get(path)
        if workflow is not None and workflow.object == compiled.name:
            return workflow
    for rule in compiled.rules:
        if component == component_key(RULE, compiled.name, rule.name):
            return rule
    own = [f"{WORKFLOW}:{w.name}" for w in model.workflows.values() if w.object == compiled.name]
    own += [str(component_key(RULE, compiled.name, rule.name)) for rule in compiled.rules]
    raise RequestInvalid(
        say('"{name}" is no active workflow or validation rule of these records.', name=component),
        code="W192",
        hint=did_you_mean(component, own),
    )


def standings(
    unit: Unit,
    compiled: CompiledObject,
    ids: Sequence[int],
    reads: Iterable[str],
) -> list[Standing]:
    """Give records as their last saves left them, in order of `ids`: two statements for all.

    Read with full rights: who may see the records is asked before.
    """
    stored = (str(field.name) for field in compiled.fields.values() if field.is_stored)
    paths = (*stored, *sorted(reads))
    plan = full_planner(unit.snapshot.model).load_paths(compiled, paths, policy=_ALL)
    rows = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, sorted(ids))
    last = history.last_of(unit.tx, [record for record in ids if record in rows])
    return [
        _standing(unit, compiled, rows[record][0], last.get(record))
        for record in ids
        if record in rows
    ]


def traces_of(unit: Unit, compiled: CompiledObject, record_id: int) -> list[TraceRow]:
    """Give the traces of a record that the caller sees, without what they may not read.

    Raises: AccessDenied A100; NotFound N100.
    """
    ensure_may_ask(unit)
    plan = unit.planner.load_paths(compiled, ())
    if record_id not in fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record_id]):
        raise NotFound
    return readable(unit, traces.of_record(unit.tx, record_id))


def readable(unit: Unit, rows: Iterable[TraceRow]) -> list[TraceRow]:
    """Give traces without those of hidden records and without values that may not be read.

    Of a refused save there may be no record: then its trace is for who sees all, and who saved.
    """
    sight, shown = Sight(unit), []
    for row in rows:
        name = ObjectName(row.object)
        is_own = row.actor == unit.me and row.outcome != DONE
        if sight.sees(name, row.record) or (is_own and name in unit.snapshot.model.objects):
            entries = [_entry(sight, name, row.record, entry) for entry in row.entries]
            shown.append(replace(row, entries=entries))
    return shown


def _entry(
    sight: Sight, name: ObjectName, record: int, entry: Mapping[str, object]
) -> dict[str, object]:
    kept = entry["criteria"]
    part = None
    if isinstance(kept, Mapping):
        part = seen_by(from_json(kept), partial(sight.reads, name, record), sight.may_ask)
    given = _fields(sight, name, entry["set"])
    steps = [_step(sight, name, record, step) for step in entry["steps"]]  # type: ignore[attr-defined]  # a list
    return {**entry, "criteria": part, "set": given, "steps": steps}


def _step(
    sight: Sight, name: ObjectName, record: int, step: Mapping[str, object]
) -> dict[str, object]:
    """Give a step of a run; what it gave to another record is not told here."""
    place = (step.get("object", name), step.get("record", record))
    given = step["input"] if step["action"] == "set" and place == (name, record) else {}
    told = {key: step[key] for key in ("step", "action", "state")}
    return {**told, "input": _fields(sight, name, given)}


def _fields(sight: Sight, name: ObjectName, given: object) -> dict[str, object]:
    assert isinstance(given, Mapping)  # as it was written
    return {f: value for f, value in given.items() if sight.may_read(name, str(f))}


def _standing(
    unit: Unit,
    compiled: CompiledObject,
    values: Mapping[str, Value],
    last: history.Kept | None,
) -> Standing:
    base = replace(unit.caller.context, prior=values, is_new=False)
    if last is None or last.event not in {"created", "updated", "rolled_up"}:
        return Standing(values=values, context=base, event="updated", changed=0)
    if last.event == "created":
        context = replace(base, prior=None, is_new=True)
        return Standing(values=values, context=context, event="created", changed=0)
    before = {
        name: read_kept(compiled.fields[FieldName(name)], old)
        for name, (old, _) in last.changes.items()
        if name in compiled.fields
    }
    prior = {**values, **before}
    changed = changed_mask(compiled, prior, values)
    context = replace(base, prior=prior)
    return Standing(values=values, context=context, event="updated", changed=changed)


def _why(
    unit: Unit,
    compiled: CompiledObject,
    found: Workflow | Rule,
    condition: Expression | None,
    standing: Standing,
) -> Why:
    model = unit.snapshot.model
    part = None
    if condition is not None:
        whole = explain(model, compiled, condition, standing.values, standing.context)
        record = int(standing.values["id"])  # type: ignore[arg-type]  # an integer
        sight = Sight(unit)
        part = seen_by(whole, partial(sight.reads, compiled.name, record), sight.may_ask)
    if isinstance(found, Rule):
        fails = condition is not None and condition.holds(standing.values, standing.context)
        return Why(
            component=component_key(RULE, compiled.name, found.name),
            label=found.name,
            trigger="",
            event=standing.event,
            outcome=FAILED if fails else PASSED,
            criteria=part,
        )
    return Why(
        component=component_key(WORKFLOW, found.name),
        label=found.label,
        trigger=found.when,
        event=standing.event,
        outcome=outcome_of(found, standing),
        criteria=part,
        waits_for=_waits_for(unit, compiled, found),
    )


def outcome_of(workflow: Workflow, standing: Standing) -> str:
    """Say what becomes of a workflow when a record is saved so."""
    starts = {"before_save", *STARTS[standing.event]}
    if workflow.when not in starts and workflow.when in SAVES:
        return OTHER_TRIGGER
    if workflow.gate and not all(standing.changed & mask for mask in workflow.gate):
        return UNCHANGED
    condition = workflow.condition
    holds = condition is None or condition.holds(standing.values, standing.context)
    return FIRED if holds else NOT_HELD


def _waits_for(unit: Unit, compiled: CompiledObject, workflow: Workflow) -> tuple[str, ...]:
    mask = 0
    for each in workflow.gate:
        mask |= each
    readable_mask = unit.access.of(compiled.name).readable
    fields = (field for field in compiled.fields.values() if mask & readable_mask & field.bit)
    return tuple(str(field.name) for field in fields)
