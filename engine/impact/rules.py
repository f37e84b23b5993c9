"""Which records validation rules would refuse, counted for many rules at a time.

Separate from the other counts, because one look at a table answers for all rules of its object: a
plan that brings a hundred rules to a million records reads them once. The rules see a record that
is not new and in which nothing changed, saved by nobody with special permissions. What has no SQL
form is counted in Python over at most 100,000 records, and beyond that estimated and said to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.access import ADMINISTRATOR, Everything, effective
from engine.expr import Expression
from engine.names import ComponentKey, ObjectName, split_key
from engine.query import Planner
from engine.store.impact import SHOWN, Counted, Records, every, meeting
from engine.store.reading import Caller, Row, fetch_rows

READ_AT_MOST = 100_000
_PAGE = 1000
# What an expression can ask of a save and no statement knows.
_ONLY_IN_A_SAVE = frozenset({"prior", "changed", "new"})
_Conditions = Mapping[ComponentKey, Expression]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaking:
    """The records that a rule would refuse; estimated where not all were looked at."""

    counted: Counted
    is_estimated: bool = False


_NONE = Breaking(counted=Counted(count=0))


def breaking(
    before: Records, after: Records, rules: Iterable[ComponentKey]
) -> Mapping[ComponentKey, Breaking]:
    """Give, for each rule, which records it would refuse; none where it or its object is gone."""
    conditions: dict[ObjectName, dict[ComponentKey, Expression]] = {}
    found: dict[ComponentKey, Breaking] = {}
    for key in rules:
        owner, condition = _condition(after, key)
        if condition is None:
            found[key] = _NONE
        else:
            conditions.setdefault(owner, {})[key] = condition
    for owner, asked in conditions.items():
        found.update(_of_object(before, after, owner, asked))
    return found


def _condition(after: Records, key: ComponentKey) -> tuple[ObjectName, Expression | None]:
    path = split_key(key)[1]
    owner = ObjectName(path[0])
    compiled = after.snapshot.model.objects.get(owner)
    if compiled is None or owner not in after.snapshot.physical:
        return owner, None
    return owner, next((rule.invalid_if for rule in compiled.rules if rule.name == path[-1]), None)


def _of_object(
    before: Records, after: Records, owner: ObjectName, asked: _Conditions
) -> Iterator[tuple[ComponentKey, Breaking]]:
    """Ask the database for what it can tell in one look, and read the records for the rest."""
    told = {
        key: met
        for key, condition in asked.items()
        if not condition.uses & _ONLY_IN_A_SAVE and after.can_tell(owner, met := meeting(condition))
    }
    for key, counted in zip(told, after.found_each(owner, tuple(told.values())), strict=True):
        yield key, Breaking(counted=counted)
    for key, condition in asked.items():
        if key not in told:
            yield key, _read(before, after, owner, condition)


def _read(before: Records, after: Records, owner: ObjectName, condition: Expression) -> Breaking:
    """Count by reading: the records, up to a limit, with what the condition asks for."""
    met: list[int] = []
    looked = 0
    for record in _records(before, owner, condition):
        looked += 1
        context = replace(after.context, prior=record, is_new=False)
        if condition.holds(record, context):
            met.append(int(str(record["id"])))
    named = tuple(met[:SHOWN])
    if looked < READ_AT_MOST:
        return Breaking(counted=Counted(count=len(met), ids=named))
    total = after.found(owner, every).count
    estimate = int((Decimal(len(met)) * total / looked).to_integral_value())
    return Breaking(counted=Counted(count=estimate, ids=named), is_estimated=total > looked)


def _records(records: Records, owner: ObjectName, condition: Expression) -> Iterator[Row]:
    """Read what the condition asks for from the tables as they are; new fields are blank."""
    snapshot = records.snapshot
    compiled = snapshot.model.objects.get(owner)
    if compiled is None:
        return
    planner = Planner(snapshot.model, effective(snapshot.model, {ADMINISTRATOR}))
    policy = Everything("a plan counts all records")
    plan = planner.load_paths(compiled, sorted(condition.reads), policy=policy)
    caller, cursor, read = Caller(me=0, context=records.context), None, 0
    while read < READ_AT_MOST:
        rows, cursor = fetch_rows(records.tx, snapshot, plan, caller, limit=_PAGE, after=cursor)
        yield from rows
        read += len(rows)
        if cursor is None:
            return
