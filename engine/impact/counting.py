"""What each operation means to the records that are there, by exact counts.

"Would fail" counts the records that nobody without special permissions could save unchanged. What
validation rules would refuse is counted next door (`rules`), because many are asked in one look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from decimal import Decimal

from engine.compiled import CompiledField, Snapshot
from engine.diff import Add, Change, Operation, PropertyChange, Rename, Restore, Retire, Risk
from engine.expr import EvalContext
from engine.impact.facts import NOTHING_TO_TELL, Facts
from engine.impact.rules import Breaking, breaking
from engine.impact.visibility import Seen, Visibility
from engine.names import ComponentKey, FieldName, ObjectName, split_key
from engine.store.ddl import ConvertColumn
from engine.store.impact import (
    SHOWN,
    Condition,
    Counted,
    Records,
    above,
    below,
    blank,
    every,
    holding,
    longer,
    meeting,
    repeated,
    valued,
)

Path = tuple[str, ...]  # of a component: ("opportunity", "amount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What one change means to the records that are there; None: it cannot be told yet.

    `values`: records whose value goes out of sight. `would_fail`: records that could not be saved
    as they are. `records`: ids of the first of them, in order, at most 100.
    """

    values: int | None = 0
    would_fail: int | None = 0
    more_visible: int | None = 0
    less_visible: int | None = 0
    records: tuple[int, ...] = ()
    is_estimated: bool = False

    @property
    def concerned(self) -> int:
        """How many records somebody consents to."""
        return max(self.values or 0, self.would_fail or 0, self.less_visible or 0)


UNTOUCHED = Impact()
UNCOUNTED = Impact(values=None, would_fail=None, more_visible=None, less_visible=None)
# Kinds whose change decides who sees which records -> where the path names the object, None: all.
_DECIDING: Mapping[str, int | None] = {
    "object": 0,
    "sharing_rule": 0,
    "object_permission": 1,
    "permission_set": None,
    "role": None,
    "queue": None,
    "team": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Counts for the operations of one plan.

    `before`: what runs. `after`: the records as the new configuration would find them.
    `converting`: the fields whose values are kept differently afterwards.
    """

    before: Records
    after: Records
    visibility: Visibility
    converting: Mapping[ComponentKey, ConvertColumn] = dataclass_field(default_factory=dict)

    def of(self, operations: Iterable[Operation]) -> Mapping[ComponentKey, Impact]:
        """Count what each operation means. Additive ones are counted where they are rules."""
        asked = tuple(operations)
        rules = [o.component for o in asked if _is_rule(o)]
        found = {key: _broken(one) for key, one in breaking(self.before, self.after, rules).items()}
        others = {o.component: self._of(o) for o in asked if not _is_rule(o)}
        return {**found, **others}

    def _of(self, operation: Operation) -> Impact:
        kind, path = split_key(operation.component)
        judge = {
            "field": self._field,
            "index": self._index,
            "object": self._object,
            "picklist": self._picklist,
        }.get(kind)
        if kind in _DECIDING:
            found = judge(operation, path) if judge else Impact()
            return self._with_visibility(operation, kind, path, found)
        if judge is None or operation.cls is Risk.ADDITIVE:
            return Impact()
        return judge(operation, path)

    def visibility_of(self, operations: Iterable[Operation]) -> tuple[Seen, ...]:
        """Give what each role would see more or fewer, where an operation changes a policy."""
        decides = any(
            split_key(o.component)[0] in _DECIDING
            and (split_key(o.component)[0] != "object" or _changes(o, "sharing"))
            for o in operations
        )
        return self.visibility.all() if decides else ()

    def rows(self, name: ObjectName) -> int:
        """Count the rows of an object's table as it is, those in the bin too."""
        return self.before.total(name)

    def facts(self, operation: Operation) -> Facts:
        """Tell what people ask of a retired field, and of picklist values that go."""
        kind, path = split_key(operation.component)
        if kind == "field" and isinstance(operation, Retire):
            owner, name = ObjectName(path[0]), FieldName(path[-1])
            if self.before.snapshot.model.objects[owner].fields[name].is_stored:
                distinct, last = self.before.written(owner, name)
                return Facts(distinct=distinct, last_written=last)
        if kind in {"field", "picklist"} and isinstance(operation, (Change, Rename)):
            return Facts(in_use=tuple(self._in_use(kind, path, _taken(operation.changes))))
        return NOTHING_TO_TELL

    def _in_use(self, kind: str, path: Path, values: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """Count the records that hold each of some picklist values, those in use only."""
        for value in values:
            held = sum(self._losing(*place, (value,)).count for place in self._places(kind, path))
            if held:
                yield value, held

    def _places(self, kind: str, path: Path) -> Iterator[tuple[ObjectName, FieldName]]:
        """Give the fields that take their values from a component: its own, or a shared list."""
        if kind == "field":
            yield ObjectName(path[0]), FieldName(path[-1])
            return
        for compiled in self.after.snapshot.model.objects.values():
            for field in compiled.fields.values():
                if field.decl.option("picklist") == path[-1] and field.is_stored:
                    yield compiled.name, field.name

    def _with_visibility(
        self, operation: Operation, kind: str, path: Path, found: Impact
    ) -> Impact:
        """Add who sees more or fewer records of the objects that an operation speaks of.

        Where several operations concern the same records, each shows the whole difference, as far
        as it can have made it: an addition takes nothing away, a retirement gives nothing.
        """
        if kind == "object" and not _changes(operation, "sharing"):
            return found
        place = _DECIDING[kind]
        every = self.visibility.objects
        names = every if place is None else [n for n in every if n == path[place]]
        holding = path[0] if kind in {"permission_set", "object_permission"} else ""
        more, less = self.visibility.count(names, holding)
        return replace(
            found,
            more_visible=0 if isinstance(operation, Retire) else more,
            less_visible=0 if isinstance(operation, Add | Restore) else less,
        )

    def _object(self, operation: Operation, path: Path) -> Impact:
        if isinstance(operation, Retire):
            return _values(self.before.found(ObjectName(path[0]), every))
        return Impact()

    def _field(self, operation: Operation, path: Path) -> Impact:
        owner, name = ObjectName(path[0]), FieldName(path[-1])
        if isinstance(operation, Retire):
            known = self.before.snapshot.model.objects[owner].fields[name]
            found = holding(name) if known.is_stored else None
            return _values(self.before.found(owner, found)) if found else Impact()
        field = self.after.snapshot.model.objects[owner].fields[name]
        if isinstance(operation, Add):
            return _failing(self.after.found(owner, *_lacking(field)))
        if operation.component in self.converting:
            return self._converted(owner, field, self.converting[operation.component])
        if isinstance(operation, (Change, Rename)):
            failing = self.after.found(owner, *_failures(field, operation.changes))
            lost = self._losing(owner, name, _taken(operation.changes))
            return (
                replace(_failing(failing), values=lost.count) if lost.count else _failing(failing)
            )
        return Impact()

    def _converted(self, owner: ObjectName, field: CompiledField, step: ConvertColumn) -> Impact:
        """Count the values that the other type cannot hold, and the blanks that it refuses."""
        misfits = step.misfits(self.before.tx)
        ids = misfits.ids
        blanks = Counted(count=0)
        if field.decl.required:
            blanks = self.before.found(owner, blank(step.old.field))
            ids = tuple(sorted({*ids, *blanks.ids}))[:SHOWN]
        return _failing(Counted(count=misfits.count + blanks.count, ids=ids))

    def _losing(self, owner: ObjectName, name: FieldName, values: tuple[str, ...]) -> Counted:
        return self.after.found(owner, valued(name, values)) if values else Counted(count=0)

    def _picklist(self, operation: Operation, path: Path) -> Impact:
        """Count the records of every field that takes its values from a shared picklist."""
        changes = operation.changes if isinstance(operation, (Change, Rename)) else ()
        values, total = _taken(changes), 0
        ids: list[int] = []
        for owner, name in self._places("picklist", path) if values else ():
            found = self._losing(owner, name, values)
            total += found.count
            ids += found.ids
        return Impact(values=total, records=tuple(ids[:SHOWN]))

    def _index(self, operation: Operation, path: Path) -> Impact:
        if not isinstance(operation, (Add, Change)):
            return Impact()
        data = operation.data if isinstance(operation, Add) else operation.after
        fields = data.get("fields")
        if data.get("unique") is not True or not isinstance(fields, (list, tuple)):
            return Impact()
        names = [FieldName(str(name).lstrip("-")) for name in fields]
        return _failing(self.after.found(ObjectName(path[0]), repeated(names)))


def nobodys_context(snapshot: Snapshot, context: EvalContext) -> EvalContext:
    """Give the surroundings of somebody without any special permission."""
    return replace(context, permissions=frozenset(), roles=frozenset(), env=snapshot.env)


def _is_rule(operation: Operation) -> bool:
    return split_key(operation.component)[0] == "validation_rule"


def _broken(found: Breaking) -> Impact:
    return replace(_failing(found.counted), is_estimated=found.is_estimated)


def _changes(operation: Operation, name: str) -> bool:
    """Tell whether an operation changes a property of a component."""
    changes = operation.changes if isinstance(operation, (Change, Rename)) else ()
    return any(change.name == name for change in changes)


def _lacking(field: CompiledField) -> list[Condition]:
    """Give what a new field asks of records that have nothing in it."""
    found: list[Condition] = []
    if field.decl.required:
        found.append(blank(field.name))
    if field.required_if is not None:
        found.append(meeting(field.required_if, blank(field.name)))
    return found


def _failures(field: CompiledField, changes: tuple[PropertyChange, ...]) -> list[Condition]:
    """Give, for each property that became stricter, which records no longer fit."""
    changed = {change.name for change in changes}
    found: list[Condition] = []
    if not field.is_stored:
        return found
    if changed & {"required", "required_if"}:
        found += _lacking(field)
    if changed & {"unique", "external_id"} and (field.decl.unique or field.decl.external_id):
        found.append(repeated([field.name]))
    length, low, high = (field.decl.option(key) for key in ("length", "min", "max"))
    if "length" in changed and isinstance(length, int):
        found.append(longer(field.name, length))
    if "min" in changed and low is not None:
        found.append(below(field.name, Decimal(str(low))))
    if "max" in changed and high is not None:
        found.append(above(field.name, Decimal(str(high))))
    return found


def _taken(changes: tuple[PropertyChange, ...]) -> tuple[str, ...]:
    """Give the picklist values that are gone."""
    return tuple(
        change.path[1]
        for change in changes
        if change.name == "values" and len(change.path) == 2 and change.after is None  # noqa: PLR2004 -- ("values", NAME)
    )


def _values(found: Counted) -> Impact:
    return Impact(values=found.count)


def _failing(found: Counted) -> Impact:
    return Impact(would_fail=found.count, records=found.ids)
