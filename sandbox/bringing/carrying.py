"""Carries records of an environment into a sandbox: masked on the way, with the same ids.

One transaction of the sandbox, in slices, so whoever is killed leaves nothing. Formulas are
computed of the masked values, roll-ups of the records that arrived. Separate from `choosing`, which
says which records. Nothing comes along of history, audit, effects, runs, approvals, clocks, files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.compiled import CompiledField, CompiledObject, Snapshot
from engine.expr import EvalContext, ExprFailed
from engine.model.fields.base import Value
from engine.names import ComponentKey, Digest, FieldName, ObjectName, component_key
from engine.saving.refill import refill
from engine.store.carrying import (
    Reading,
    Record,
    carry_ids,
    carry_shares,
    clear_records,
)
from engine.store.steps import at_step
from engine.store.tx import Tx
from engine.store.writing import insert_many
from sandbox.bringing.choosing import QUEUE, USER, Ids, carried_objects
from sandbox.masking import Masker, is_personal

SLICE = 1000
# Platform objects that name nobody: currencies and their rates.
_OPEN = frozenset({ObjectName("exchange_rate")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is: records of an object that are carried, of how many."""

    object: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrying:
    """One carrying over. `admitted`: e-mails of who is let in by name, and comes as they are.

    `members`: users of the sandbox that stay. `own`: the first id that the sandbox gives out.
    """

    source: Tx
    snapshot: Snapshot
    target: Tx
    into: Snapshot
    context: EvalContext
    masker: Masker
    admitted: frozenset[str]
    members: frozenset[int]
    own: int

    def carry(self, chosen: Ids | None) -> Iterator[Progress]:
        """Carry everything, or what was chosen of it, telling how far it is."""
        carry_ids(self.source, self.target, self.own)
        self._people()
        arrived: set[int] = set()
        for name in carried_objects(self.snapshot):
            if name in self.into.model.objects:
                yield from self._object(name, None if chosen is None else chosen[name], arrived)
        at_step("sandbox.computing")
        carry_shares(self.source, self.target, arrived)
        refill(self.target, self.into, self.context, _but_roll_ups(self.into))

    def _object(
        self, name: ObjectName, ids: set[int] | None, arrived: set[int]
    ) -> Iterator[Progress]:
        reading, done = Reading(self.source, self.snapshot, name), 0
        total = reading.count() if ids is None else len(ids)
        slices = reading.slices(SLICE) if ids is None else reading.some(sorted(ids), SLICE)
        masking = _Masking(self, name)
        for records in slices:
            at_step("sandbox.records")
            insert_many(self.target, self.into, name, [masking.masked(one) for one in records])
            arrived.update(int(str(one["id"])) for one in records)
            done += len(records)
            yield Progress(object=name, done=done, total=total)

    def _people(self) -> None:
        """Bring users, masked and inactive, and queues; who is let in by name comes as they are."""
        clear_records(self.target, self.into, QUEUE)
        queues, users = (Reading(self.source, self.snapshot, name) for name in (QUEUE, USER))
        for records in queues.slices(SLICE):
            insert_many(self.target, self.into, QUEUE, records)
        masking = _Masking(self, USER)
        for records in users.slices(SLICE):
            come = [self._user(masking, one) for one in records if one["id"] not in self.members]
            if come:
                insert_many(self.target, self.into, USER, come)

    def _user(self, masking: _Masking, record: Record) -> Record:
        if str(record["email"]).lower() in self.admitted:
            return record
        return {**masking.masked(record), "active": False}


class _Masking:
    """How records of one object come over: which field from which, and how each is masked."""

    def __init__(self, carrying: Carrying, name: ObjectName) -> None:
        self._masker, self._context = carrying.masker, carrying.context
        self._compiled = carrying.into.model.objects[name]
        self._fields = list(_pairs(carrying.snapshot.model.objects[name], self._compiled))
        self._apart = {field for group in self._compiled.uniques for field in group}
        self._formulas = [
            field
            for field in (self._compiled.fields[formula] for formula in self._compiled.formulas)
            if field.is_stored
        ]
        self._is_open = name in _OPEN

    def masked(self, record: Mapping[str, Value]) -> Record:
        """Give a record as the sandbox may hold it, its formulas computed anew."""
        found: Record = {}
        for name, field in self._fields:
            value = record[name]
            if value is not None and not self._is_open:
                apart = field.name in self._apart
                value = self._masker.value(self._compiled.name, field, value, stays_apart=apart)
            found[field.name] = value
        for name in self._compiled.checkboxes:
            found[name] = bool(found.get(name))
        for field in self._formulas:
            found[field.name] = self._computed(field, found)
        return found

    def _computed(self, field: CompiledField, record: Record) -> Value:
        assert field.formula is not None  # formulas only
        whole = {str(name): record.get(name) for name in self._compiled.fields}
        try:
            return field.formula.evaluate(whole, self._context)
        except ExprFailed:
            return None


def _pairs(source: CompiledObject, target: CompiledObject) -> Iterator[tuple[str, CompiledField]]:
    """Give each field that both have, by the source's name; one of another storage stays blank.

    The stricter of the two says whether it is masked: what the parent calls personal is.
    """
    former: Mapping[FieldName, Sequence[str]] = {
        name: [old for old, new in target.aka.items() if new == name] for name in target.fields
    }
    for name, field in target.fields.items():
        known = next((n for n in (name, *former[name]) if FieldName(n) in source.fields), None)
        if known is None or not field.is_stored or field.formula is not None:
            continue
        theirs = source.fields[FieldName(known)]
        if theirs.is_stored and theirs.formula is None and theirs.decl.type == field.decl.type:
            yield known, _stricter(theirs, field)


def _stricter(theirs: CompiledField, field: CompiledField) -> CompiledField:
    """Give the sandbox's field, as a personal one where only the parent's is."""
    if is_personal(field) or not is_personal(theirs):
        return field
    return replace(field, decl=replace(field.decl, pii="personal"))


def _but_roll_ups(snapshot: Snapshot) -> Mapping[ComponentKey, Digest]:
    """Give the tree without its roll-ups: they, and what reads them, are what is stale."""
    gone = {
        component_key("field", name, roll_up.name)
        for name, compiled in snapshot.model.objects.items()
        for roll_up in compiled.roll_ups
    }
    return {key: digest for key, digest in snapshot.model.tree.items() if key not in gone}
