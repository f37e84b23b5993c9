"""The bin: deleting with what a delete does to others, and restoring what one delete took along.

`restrict` refuses, `cascade` takes the others along, `clear` blanks their lookups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.compiled import CompiledObject, Inbound
from engine.describing import field_label
from engine.errors import AccessDenied, Conflict, FieldError, NotFound
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.saving.fetching import to_change
from engine.saving.journal import Journal
from engine.saving.keeping import ensure_may_remove, keeping, note_deleted
from engine.saving.locking import locked, locked_among, needs_guard
from engine.saving.refusing import still_used, without_hidden
from engine.saving.rollups import Saved, roll_up
from engine.saving.shown import shown
from engine.saving.unit import Record, Unit
from engine.saving.written import Written
from engine.store.reading import Reached, fetch_by_ids
from engine.store.writing import (
    Deletion,
    clear_references,
    inbound_records,
    move_to_bin,
    take_from_bin,
)

MAX_ALONG = 10_000


@dataclass(slots=True)
class _Doomed:
    """Everything one delete concerns: what goes to the bin, by object, and lookups to blank."""

    records: dict[ObjectName, dict[int, Record]] = field(default_factory=dict)
    cleared: dict[Inbound, dict[int, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(map(len, self.records.values()))


def delete(
    unit: Unit, compiled: CompiledObject, record_id: int, expected_version: int | None = None
) -> None:
    """Put a record into the bin, with what goes along.

    Raises: NotFound N100; AccessDenied A100; Conflict C100 (stale), C102 (still in use);
    RecordLocked W160.
    """
    row = _loaded(unit, compiled, record_id)
    if expected_version is not None and expected_version != row["version"]:
        message = say("Somebody else has changed this record since you read it.")
        raise Conflict(message, current=shown(unit, compiled, row, {}))
    doomed = _Doomed(records={compiled.name: {record_id: row}})
    _collect(unit, compiled.name, [record_id], doomed)
    with keeping(unit, compiled):
        _carry_out(unit, doomed, record_id)
    note_deleted(unit, compiled, record_id)


def restore(unit: Unit, compiled: CompiledObject, record_id: int) -> None:
    """Take a record out of the bin, with what its delete took along.

    Raises: NotFound N100; AccessDenied A100; Conflict C104 when a parent is still in the bin.
    """
    plan = unit.planner.load(compiled, is_bin=True)
    row = _checked(unit, compiled, to_change(unit, compiled, plan, [record_id]), record_id)
    back: dict[ObjectName, list[int]] = {compiled.name: [record_id]}
    _gather_back(unit, compiled.name, [record_id], record_id, back)
    _check_parents(unit, compiled, row)
    journal = Journal(unit)
    for name, ids in back.items():
        take_from_bin(unit.tx, unit.snapshot, name, ids)
    for name, ids in back.items():
        _note_restored(unit, unit.snapshot.model.objects[name], ids, journal)
    journal.close(compiled, ())


def _loaded(unit: Unit, compiled: CompiledObject, record_id: int) -> Record:
    plan = unit.planner.load(compiled)
    return _checked(unit, compiled, to_change(unit, compiled, plan, [record_id]), record_id)


def _checked(
    unit: Unit,
    compiled: CompiledObject,
    found: Mapping[int, Reached],
    record_id: int,
) -> Record:
    access = unit.access.of(compiled.name)
    if record_id not in found or not access.may("read"):
        raise NotFound
    if not access.may("delete") or not found[record_id].may_edit:
        raise AccessDenied(say("You may see this record, but not delete or restore it."))
    ensure_may_remove(unit, compiled, record_id)
    _ensure_unlocked(unit, compiled, found)
    return found[record_id].row


def _ensure_unlocked(unit: Unit, compiled: CompiledObject, found: Mapping[int, Reached]) -> None:
    """Refuse to take along what an approval has locked. Raises: RecordLocked W160."""
    for request in locked_among(unit, compiled, found).values():
        raise locked(unit, request)


def _collect(unit: Unit, name: ObjectName, ids: Sequence[int], doomed: _Doomed) -> None:
    """Follow the lookups that point at records about to go; one statement per object and level."""
    inbound = unit.snapshot.model.links.inbound.get(name, ())
    if not inbound:
        return
    along: dict[ObjectName, set[int]] = {}
    used: dict[str, set[int]] = {}
    for link, record, target in inbound_records(unit.tx, unit.snapshot, inbound, ids):
        if record in doomed.records.get(link.object, {}):
            continue
        if link.on_delete == "restrict":
            used.setdefault(link.object, set()).add(record)
        elif link.on_delete == "cascade":
            along.setdefault(link.object, set()).add(record)
        else:
            doomed.cleared.setdefault(link, {})[record] = target
    if used:
        raise still_used(unit, used)
    for other, records in along.items():
        _take_along(unit, other, sorted(records), doomed)


def _take_along(unit: Unit, name: ObjectName, ids: list[int], doomed: _Doomed) -> None:
    if len(doomed) + len(ids) > MAX_ALONG:
        message = say(
            "More than {most:group} records would go to the bin with this one.", most=MAX_ALONG
        )
        raise Conflict(message, code="C102", hint=say("delete them in bulk first"))
    compiled = unit.snapshot.model.objects[name]
    plan = unit.planner.load_all(compiled)
    found = to_change(unit, compiled, plan, ids)
    _ensure_unlocked(unit, compiled, found)
    doomed.records.setdefault(name, {}).update({i: one.row for i, one in found.items()})
    _collect(unit, name, ids, doomed)


def _carry_out(unit: Unit, doomed: _Doomed, root: int) -> None:
    journal = Journal(unit)
    deletion = Deletion(at=int(unit.now.timestamp() * 1000), by=unit.me, root=root)
    for name, records in doomed.records.items():
        guarded = needs_guard(unit)
        ids = sorted(records)
        if not move_to_bin(unit.tx, unit.snapshot, name, ids, deletion, unlocked=guarded):
            raise Conflict(say("Somebody else has changed this record at the same moment."))
    for link, pointing in doomed.cleared.items():
        kept = doomed.records.get(link.object, {})
        ids = sorted(record for record in pointing if record not in kept)
        if ids:
            _clear(unit, link, ids, journal)
    for name, records in doomed.records.items():
        compiled = unit.snapshot.model.objects[name]
        for row in records.values():
            gone = {**row, "version": int(row["version"]) + 1}  # type: ignore[arg-type]  # integer
            journal.note(compiled, row, gone, 0, event="deleted")
        saved: list[Saved] = [(row, None, 0) for row in records.values()]
        roll_up(unit, compiled, saved, journal)
        gone_all = [_gone(row) for row in records.values()]
        journal.touched.append((compiled, gone_all))
    journal.close(unit.snapshot.model.objects[next(iter(doomed.records))], ())


def _gone(row: Mapping[str, Value]) -> Written:
    return Written(old=row, values=row, changed=0, event="deleted")


def _clear(unit: Unit, link: Inbound, ids: list[int], journal: Journal) -> None:
    """Blank a lookup in others, with their history and the roll-ups that follow from it."""
    compiled = unit.snapshot.model.objects[link.object]
    before = to_change(unit, compiled, unit.planner.load_all(compiled), ids)
    clear_references(unit.tx, unit.snapshot, link, ids)
    mask = compiled.fields[FieldName(link.field)].bit
    saved: list[Saved] = []
    touched: list[Written] = []
    for row in (one.row for one in before.values()):
        after = {**row, link.field: None, "version": int(row["version"]) + 1}  # type: ignore[arg-type]  # integer
        journal.note(compiled, row, after, mask)
        saved.append((row, after, mask))
        touched.append(Written(old=row, values=after, changed=mask, event="updated"))
    journal.touched.append((compiled, touched))
    roll_up(unit, compiled, saved, journal)


def _gather_back(
    unit: Unit,
    name: ObjectName,
    ids: Sequence[int],
    root: int,
    back: dict[ObjectName, list[int]],
) -> None:
    """Find what the same delete took along, over cascading lookups."""
    inbound = unit.snapshot.model.links.inbound.get(name, ())
    cascading = [link for link in inbound if link.on_delete == "cascade"]
    if not cascading:
        return
    found: dict[ObjectName, list[int]] = {}
    for link, record, _ in inbound_records(
        unit.tx, unit.snapshot, cascading, ids, deleted_with=root
    ):
        if record not in back.get(link.object, []):
            found.setdefault(link.object, []).append(record)
            back.setdefault(link.object, []).append(record)
    for other, records in found.items():
        _gather_back(unit, other, records, root, back)


def _check_parents(unit: Unit, compiled: CompiledObject, row: Mapping[str, Value]) -> None:
    """Refuse to bring a record back without what it points at."""
    missing = []
    for name in compiled.references:
        declared = compiled.fields[name]
        value = row.get(name)
        if declared.is_platform or not isinstance(value, int) or len(declared.decl.targets) != 1:
            continue
        target = unit.snapshot.model.objects[declared.decl.targets[0]]
        plan = unit.planner.load_all(target, only_id=True)
        if not fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [value]):
            label = field_label(compiled, declared, unit.language)
            message = say("{label} is in the bin itself.", label=label)
            missing.append(FieldError(field=name, code="C104", message=message))
    if missing:
        message = say("What this record points at is still in the bin.")
        errors = without_hidden(unit, compiled, missing)
        raise Conflict(message, code="C104", errors=errors, hint=say("restore that first"))


def _note_restored(
    unit: Unit, compiled: CompiledObject, ids: Sequence[int], journal: Journal
) -> None:
    found = to_change(unit, compiled, unit.planner.load_all(compiled), ids)
    saved: list[Saved] = []
    touched: list[Written] = []
    for row in (one.row for one in found.values()):
        journal.note(compiled, row, row, 0, event="restored")
        saved.append((None, row, 0))
        touched.append(Written(old=row, values=row, changed=0, event="restored"))
    journal.touched.append((compiled, touched))
    roll_up(unit, compiled, saved, journal)
