"""Who gets a record: assignments, turns and loads. It chooses an owner and writes no record.

Separate from the step and the route that give the record away. Everybody who gets records of an
object as a member of the same group stands in one circle, whichever workflow asks: it is locked
until the transaction ends, so two savers at once never give the same turn. Members who left or are
away (somebody stands in for them) are passed over; where nobody is left, the next entry counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.access import ADMINISTRATOR, Everything, effective
from engine.compile.assignment import LOAD, entry_of
from engine.compiled import Assignment, AssignmentEntry, CompiledObject, Model
from engine.errors import RequestInvalid
from engine.expr import EvalContext, ExprFailed
from engine.expr.watching import CHOSEN, NOBODY, NOT_HELD, Looked
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName, did_you_mean
from engine.query import AggregatePlan, Planner
from engine.saving.explaining.tracing import tell
from engine.saving.unit import Unit
from engine.store.aggregating import aggregate
from engine.store.memo import Memo
from engine.store.platform.shares import queue_ids
from engine.store.platform.turns import Candidate, candidates, keep_turn, last_of, lock_circle
from engine.store.reading import fetch_by_ids

Asking = tuple[Mapping[str, Value], EvalContext]  # the record, and the surroundings of conditions
_ALL = Everything("an assignment looks at it")
_LOADS: Memo[tuple[str, str], AggregatePlan] = Memo(256)


def choose_owner(
    unit: Unit,
    compiled: CompiledObject,
    values: Mapping[str, Value],
    context: EvalContext,
    assignment: object,
) -> int | None:
    """Say who gets a record, a user or a queue; None when nobody can take it.

    Args: `values` of the record with its id; `assignment`: the name of one that is declared, or
    `{role: sales, by: load}`.
    Raises: RequestInvalid W190 for a name that is not declared for the object.
    """
    return choose_owners(unit, compiled, [(values, context)], assignment)[0]


def choose_owners(
    unit: Unit, compiled: CompiledObject, asking: Sequence[Asking], assignment: object
) -> list[int | None]:
    """Say who gets each of several records, in order; the statements do not grow with them."""
    found = _found(unit, compiled, assignment)
    loaded = _loaded(unit, compiled, asking, found.reads)
    choosing = _Choosing(unit, compiled)
    entries = [choosing.entry(found, values, context) for values, context in loaded]
    choosing.hold_circles(entries)
    owners = [
        None if entry is None else choosing.owner(entry, values, context)
        for entry, (values, context) in zip(entries, loaded, strict=True)
    ]
    choosing.keep_turns()
    return owners


def ensure_declared(unit: Unit, compiled: CompiledObject, name: str) -> Assignment:
    """Give an assignment of an object by name. Raises: RequestInvalid W190."""
    known = unit.snapshot.model.assignments
    found = known.get(name)
    if found is None or found.object != compiled.name:
        own = [one.name for one in known.values() if one.object == compiled.name]
        raise RequestInvalid(
            say('There is no assignment "{name}" for these records.', name=name),
            code="W190",
            hint=did_you_mean(name, own),
        )
    return found


def _found(unit: Unit, compiled: CompiledObject, assignment: object) -> Assignment:
    if isinstance(assignment, Mapping):
        entry = entry_of(assignment)
        return Assignment(
            name="", label="", object=compiled.name, entries=(entry,), reads=frozenset()
        )
    return ensure_declared(unit, compiled, str(assignment))


def _loaded(
    unit: Unit, compiled: CompiledObject, asking: Sequence[Asking], reads: frozenset[str]
) -> Sequence[Asking]:
    """Read what conditions ask and nobody has at hand: no statement where all is there."""
    lacking = [values for values, _ in asking if not reads <= values.keys()]
    if not lacking:
        return asking
    paths = tuple(sorted(reads))
    plan = unit.plans(
        ("assign", compiled.name, paths),
        lambda: unit.planner.load_paths(compiled, paths, policy=_ALL),
    )
    ids = sorted({_id(values) for values in lacking})
    rows = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, ids)
    empty: tuple[dict[str, Value], bool] = ({}, False)
    return [({**rows.get(_id(v), empty)[0], **v}, context) for v, context in asking]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLook:
    """One entry as it stands for a record: what comes of it, and who is meant by it.

    `ids`, `roles`, `emails`: whom it names, active or not; `members`: those who are active. `last`:
    who had the last turn, 0 for nobody. `is_meant`: it names one person, away or not.
    """

    entry: AssignmentEntry
    outcome: str
    members: tuple[Candidate, ...]
    ids: frozenset[int]
    roles: frozenset[str]
    emails: frozenset[str]
    last: int
    is_meant: bool


def look_at_entries(
    unit: Unit,
    compiled: CompiledObject,
    found: Assignment,
    values: Mapping[str, Value],
    context: EvalContext,
) -> list[EntryLook]:
    """Say of every entry what it would make of a record; takes no turn and tells no trace."""
    choosing = _Choosing(unit, compiled)
    return [choosing.look(entry, values, context) for entry in found.entries]


@dataclass(slots=True)
class _Choosing:
    """One call: each circle, group and queue is looked at once, however many records there are."""

    unit: Unit
    compiled: CompiledObject
    _last: dict[str, int] = field(default_factory=dict)
    _members: dict[str, list[int]] = field(default_factory=dict)
    _loads: dict[str, dict[int, int]] = field(default_factory=dict)
    _queues: dict[str, int | None] = field(default_factory=dict)
    _all_queues: frozenset[int] | None = None

    def entry(
        self, found: Assignment, values: Mapping[str, Value], context: EvalContext
    ) -> AssignmentEntry | None:
        """Give the first entry that holds and that somebody can take."""
        for number, one in enumerate(found.entries, start=1):
            outcome = self._outcome(one, values, context)
            if self.unit.trace is not None:
                looked = Looked(
                    kind="assignment",
                    name=f"{found.name}.{number}".lstrip("."),
                    outcome=outcome,
                    condition=one.condition,
                    values=values,
                    context=context,
                )
                tell(self.unit, self.compiled, _id(values), looked)
            if outcome == CHOSEN:
                return one
        return None

    def look(
        self, entry: AssignmentEntry, values: Mapping[str, Value], context: EvalContext
    ) -> EntryLook:
        """Look at one entry without taking anything."""
        group, circle = entry.group, self._circle(entry)
        if entry.path is not None:
            followed = self._followed(entry, values, context)
            group = "" if followed is None or self._is_queue(followed) else f"id:{followed}"
        sort, _, name = group.partition(":")
        members = self.unit.snapshot.model.groups.get(group)
        roles = frozenset() if members is None else members.roles
        emails = frozenset() if members is None else members.users
        return EntryLook(
            entry=entry,
            outcome=self._outcome(entry, values, context),
            members=tuple(_candidates(self.unit, group)) if group else (),
            ids=frozenset({int(name)}) if sort == "id" else frozenset(),
            roles=frozenset({name}) if sort == "role" else roles,
            emails=frozenset({name.lower()}) if sort == "user" else emails,
            last=last_of(self.unit.tx, circle) if circle else 0,
            is_meant=sort in ("user", "id"),
        )

    def hold_circles(self, entries: Iterable[AssignmentEntry | None]) -> None:
        """Hold every circle that is asked, in order of name: two callers never wait crosswise."""
        circles = {self._circle(entry) for entry in entries if entry is not None}
        for circle in sorted(circles - {""}):
            self._last[circle] = lock_circle(self.unit.tx, circle, at=self.unit.now)

    def keep_turns(self) -> None:
        """Write down who was served last of each circle."""
        for circle, last in self._last.items():
            keep_turn(self.unit.tx, circle, last)

    def owner(
        self, entry: AssignmentEntry, values: Mapping[str, Value], context: EvalContext
    ) -> int | None:
        """Give the owner by an entry that somebody can take."""
        if entry.path is not None:
            return self._followed(entry, values, context)
        sort, _, name = entry.group.partition(":")
        if sort == "queue" and not entry.by:
            return self._queue(name)
        members, circle = self._available(entry.group), self._circle(entry)
        if not circle:
            return members[0]
        last = self._last[circle]
        chosen = self._least(circle, members, last) if entry.by == LOAD else _next(members, last)
        self._last[circle] = chosen
        return chosen

    def _outcome(
        self, entry: AssignmentEntry, values: Mapping[str, Value], context: EvalContext
    ) -> str:
        """Say whether an entry holds, and names somebody who can take something."""
        if entry.condition is not None and not entry.condition.holds(values, context):
            return NOT_HELD
        sort, _, name = entry.group.partition(":")
        if entry.path is not None:
            is_open = self._followed(entry, values, context) is not None
        elif sort == "queue" and not entry.by:
            is_open = self._queue(name) is not None
        else:
            is_open = bool(self._available(entry.group))
        return CHOSEN if is_open else NOBODY

    def _circle(self, entry: AssignmentEntry) -> str:
        """Name the circle whose turn an entry takes; "" for one that takes none."""
        sort = entry.group.partition(":")[0]
        goes_round = entry.path is None and sort != "user" and (sort != "queue" or bool(entry.by))
        return f"{self.compiled.name}:{entry.group}" if goes_round else ""

    def _followed(
        self, entry: AssignmentEntry, values: Mapping[str, Value], context: EvalContext
    ) -> int | None:
        """Follow a path to a user who is active, or to a queue."""
        assert entry.path is not None  # asked for these only
        try:
            found = entry.path.evaluate(values, context)
        except ExprFailed:
            return None
        if not isinstance(found, int):
            return None
        return found if self._available(f"id:{found}") or self._is_queue(found) else None

    def _is_queue(self, number: int) -> bool:
        if self._all_queues is None:
            names = self.unit.snapshot.model.declared.get("queue", {})
            self._all_queues = frozenset(queue_ids(self.unit.tx, tuple(names)))
        return number in self._all_queues

    def _queue(self, name: str) -> int | None:
        if name not in self._queues:
            self._queues[name] = next(iter(queue_ids(self.unit.tx, (name,))), None)
        return self._queues[name]

    def _available(self, group: str) -> list[int]:
        """Give the members of a group who can take something, in order of their ids."""
        if group not in self._members:
            found = _candidates(self.unit, group)
            is_person = group.partition(":")[0] in ("user", "id")  # they are meant, away or not
            self._members[group] = [one.user for one in found if is_person or not one.is_away]
        return self._members[group]

    def _least(self, circle: str, members: Sequence[int], last: int) -> int:
        """Give who has the fewest open records; among equals, whose turn it is."""
        if circle not in self._loads:
            self._loads[circle] = _open_records(self.unit, self.compiled)
        loads = self._loads[circle]
        least = min(loads.get(member, 0) for member in members)
        chosen = _next([one for one in members if loads.get(one, 0) == least], last)
        loads[chosen] = least + 1
        return chosen


def _next(members: Sequence[int], last: int) -> int:
    """Give who comes after the one last served, in the order of ids, round and round."""
    return next((member for member in members if member > last), members[0])


def _candidates(unit: Unit, group: str) -> list[Candidate]:
    sort, _, name = group.partition(":")
    model = unit.snapshot.model
    if sort == "id":
        return candidates(unit.tx, ids=(int(name),))
    if sort == "user":
        return candidates(unit.tx, emails=(name.lower(),))
    if sort == "role":
        return candidates(unit.tx, roles=_with_former(model, {name}))
    members = model.groups.get(group)
    if members is None:
        return []
    roles = _with_former(model, members.roles)
    return candidates(unit.tx, roles=roles, emails=members.users)


def _with_former(model: Model, roles: Iterable[str]) -> frozenset[str]:
    """Add the former names of roles, which members may still hold."""
    named = frozenset(roles)
    former = model.former.get("role", {})
    return named | {old for old, now in former.items() if now in named}


def _open_records(unit: Unit, compiled: CompiledObject) -> dict[int, int]:
    """Count the open records of an object by owner: one statement."""
    model = unit.snapshot.model

    def make() -> AggregatePlan:
        planner = Planner(model, effective(model, {ADMINISTRATOR}))
        closing = closing_field(compiled)
        where = None if closing is None else f"NOT {closing}.closed"
        count = {"open": "COUNT()"}
        return planner.aggregate(compiled.name, where=where, group=("owner",), measures=count)

    plan = _LOADS.get_or_make((model.digest, compiled.name), make)
    rows = aggregate(unit.tx, unit.snapshot, plan, unit.caller)
    return {int(row["owner"]): int(row["open"]) for row in rows if row["owner"] is not None}  # type: ignore[arg-type]  # integers


def closing_field(compiled: CompiledObject) -> FieldName | None:
    """Give the picklist that says which records are closed: the first with such a value.

    A record whose value is blank, or not called closed, is open; without such a field all are.
    """
    for name, known in compiled.fields.items():
        if known.decl.type == "picklist" and not known.is_platform:
            values = known.decl.values.values()
            if any(value.attributes.get("closed") is True for value in values):
                return name
    return None


def _id(values: Mapping[str, Value]) -> int:
    return int(values["id"])  # type: ignore[arg-type]  # ids are integers
