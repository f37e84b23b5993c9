"""Creating and updating, for one record or many: load, decide, write, roll up, remember.

Every step works on the whole list, so that a bulk of 200 costs few statements more than one save.
A record that is refused leaves the list with its error; the others go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.access import ObjectAccess
from engine.access.effective import ENGINE_FIELDS
from engine.compiled import Automation, CompiledObject
from engine.describing import field_label
from engine.errors import (
    AccessDenied,
    AutomationFailed,
    Conflict,
    FieldError,
    NotFound,
    PatronError,
    RecordInvalid,
)
from engine.expr import EvalContext
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName
from engine.records import Decision, Draft, coerce
from engine.records.pipeline import set_constants
from engine.saving.acting import WORKFLOW
from engine.saving.at_hand import at_hand
from engine.saving.deciding import decide_all, remember
from engine.saving.fetching import to_change
from engine.saving.journal import Journal
from engine.saving.keeping import keeping, note_people, refused_of_people
from engine.saving.locking import locked, locked_among, needs_guard
from engine.saving.numbers import set_auto_numbers
from engine.saving.references import OWNER, load_references, lookups_to_load
from engine.saving.refusing import readable_of, without_hidden
from engine.saving.rollups import roll_up
from engine.saving.shown import settled, shown
from engine.saving.unit import Record, Unit
from engine.saving.written import Written
from engine.store.failures import UniqueViolated
from engine.store.naming import unique_name
from engine.store.platform.shares import queue_ids
from engine.store.reading import Reached
from engine.store.tables import column_name
from engine.store.writing import insert_many, update

Outcome = Record | PatronError
Pair = tuple[Mapping[str, Value] | None, Decision]  # the record before, and what to write
NO_LOCKS: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What somebody wants of one record: new values, and the version they saw (None: any).

    `hands_over`: only the owner changes, by the right `transfer`, on a record that need not be
    theirs to edit.
    """

    id: int
    given: Mapping[str, object]
    expected_version: int | None = None
    hands_over: bool = False


def create(
    unit: Unit, compiled: CompiledObject, givens: Sequence[Mapping[str, object]]
) -> list[Outcome]:
    """Create records, in order; the outcome of each is the record or why it was refused.

    Raises: AccessDenied A100; UniqueViolated when the database finds a value twice (nothing of the
    list is written then: the caller decides whether to go one by one).
    """
    access = unit.rights(compiled, "create")
    automation = unit.snapshot.model.automation.get(compiled.name)
    paths = compiled.paths if automation is None else automation.paths
    ids = unit.take_ids(compiled.name, len(givens))
    context = replace(unit.caller.context, prior=None, is_new=True)
    drafts = [
        _new_draft(unit, compiled, access, context, paths, record_id, given)
        for record_id, given in zip(ids, givens, strict=True)
    ]
    set_auto_numbers(unit, compiled, [draft for draft in drafts if not draft.errors])
    _load_changed(unit, compiled, drafts)
    decisions = decide_all(unit, compiled, automation, drafts)
    good = [d for d in decisions if not d.errors]
    if good:
        insert_many(unit.tx, unit.snapshot, compiled.name, [d.values for d in good])
        _follow_up(unit, compiled, automation, [(None, decision) for decision in good])
    again = settled(unit, compiled, good)
    return [_outcome(unit, compiled, decision, again) for decision in decisions]


def change(unit: Unit, compiled: CompiledObject, changes: Sequence[Change]) -> list[Outcome]:
    """Update records, in order; ids must differ. The outcome of each is the record or an error.

    Hidden and absent records are not found before a word about rights is said.
    """
    access = unit.access.of(compiled.name)
    automation = unit.snapshot.model.automation.get(compiled.name)
    paths = compiled.paths if automation is None else automation.paths
    found = _load(unit, compiled, paths, [change.id for change in changes])
    locks = locked_among(unit, compiled, found)
    outcomes: list[Outcome | None] = []
    drafts: list[Draft] = []
    for wanted in changes:
        refused = _refused(unit, compiled, access, wanted, found.get(wanted.id))
        outcomes.append(refused)
        if refused is None:
            row = found[wanted.id].row
            drafts.append(_changed_draft(unit, compiled, access, paths, wanted, row))
    _load_changed(unit, compiled, drafts)
    decisions = decide_all(unit, compiled, automation, drafts)
    pairs = [
        (draft.old, decision)
        for draft, decision in zip(drafts, decisions, strict=True)
        if not decision.errors and decision.changed and _id(decision) not in locks
    ]
    with keeping(unit, compiled):
        written = _write(unit, compiled, pairs)
    _follow_up(unit, compiled, automation, written)
    again = settled(unit, compiled, [decision for _, decision in written])
    final = {_id(decision): decision for _, decision in written}
    results = iter(final.get(_id(decision), decision) for decision in decisions)
    return [
        refused if refused is not None else _outcome(unit, compiled, next(results), again, locks)
        for refused in outcomes
    ]


def _load(
    unit: Unit, compiled: CompiledObject, paths: frozenset[str], ids: Iterable[int]
) -> dict[int, Reached]:
    """Read what is to be changed, and hold it: one statement, none for what is at hand.

    At hand is what a workflow changes that this very transaction has just saved; who acts for the
    configuration may change every record, locked or not.
    """
    wanted = set(ids)
    found: dict[int, Reached] = {}
    if unit.source == WORKFLOW:
        rows = at_hand(unit, compiled, wanted, paths)
        found = {
            record: Reached(row=row, may_edit=True, lock=None, waits=False)
            for record, row in rows.items()
        }
    plan = unit.planner.load(compiled, paths)
    missing = sorted(wanted - found.keys())
    return found | to_change(unit, compiled, plan, missing)


def _id(decision: Decision) -> int:
    return int(decision.values["id"])  # type: ignore[arg-type]  # ids are integers


def _new_draft(
    unit: Unit,
    compiled: CompiledObject,
    access: ObjectAccess,
    context: EvalContext,
    paths: frozenset[str],
    record_id: int,
    given: Mapping[str, object],
) -> Draft:
    values, errors = coerce(compiled, access, given, is_new=True, used_names=unit.deprecations)
    if values.get("owner") is None:
        values["owner"] = unit.me
    values.update(
        id=record_id,
        created_at=unit.now,
        created_by=unit.me,
        updated_at=unit.now,
        updated_by=unit.me,
        version=1,
    )
    draft = Draft(
        object=compiled, old=None, values=values, context=context, errors=errors, paths=paths
    )
    set_constants(draft)
    return draft


def _changed_draft(
    unit: Unit,
    compiled: CompiledObject,
    access: ObjectAccess,
    paths: frozenset[str],
    wanted: Change,
    old: Record,
) -> Draft:
    if wanted.hands_over:
        access = replace(access, editable=access.editable | compiled.fields[OWNER].bit)
    given, errors = coerce(
        compiled, access, wanted.given, is_new=False, used_names=unit.deprecations
    )
    if given.get(OWNER) not in (None, old[OWNER]) and not may_hand_over(unit, access, old, given):
        message = say("Giving a record to another owner needs the right to transfer it.")
        errors.append(FieldError(field=OWNER, code="A101", message=message))
        del given[OWNER]
    for refused in refused_of_people(unit, compiled, old, given):
        errors.append(refused)
        del given[refused.field]
    if "owner" in given and given["owner"] is None:
        message = say("A record always has an owner.")
        errors.append(FieldError(field="owner", code="R105", message=message))
        del given["owner"]
    values = {**old, **given}
    values.pop("_errors", None)
    context = replace(unit.caller.context, prior=old, is_new=False)
    return Draft(
        object=compiled, old=old, values=values, context=context, errors=errors, paths=paths
    )


def _refused(
    unit: Unit,
    compiled: CompiledObject,
    access: ObjectAccess,
    wanted: Change,
    found: Reached | None,
) -> PatronError | None:
    """Say why a change cannot even be looked at: hidden, not allowed, or out of date."""
    if found is None or not access.may("read"):
        return NotFound()
    row = found.row
    hands_over = wanted.hands_over and access.may("transfer")
    if not hands_over and (not access.may("edit") or not found.may_edit):
        return AccessDenied(say("You may see this record, but not change it."))
    version = row["version"]
    if wanted.expected_version is not None and wanted.expected_version != version:
        message = say("Somebody else has changed this record since you read it.")
        hint = say("look at `current`, and send your change again with its version")
        return Conflict(message, hint=hint, current=shown(unit, compiled, row, {}))
    return None


def may_hand_over(
    unit: Unit, access: ObjectAccess, old: Mapping[str, Value], given: Mapping[str, Value]
) -> bool:
    """Tell whether the owner may change: by right, or because a member takes from their queue."""
    if access.may("transfer"):
        return True
    queues = unit.access.standing.queues
    return given.get(OWNER) == unit.me and old[OWNER] in queue_ids(unit.tx, queues)


def _load_changed(unit: Unit, compiled: CompiledObject, drafts: Sequence[Draft]) -> None:
    wanted: dict[FieldName, list[Draft]] = {}
    for draft in drafts:
        for name in lookups_to_load(unit, draft):
            wanted.setdefault(name, []).append(draft)
    for name in compiled.references:
        if name in wanted:
            load_references(unit, wanted[name], (name,))


def _write(unit: Unit, compiled: CompiledObject, pairs: Sequence[Pair]) -> list[Pair]:
    """Write changed fields; records that change the same fields share a statement."""
    written: list[Pair] = []
    by_mask: dict[int, list[dict[str, Value]]] = {}
    for old, decision in pairs:
        assert old is not None  # only updates come here
        values: dict[str, Value] = {
            **decision.values,
            "updated_at": unit.now,
            "updated_by": unit.me,
            "version": int(old["version"]) + 1,  # type: ignore[arg-type]  # an integer
        }
        fields = {
            str(name): values[name]
            for name, field in compiled.fields.items()
            if decision.changed & field.bit and name not in ENGINE_FIELDS
        }
        stamp: dict[str, Value] = {"updated_at": unit.now, "updated_by": unit.me}
        row: dict[str, Value] = {"id": old["id"], "version": old["version"], **fields, **stamp}
        by_mask.setdefault(decision.changed, []).append(row)
        written.append((old, replace(decision, values=values)))
    guarded = needs_guard(unit)
    for rows in by_mask.values():
        if not update(unit.tx, unit.snapshot, compiled.name, rows, unlocked=guarded):
            raise Conflict(say("Somebody else has changed this record at the same moment."))
    return written


def _follow_up(
    unit: Unit,
    compiled: CompiledObject,
    automation: Automation | None,
    written: Sequence[Pair],
) -> None:
    """Remember the changes and recompute the roll-ups they feed."""
    if automation is not None:
        remember(unit, written)
    note_people(unit, compiled, ((old, decision.values) for old, decision in written))
    journal = Journal(unit)
    for old, decision in written:
        journal.note(compiled, old, decision.values, decision.changed, set_by=decision.set_by)
    changes = [(old, decision.values, decision.changed) for old, decision in written]
    roll_up(unit, compiled, changes, journal)
    journal.close(compiled, [_written(old, decision) for old, decision in written])


def _written(old: Mapping[str, Value] | None, decision: Decision) -> Written:
    event = "created" if old is None else "updated"
    return Written(old=old, values=decision.values, changed=decision.changed, event=event)


def _outcome(
    unit: Unit,
    compiled: CompiledObject,
    decision: Decision,
    again: Mapping[int, Record],
    locks: Mapping[int, int] = NO_LOCKS,
) -> Outcome:
    lock = locks.get(_id(decision))
    errors = without_hidden(unit, compiled, decision.errors) if decision.errors else ()
    if lock is not None:
        return locked(unit, lock, errors)
    if errors:
        if any(error.code == "W101" for error in errors):
            return AutomationFailed(errors=errors)
        return RecordInvalid(errors=errors)
    changed = again.get(_id(decision))
    return changed or shown(unit, compiled, decision.values, decision.reasons)


def unique_conflict(unit: Unit, compiled: CompiledObject, violated: UniqueViolated) -> Conflict:
    """Turn the database's refusal into a sentence at the fields; never names the other record."""
    physical = unit.snapshot.physical[compiled.name]
    columns = {group: [column_name(physical, name) for name in group] for group in compiled.uniques}
    fields = next(
        (g for g in compiled.uniques if unique_name(physical.table, columns[g]) == violated.name),
        (),
    )
    fields = readable_of(unit, compiled, fields)
    labels = [field_label(compiled, compiled.fields[name], unit.language) for name in fields]
    message = say(
        "{labels} must be unique, and this value is already used.",
        labels=", ".join(labels) or say("A value"),
    )
    errors = tuple(FieldError(field=name, code="C101", message=message) for name in fields)
    return Conflict(message, code="C101", errors=errors)
