"""Stored values that a new version makes stale: formulas and roll-ups computed over all records.

Called inside the transaction of a switch, after the tables have their columns. Versions of records
and their history stay: nobody changed the records, the configuration says something else of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from engine.compiled import CompiledField, CompiledObject, Model, Snapshot
from engine.expr import EvalContext
from engine.names import ComponentKey, Digest, FieldName, ObjectName, component_key
from engine.store.refilling import (
    compute_some,
    refill_formulas,
    refill_roll_ups,
    roll_up_some,
)
from engine.store.tx import Tx

Tree = Mapping[ComponentKey, Digest]


@dataclass(frozen=True, slots=True, order=True)
class Stale:
    """One field whose stored values must be computed again."""

    object: ObjectName
    field: FieldName
    is_roll_up: bool


def stale_fields(model: Model, before: Tree) -> list[Stale]:
    """Find what the tree `before` left stale, in order of dependency.

    A field is stale when its own component changed, when a picklist it reads did, or when it reads
    a stale field. Objects that are new have no records and nothing stale.
    """
    finding = _Finding(model, before)
    for name, compiled in model.objects.items():
        if component_key("object", name) in before:
            for field in (*compiled.formulas, *(r.name for r in compiled.roll_ups)):
                finding.is_stale(name, compiled.fields[field])
    return finding.found


def refill(tx: Tx, snapshot: Snapshot, context: EvalContext, before: Tree) -> list[Stale]:
    """Compute every stale stored value; give what was computed. Cost: O(records concerned)."""
    found = stale_fields(snapshot.model, before)
    for (name, is_roll_up), group in groupby(found, key=lambda s: (s.object, s.is_roll_up)):
        fields = tuple(stale.field for stale in group)
        if is_roll_up:
            refill_roll_ups(tx, snapshot, context, name, fields)
        else:
            refill_formulas(tx, snapshot, context, name, fields)
    return found


def refill_some(
    tx: Tx,
    snapshot: Snapshot,
    context: EvalContext,
    name: ObjectName,
    fields: Sequence[FieldName],
    *,
    is_roll_up: bool,
    after: int,
) -> int | None:
    """Compute some records beyond an id while people work; give the last id, None at the end."""
    some = roll_up_some if is_roll_up else compute_some
    return some(tx, snapshot, context, name, fields, after)


class _Finding:
    """Walks from each stored computed field to what it reads; remembers the answers."""

    def __init__(self, model: Model, before: Tree) -> None:
        self._model, self._before = model, before
        self._known: dict[tuple[ObjectName, FieldName], bool] = {}
        self.found: list[Stale] = []

    def is_stale(self, owner: ObjectName, field: CompiledField) -> bool:
        key = (owner, field.name)
        if key not in self._known:
            self._known[key] = False  # cycles were refused by the compiler
            below = [self.is_stale(*read) for read in self._reads(owner, field)]
            stale = any(below) or self._changed(owner, field)
            self._known[key] = stale
            is_computed = field.roll_up is not None or field.formula is not None
            if stale and is_computed and field.is_stored:
                self.found.append(Stale(owner, field.name, field.roll_up is not None))
        return self._known[key]

    def _changed(self, owner: ObjectName, field: CompiledField) -> bool:
        key = component_key("field", owner, field.name)
        if self._differs(key):
            return True
        if not field.decl.values:
            return False
        shared = [n for kind, n in self._model.objects[owner].foreign if kind == "picklist"]
        return any(self._differs(component_key("picklist", name)) for name in shared)

    def _differs(self, key: ComponentKey) -> bool:
        return self._model.tree.get(key) != self._before.get(key)

    def _reads(
        self, owner: ObjectName, field: CompiledField
    ) -> list[tuple[ObjectName, CompiledField]]:
        if field.formula is not None:
            return _named(self._model.objects[owner], field.formula.reads)
        if field.roll_up is None:
            return []
        child = self._model.objects[field.roll_up.child]
        names = {str(field.roll_up.of)} if field.roll_up.of else set()
        if field.roll_up.where is not None:
            names |= field.roll_up.where.reads
        return _named(child, names)


def _named(
    compiled: CompiledObject, paths: frozenset[str] | set[str]
) -> list[tuple[ObjectName, CompiledField]]:
    own = sorted(path for path in paths if path in compiled.fields)
    return [(compiled.name, compiled.fields[FieldName(path)]) for path in own]
