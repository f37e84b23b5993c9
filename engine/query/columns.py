"""Which columns a record needs: stored ones are fetched, formulas read-time computed from them.

A formula that is not stored is evaluated in Python over its inputs, so that lists, records and
saves give the very same digits and the same reason when it fails. SQL computes it only where a
filter, an order or an aggregate asks.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.compiled import CompiledField, CompiledObject, Model
from engine.expr import Expression
from engine.names import FieldName, ObjectName


@dataclass(frozen=True, slots=True)
class Hop:
    """One lookup followed. `is_secured`: the target's row policy applies (a typed path)."""

    lookup: FieldName
    target: ObjectName
    is_secured: bool


@dataclass(frozen=True, slots=True)
class Fetch:
    """One stored column, at the end of some lookups."""

    hops: tuple[Hop, ...]
    object: ObjectName
    field: FieldName


@dataclass(frozen=True, slots=True)
class Computed:
    """One formula to evaluate per row: `inputs` pairs each path it reads with a slot of the row.

    `slot` is where the result goes. `reason_only`: the value is stored; evaluate it only when it is
    blank, to learn whether an error made it so. `output`: the key to report errors under, if shown.
    """

    expression: Expression
    inputs: tuple[tuple[str, int], ...]
    slot: int
    output: str = ""
    reason_only: bool = False


def walk(
    model: Model, start: ObjectName, path: str, *, is_secured: bool
) -> tuple[tuple[Hop, ...], ObjectName, CompiledField] | None:
    """Follow a path; None when it leads nowhere. Of several targets the first that fits."""
    *lookups, last = path.split(".")
    hops: list[Hop] = []
    here = start
    for place, step in enumerate(lookups):
        lookup = model.objects[here].fields.get(FieldName(step))
        then = lookups[place + 1] if place + 1 < len(lookups) else last
        target = None if lookup is None else _target(model, lookup, then)
        if target is None:
            return None
        hops.append(Hop(FieldName(step), target, is_secured))
        here = target
    field = model.objects[here].fields.get(FieldName(last))
    return None if field is None else (tuple(hops), here, field)


def _target(model: Model, lookup: CompiledField, then: str) -> ObjectName | None:
    for target in lookup.decl.targets:
        compiled = model.objects.get(target)
        if compiled is not None and then in compiled.fields:
            return target
    return None


def present_path(model: Model, start: ObjectName, path: str) -> str:
    """Put present names for former ones (`aka`) along a path; what leads nowhere stays as it is."""
    here: CompiledObject | None = model.objects[start]
    steps = path.split(".")
    for place, step in enumerate(steps):
        if here is None:
            break
        steps[place] = here.aka.get(step, step)
        lookup = here.fields.get(FieldName(steps[place]))
        then = steps[place + 1] if place + 1 < len(steps) else ""
        targets = () if lookup is None else lookup.decl.targets
        known = (model.objects[target] for target in targets if target in model.objects)
        here = next((o for o in known if then in o.fields or then in o.aka), None)
    return ".".join(steps)


class ColumnSet:
    """Collects the columns of one plan; each (lookups, field) once."""

    def __init__(self, model: Model, start: ObjectName) -> None:
        self._model, self._start = model, start
        self.fetches: dict[Fetch, int] = {}
        self._formulas: dict[Fetch, tuple[Expression, tuple[tuple[str, Fetch], ...]]] = {}

    def add(self, path: str, *, is_secured: bool) -> Fetch | None:
        """Make sure that a path will be there; None when it leads nowhere."""
        found = walk(self._model, self._start, path, is_secured=is_secured)
        if found is None:
            return None
        hops, owner, field = found
        return self._need(hops, owner, field)

    def _need(self, hops: tuple[Hop, ...], owner: ObjectName, field: CompiledField) -> Fetch:
        want = Fetch(hops, owner, field.name)
        if field.is_stored or field.formula is None:
            self.fetches.setdefault(want, len(self.fetches))
        elif want not in self._formulas:
            self._formulas[want] = (field.formula, self._inputs(hops, owner, field.formula))
        return want

    def _inputs(
        self, hops: tuple[Hop, ...], owner: ObjectName, formula: Expression
    ) -> tuple[tuple[str, Fetch], ...]:
        inputs = []
        for path in sorted(formula.reads):
            found = walk(self._model, owner, path, is_secured=False)
            if found is not None:  # the compiler checked it; `$user` paths are no columns
                more, target, field = found
                inputs.append((path, self._need(hops + more, target, field)))
        return tuple(inputs)

    def reason(self, want: Fetch) -> tuple[Expression, tuple[tuple[str, Fetch], ...]] | None:
        """Prepare to explain a stored formula that may have failed; None when it cannot fail."""
        field = self._model.objects[want.object].fields[want.field]
        if field.formula is None or not field.is_stored or not field.formula.can_fail:
            return None
        return field.formula, self._inputs(want.hops, want.object, field.formula)

    def finish(self, outputs: dict[str, Fetch]) -> tuple[dict[str, int], tuple[Computed, ...]]:
        """Give every column its slot: fetched ones first, then formulas as they were needed.

        Returns: output key -> slot, and the formulas to evaluate, inputs before users.
        """
        reasons = {key: self.reason(want) for key, want in outputs.items()}
        slots = dict(self.fetches)
        for want in self._formulas:
            slots[want] = len(slots)
        names = {want: key for key, want in outputs.items()}
        computed = [
            Computed(expression, _slots(inputs, slots), slots[want], names.get(want, ""))
            for want, (expression, inputs) in self._formulas.items()
        ]
        for key, found in reasons.items():
            if found is not None:
                slot = slots[outputs[key]]
                computed.append(
                    Computed(found[0], _slots(found[1], slots), slot, key, reason_only=True)
                )
        return {key: slots[want] for key, want in outputs.items()}, tuple(computed)


def _slots(
    inputs: tuple[tuple[str, Fetch], ...], slots: dict[Fetch, int]
) -> tuple[tuple[str, int], ...]:
    return tuple((path, slots[want]) for path, want in inputs)
