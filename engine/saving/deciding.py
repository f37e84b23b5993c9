"""Deciding about records: the stages, and what they need of other records on the way.

A stage may set a lookup: a computed default does, or a workflow before the save. What it points at
is loaded then, for all records in one statement, and the stages run once more from the start, so
that everything after sees the target, and each workflow still fires once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from engine.access import Everything
from engine.automation import Firing, run_before_save
from engine.compiled import Automation, CompiledObject
from engine.errors import FieldError
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName
from engine.records import Decision, Draft, decide
from engine.records.draft import Target
from engine.saving.explaining.tracing import Trace
from engine.saving.memory import Memory, Met
from engine.saving.references import load_references
from engine.saving.unit import Unit

MAX_ROUNDS = 5  # each round meets lookups that the one before could not know
_ALL = Everything("a workflow sets it")


@dataclass(slots=True)
class _Attempt:
    """A draft of an object with workflows, with what is needed to start over."""

    draft: Draft
    firing: Firing
    values: Mapping[str, Value]
    errors: tuple[FieldError, ...]


def memory_of(unit: Unit) -> Memory:
    """Give the memory of the transaction."""
    if unit.memory is None:
        unit.memory = Memory(unit.tx)
    return unit.memory


def decide_all(
    unit: Unit, compiled: CompiledObject, automation: Automation | None, drafts: Sequence[Draft]
) -> list[Decision]:
    """Run the stages over drafts whose given lookups are loaded. Gives a decision for each."""
    if unit.trace is not None:
        _watch(unit, unit.trace, drafts)
    if automation is None:
        return [_decide(unit, compiled, draft) for draft in drafts]
    attempts = [_attempt(unit, automation, draft) for draft in drafts]
    decisions = [decide(attempt.draft) for attempt in attempts]
    waiting = list(range(len(attempts)))
    for _ in range(MAX_ROUNDS):
        waiting = [place for place in waiting if _unknown(unit, attempts[place].draft)]
        if not waiting:
            break
        _load_targets(unit, [attempts[place] for place in waiting])
        for place in waiting:
            decisions[place] = _again(unit, attempts[place])
    for place in waiting:
        for name in _unknown(unit, attempts[place].draft):
            decisions[place] = _given_up(decisions[place], name)
    return _finished(unit, attempts, decisions)


def _finished(
    unit: Unit, attempts: Sequence[_Attempt], decisions: Sequence[Decision]
) -> list[Decision]:
    """Give the decisions with the workflows that fired; tell who asks why what they have set."""
    found = [
        _with_fired(decision, attempt.firing) if attempt.firing.fired else decision
        for decision, attempt in zip(decisions, attempts, strict=True)
    ]
    if unit.trace is not None:
        for one in found:
            unit.trace.note_set(int(one.values["id"]), one.set_by, one.values)  # type: ignore[arg-type]  # an integer
    return found


def _watch(unit: Unit, trace: Trace, drafts: Sequence[Draft]) -> None:
    """Let the stages tell of what they look at."""
    trace.settled = len(trace.looked)
    for draft in drafts:
        record = int(draft.values["id"])  # type: ignore[arg-type]  # an integer
        draft.watch = trace.watch(unit.snapshot.model, draft.object, record)


def _with_fired(decision: Decision, firing: Firing) -> Decision:
    return replace(decision, fired=tuple(firing.fired), set_by=dict(firing.set_by))


def remember(unit: Unit, drafts: Iterable[tuple[Mapping[str, Value] | None, Decision]]) -> None:
    """Note saves that were written: (the record before, what was written)."""
    memory = memory_of(unit)
    for old, decision in drafts:
        record = int(decision.values["id"])  # type: ignore[arg-type]  # an integer
        met = memory.of(record) or Met(found=old, fired=frozenset())
        version = int(decision.values["version"])  # type: ignore[arg-type]  # an integer
        memory.note(record, replace(met, fired=met.fired.union(decision.fired), version=version))
        memory.keep(record, decision.values, decision.reasons)


def _attempt(unit: Unit, automation: Automation, draft: Draft) -> _Attempt:
    met = memory_of(unit).of(int(draft.values["id"]))  # type: ignore[arg-type]  # an integer
    if met is not None:
        prior, is_new = met.found, met.found is None
        draft.context = replace(draft.context, prior=prior, is_new=is_new)
    firing = Firing(done=frozenset() if met is None else met.fired)
    firing.watch = draft.watch
    draft.start = dict(draft.values)
    draft.before_save = partial(run_before_save, automation, firing)
    return _Attempt(draft, firing, draft.start, tuple(draft.errors))


def _unknown(unit: Unit, draft: Draft) -> list[FieldName]:
    """Name the lookups that the stages have set to what nobody has looked at yet."""
    assert draft.start is not None  # set by `_attempt`
    looked_at, found = draft.found or {}, []
    for name in draft.object.references:
        value = draft.values.get(name)
        is_known = value is None or value == draft.start.get(name) or (name, value) in looked_at
        if is_known or (_is_me(unit, draft, name, value) and not draft.over(name)):
            continue
        found.append(name)
    return found


def _is_me(unit: Unit, draft: Draft, name: FieldName, value: Value) -> bool:
    return value == unit.me and draft.object.fields[name].is_platform


def _load_targets(unit: Unit, attempts: Sequence[_Attempt]) -> None:
    """Look at what the stages have pointed at: one statement per lookup.

    What a workflow points at is read with full rights, what a default does with the caller's.
    """
    groups: dict[tuple[FieldName, bool], list[Draft]] = {}
    for attempt in attempts:
        for name in _unknown(unit, attempt.draft):
            group = (name, name in attempt.firing.set_by)
            groups.setdefault(group, []).append(attempt.draft)
    for (name, is_set), drafts in groups.items():
        for draft in drafts:
            draft.errors.clear()  # put back by `_again`
        load_references(unit, drafts, (name,), policy=_ALL if is_set else None)
        for draft in drafts:
            values = {path: draft.values.get(path) for path in draft.over(name)}
            target = Target(values, tuple(draft.errors))
            draft.found = {**(draft.found or {}), (name, draft.values[name]): target}


def _again(unit: Unit, attempt: _Attempt) -> Decision:
    """Run the stages once more, from the values and errors that there were before the first."""
    draft = attempt.draft
    if unit.trace is not None:
        unit.trace.restart(int(draft.values["id"]))  # type: ignore[arg-type]  # an integer
    draft.values.clear()
    draft.values.update(attempt.values)
    draft.errors[:] = attempt.errors
    draft.reasons.clear()
    attempt.firing.restart()
    return decide(draft)


def _given_up(decision: Decision, name: FieldName) -> Decision:
    message = say("Workflows set one lookup after another here; that was given up.")
    error = FieldError(field=name, code="W101", message=message)
    return replace(decision, errors=(*decision.errors, error))


def _decide(unit: Unit, compiled: CompiledObject, draft: Draft) -> Decision:
    """Run the stages; a lookup set by a computed default is loaded and checked as well."""
    known = {name: draft.values.get(name) for name in compiled.references}
    errors = [*draft.errors]
    decision = decide(draft)
    late = [
        name
        for name in compiled.references
        if draft.values.get(name) != known[name] and draft.values.get(name) is not None
    ]
    if late:
        draft.errors[:] = errors
        load_references(unit, [draft], late)
        decision = decide(draft)
    return decision
