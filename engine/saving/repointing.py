"""Lookups turned from some records to another, in whatever points at them: set-wise.

Separate from merging, which decides what is merged. The rights of the configuration count: what
pointed at a record that goes must not be left pointing at it, whoever may see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.compiled import CompiledObject, Inbound
from engine.describing import object_label
from engine.errors import Conflict
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.saving.journal import Journal
from engine.saving.rollups import Saved, roll_up
from engine.saving.unit import Record, Unit
from engine.saving.written import Written
from engine.store.failures import UniqueViolated
from engine.store.reading import fetch_by_ids
from engine.store.writing import inbound_records, move_binned_references, update

MOST_POINTING = 10_000
Turned = Mapping[str, int | None]  # lookup -> what it points at from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class Repointing:
    """From which records of an object to which. A lookup of `kept` at one of them is blanked."""

    object: ObjectName
    others: tuple[int, ...]
    kept: int


def repoint(unit: Unit, wanted: Repointing, journal: Journal) -> None:
    """Turn every lookup at the others, with history, roll-ups and all that follows a change.

    Records in the bin are turned too, without a word: what is restored points at what is there.
    Cost: per object that points, two statements and those of its roll-ups, and one per lookup.
    Raises: Conflict C101 where two would then be the same, C102 when too many point there.
    """
    inbound = unit.snapshot.model.links.inbound.get(wanted.object, ())
    if not inbound:
        return
    turned: dict[ObjectName, dict[int, dict[str, int | None]]] = {}
    for link, record, _ in inbound_records(unit.tx, unit.snapshot, inbound, wanted.others):
        if link.object == wanted.object and record in wanted.others:
            continue  # it goes to the bin itself
        target = None if record == wanted.kept else wanted.kept
        turned.setdefault(link.object, {}).setdefault(record, {})[str(link.field)] = target
    if sum(map(len, turned.values())) > MOST_POINTING:
        message = say(
            "More than {most:group} records point at those that are merged.", most=MOST_POINTING
        )
        raise Conflict(message, code="C102", hint=say("move some of them first"))
    for name in sorted(turned):
        _turn(unit, unit.snapshot.model.objects[name], turned[name], journal)
    for link in inbound:
        _turn_binned(unit, link, wanted)


def _turn_binned(unit: Unit, link: Inbound, wanted: Repointing) -> None:
    """Turn what lies in the bin, and what goes there now: those are the only ones left."""
    move_binned_references(unit.tx, unit.snapshot, link, wanted.others, wanted.kept)


def _turn(
    unit: Unit, compiled: CompiledObject, turned: Mapping[int, Turned], journal: Journal
) -> None:
    plan, ids = unit.planner.load_all(compiled), sorted(turned)
    found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, ids, for_update=True)
    before = {record: row for record, (row, _) in found.items() if _still_points(row, turned)}
    try:
        for changes in _by_fields(unit, before, turned):
            if not update(unit.tx, unit.snapshot, compiled.name, changes):
                raise Conflict(say("Somebody else has changed this record at the same moment."))
    except UniqueViolated as violated:
        raise _twice(unit, compiled) from violated
    saved: list[Saved] = []
    touched: list[Written] = []
    for record, row in before.items():
        version = int(row["version"]) + 1  # type: ignore[arg-type]  # an integer
        stamp: Record = {"updated_at": unit.now, "updated_by": unit.me, "version": version}
        after: Record = {**row, **turned[record], **stamp}
        mask = 0
        for name in turned[record]:
            mask |= compiled.fields[FieldName(name)].bit
        journal.note(compiled, row, after, mask)
        saved.append((row, after, mask))
        touched.append(Written(old=row, values=after, changed=mask, event="updated"))
    journal.touched.append((compiled, touched))
    roll_up(unit, compiled, saved, journal)


def _still_points(row: Record, turned: Mapping[int, Turned]) -> bool:
    """Tell whether nobody turned it away before it was held."""
    record = int(row["id"])  # type: ignore[arg-type]  # ids are integers
    return any(row.get(name) is not None for name in turned[record])


def _by_fields(
    unit: Unit, before: Mapping[int, Record], turned: Mapping[int, Turned]
) -> Iterator[Sequence[Mapping[str, Value]]]:
    """Give what is written; records that change the same lookups share a statement."""
    groups: dict[tuple[str, ...], list[Mapping[str, Value]]] = {}
    for record, row in before.items():
        stamp: Record = {"updated_at": unit.now, "updated_by": unit.me}
        written: Record = {"id": record, "version": row["version"], **turned[record], **stamp}
        groups.setdefault(tuple(sorted(turned[record])), []).append(written)
    yield from groups.values()


def _twice(unit: Unit, compiled: CompiledObject) -> Conflict:
    """Say that two records which pointed at two would be the same; never which, if hidden."""
    if not unit.access.of(compiled.name).may("read"):
        label: str = say("records that you do not see")
    else:
        label = object_label(compiled, unit.language)
    message = say(
        "{objects}: two of them would become the same, and must be unique.", objects=label
    )
    return Conflict(message, code="C101", hint=say("delete one of the two first"))
