"""Why, and why not: a record and a component, looked at as the record's last save left it.

Separate from traces, which tell what was; this tells of any record at any time, without one. Rules
and workflows are answered here; approvals, deadlines and assignments have rooms of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from engine.compiled import (
    Approval,
    Assignment,
    CompiledObject,
    Deadline,
    Model,
    Rule,
    Workflow,
)
from engine.errors import NotFound, RequestInvalid
from engine.expr import Expression
from engine.expr.watching import FAILED, FIRED, NOT_HELD, OTHER_TRIGGER, PASSED, UNCHANGED, UNKNOWN
from engine.locale import say
from engine.names import ObjectName, component_key, did_you_mean
from engine.saving.explaining.answers import Teller, Why, is_hidden
from engine.saving.explaining.criteria import seen_by
from engine.saving.explaining.standing import Standing, standings
from engine.saving.explaining.tracing import DONE, ensure_may_ask, from_json
from engine.saving.explaining.why_approval import APPROVAL, why_approval
from engine.saving.explaining.why_clock import SLA, why_clock
from engine.saving.explaining.why_owner import ASSIGNMENT, why_owner
from engine.saving.runs.triggering import STARTS
from engine.saving.sight import Sight
from engine.saving.unit import Unit
from engine.store.platform import traces
from engine.store.platform.traces import TraceRow
from engine.store.reading import fetch_by_ids

SAVES = frozenset({"created", "updated", "saved", "deleted"})
WORKFLOW, RULE = "workflow", "validation_rule"
Asked = Workflow | Rule | Approval | Deadline | Assignment


def why(unit: Unit, compiled: CompiledObject, record_id: int, component: str) -> Why:
    """Say what a component makes of a record that the caller sees.

    Raises: AccessDenied A100; NotFound N100; RequestInvalid W192 for a component that is none of
    the object's.
    """
    ensure_may_ask(unit)
    found = _found(unit, compiled, component)
    plan = unit.planner.load_paths(compiled, ())
    if record_id not in fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record_id]):
        raise NotFound
    if isinstance(found, Approval):
        return why_approval(unit, compiled, record_id, found)
    if isinstance(found, Deadline):
        return why_clock(unit, compiled, record_id, found)
    if isinstance(found, Assignment):
        return why_owner(unit, compiled, record_id, found)
    condition = found.invalid_if if isinstance(found, Rule) else found.condition
    reads = () if condition is None else condition.reads
    (standing,) = standings(unit, compiled, [record_id], reads)
    return _why(Teller(unit, compiled, standing), found, condition)


def askable(model: Model, name: str) -> dict[str, str]:
    """Give the components about which somebody can ask why, with their labels: of one object.

    All that are known, rules left out, where no object is named.
    """
    parts: tuple[tuple[str, Iterable[Workflow | Approval | Deadline | Assignment]], ...] = (
        (WORKFLOW, model.workflows.values()),
        (APPROVAL, (one for known in model.approvals.values() for one in known)),
        (SLA, (one for known in model.deadlines.values() for one in known)),
        (ASSIGNMENT, model.assignments.values()),
    )
    found = {
        f"{kind}:{one.name}": one.label
        for kind, known in parts
        for one in known
        if name in ("", one.object)
    }
    compiled = model.objects.get(ObjectName(name))
    for rule in compiled.rules if compiled is not None else ():
        found[str(component_key(RULE, name, rule.name))] = rule.name
    return found


def _found(unit: Unit, compiled: CompiledObject, component: str) -> Asked:
    """Give a component of an object. Raises: RequestInvalid W192."""
    model = unit.snapshot.model
    kind, _, path = component.partition(":")
    known: dict[str, Iterable[Asked]] = {
        WORKFLOW: model.workflows.values(),
        APPROVAL: model.approvals.get(compiled.name, ()),
        SLA: model.deadlines.get(compiled.name, ()),
        ASSIGNMENT: model.assignments.values(),
    }
    for one in known.get(kind, ()):
        if one.name == path and (isinstance(one, Rule) or one.object == compiled.name):
            return one
    for rule in compiled.rules:
        if component == component_key(RULE, compiled.name, rule.name):
            return rule
    raise RequestInvalid(
        say(
            '"{name}" is no active workflow, rule, approval, SLA or assignment of these records.',
            name=component,
        ),
        code="W192",
        hint=did_you_mean(component, list(askable(model, compiled.name))),
    )


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


def _why(teller: Teller, found: Workflow | Rule, condition: Expression | None) -> Why:
    standing, part = teller.standing, teller.part(condition)
    if isinstance(found, Rule):
        outcome = FAILED if condition is not None and teller.holds(condition) else PASSED
        return Why(
            component=component_key(RULE, teller.compiled.name, found.name),
            label=found.name,
            trigger="",
            event=standing.event,
            outcome=UNKNOWN if is_hidden(part) else outcome,
            criteria=part,
        )
    outcome = outcome_of(found, standing)
    hangs = outcome in {FIRED, NOT_HELD}  # upon the values
    return Why(
        component=component_key(WORKFLOW, found.name),
        label=found.label,
        trigger=found.when,
        event=standing.event,
        outcome=UNKNOWN if hangs and is_hidden(part) else outcome,
        criteria=part,
        waits_for=_waits_for(teller.unit, teller.compiled, found),
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
