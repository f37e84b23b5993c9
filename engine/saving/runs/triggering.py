"""Which workflows a save starts: their trigger, their criteria, and each at most once.

Separate from `running`, which carries them out. Works on the whole list of written records: one
look per workflow and record, no statement unless one fires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.access import Everything
from engine.compiled import Automation, CompiledObject, Workflow
from engine.expr import EvalContext
from engine.expr.watching import FIRED, NOT_HELD, ONCE, OTHER_TRIGGER, UNCHANGED, Looked
from engine.model.fields.base import Value
from engine.records.draft import changed_mask
from engine.saving.acting import acting
from engine.saving.at_hand import at_hand
from engine.saving.deciding import memory_of
from engine.saving.explaining.tracing import tell
from engine.saving.memory import Met
from engine.saving.runs.running import is_ready, start_runs
from engine.saving.unit import SAMPLE, Unit
from engine.saving.written import Written
from engine.store.platform import runs
from engine.store.reading import fetch_by_ids

WEBHOOK = "webhook"  # a trigger, and the door of incoming endpoints: `Unit.source`
# Event -> the triggers that it is.
STARTS: Mapping[str, frozenset[str]] = {
    "created": frozenset({"created", "saved"}),
    "updated": frozenset({"updated", "saved"}),
    "rolled_up": frozenset({"updated", "saved"}),
    "deleted": frozenset({"deleted"}),
}
_WHOLE = frozenset({"created", "updated"})  # their values hold formulas and paths as well
_ALL = Everything("workflows look at it")


@dataclass(slots=True)
class _Seen:
    """A written record as the workflows see it; `values` is None when they must be read again."""

    written: Written
    met: Met
    values: Mapping[str, Value] | None
    changed: int
    context: EvalContext
    version: int
    triggers: frozenset[str]


def run_workflows(unit: Unit, compiled: CompiledObject, written: Sequence[Written]) -> None:
    """Start the workflows whose trigger and criteria fit, in order of their API names."""
    automation = unit.snapshot.model.automation.get(compiled.name)
    if automation is None or unit.source == SAMPLE:
        return
    if automation.awaits:
        ids = [one.id for one in written if one.event != "deleted"]
        runs.wake_records(unit.tx, "condition", at=unit.now, records=ids)
    is_gone = written[0].event == "deleted"
    workflows = automation.deleted if is_gone else automation.after
    if not workflows or written[0].event == "restored":
        return
    came_in, unit = unit.source == WEBHOOK, acting(unit)
    seen = [_see(unit, automation, compiled, one, came_in=came_in) for one in written]
    for workflow in workflows:
        if is_ready(workflow.program):
            _look(unit, automation, compiled, workflow, seen)


def _see(
    unit: Unit,
    automation: Automation,
    compiled: CompiledObject,
    written: Written,
    *,
    came_in: bool,
) -> _Seen:
    memory = memory_of(unit)
    version = int(written.values["version"])  # type: ignore[arg-type]  # an integer
    met = memory.of(written.id)
    if met is None:
        met = Met(found=written.old, fired=frozenset(), version=version)
        memory.note(written.id, met)
    elif met.version < version:
        met = replace(met, version=version)
        memory.note(written.id, met)
    is_whole = written.event in _WHOLE and _has_all(automation, written.values)
    context = replace(unit.caller.context, prior=met.found, is_new=met.found is None)
    is_first = met.found is written.old
    triggers = STARTS.get(written.event, frozenset())
    if came_in and written.event in _WHOLE:
        triggers |= {WEBHOOK}
    changed = written.changed if is_first else _changed(compiled, met, written.values)
    return _Seen(
        written,
        met,
        written.values if is_whole else None,
        0 if met.found is None else changed,
        context,
        version,
        triggers,
    )


def _has_all(automation: Automation, values: Mapping[str, Value]) -> bool:
    """Tell whether every path is at hand; over a blank lookup it is blank."""
    missing = automation.paths - values.keys()
    return all(values.get(path.partition(".")[0]) is None for path in missing)


def _changed(compiled: CompiledObject, met: Met, values: Mapping[str, Value]) -> int:
    return 0 if met.found is None else changed_mask(compiled, met.found, values)


def _look(
    unit: Unit,
    automation: Automation,
    compiled: CompiledObject,
    workflow: Workflow,
    seen: Sequence[_Seen],
) -> None:
    """Look at one workflow for every record, and run it for those for which it holds."""
    memory = memory_of(unit)
    candidates = [one for one in seen if _may_fire(workflow, one)]
    if unit.trace is not None:
        for one in seen:
            if one not in candidates:
                _tell(unit, compiled, workflow, one, _passed_by(workflow, one))
    if not candidates:
        return
    _refresh(unit, automation, compiled, candidates)
    firing: dict[int, Mapping[str, Value]] = {}
    for one in candidates:
        if unit.trace is not None:
            outcome = FIRED if one.values is not None and _holds(workflow, one) else NOT_HELD
            _tell(unit, compiled, workflow, one, outcome)
        if one.values is not None and _holds(workflow, one):
            memory.note(one.written.id, replace(one.met, fired=one.met.fired | {workflow.name}))
            firing[one.written.id] = one.values
    if firing:
        start_runs(unit, workflow.program, compiled, firing, candidates[0].written.event)
        for one in seen:
            one.met = memory.of(one.written.id) or one.met


def _may_fire(workflow: Workflow, one: _Seen) -> bool:
    """Tell whether a workflow is looked at for a record: its trigger, not fired, what changed."""
    if workflow.when not in one.triggers:
        return False
    if workflow.gate and not all(one.changed & mask for mask in workflow.gate):
        return False
    return workflow.name not in one.met.fired


def _passed_by(workflow: Workflow, one: _Seen) -> str:
    """Say why a workflow is not looked at for a record."""
    if workflow.when not in STARTS.get(one.written.event, ()):
        return OTHER_TRIGGER
    return ONCE if workflow.name in one.met.fired else UNCHANGED


def _tell(
    unit: Unit, compiled: CompiledObject, workflow: Workflow, one: _Seen, outcome: str
) -> None:
    """Tell who asks why what became of a workflow for a record."""
    values = one.written.values if one.values is None else one.values
    looked = Looked(
        kind="workflow",
        name=workflow.name,
        outcome=outcome,
        condition=workflow.condition,
        values=values,
        context=one.context,
    )
    tell(unit, compiled, one.written.id, looked)


def _holds(workflow: Workflow, one: _Seen) -> bool:
    condition = workflow.condition
    return condition is None or condition.holds(one.values or {}, one.context)


def _refresh(
    unit: Unit, automation: Automation, compiled: CompiledObject, candidates: Sequence[_Seen]
) -> None:
    """Read again what an earlier workflow has changed, and what a save did not have at hand."""
    stale = [one for one in candidates if one.values is None or one.met.version != one.version]
    if not stale:
        return
    reads = {
        path
        for workflow in (*automation.after, *automation.deleted)
        if workflow.condition is not None
        for path in workflow.condition.reads
    }
    stored = (str(field.name) for field in compiled.fields.values() if field.is_stored)
    paths = (*stored, *sorted(reads))
    is_bin = stale[0].written.event == "deleted"
    plan = unit.plans(
        ("look at", compiled.name, paths, is_bin),
        lambda: unit.planner.load_paths(compiled, paths, policy=_ALL, is_bin=is_bin),
    )
    ids = {one.written.id for one in stale}
    rows = {} if is_bin else at_hand(unit, compiled, ids, paths)
    found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, sorted(ids - rows.keys()))
    rows |= {record: row for record, (row, _) in found.items()}
    for one in stale:
        one.values = rows.get(one.written.id)
        one.version = one.met.version
        if one.values is not None and one.written.event != "deleted":
            one.changed = _changed(compiled, one.met, one.values)
