"""A changed workflow or rule over existing records, without effects: old and new side by side.

Pure evaluation: records are read as their last saves left them, conditions are evaluated and the
values of steps computed; nothing is written and nothing leaves. What is tried is written by whoever
tries it, so it reads with their rights: what reads a field that they may not read is refused, and
records whose paths lead through hidden ones are left out. Else a trial would answer any question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.automation import Assigned, advance
from engine.compiled import CompiledObject, Model, Rule, Workflow
from engine.errors import AccessDenied, RequestInvalid
from engine.expr import Expression
from engine.expr.watching import FAILED, FIRED, PASSED
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import ComponentKey, ObjectName, split_key
from engine.programs import ForEach, WaitFor, WaitUntil
from engine.query import ListRequest
from engine.saving.explaining.standing import Standing, standings
from engine.saving.explaining.tracing import ensure_may_ask
from engine.saving.explaining.why import RULE, WORKFLOW, outcome_of
from engine.saving.sight import Sight, expressions_of
from engine.saving.unit import Unit
from engine.store.reading import fetch_rows

MOST_RECORDS = 5_000
CHUNK = 500
MOST_SHOWN = 50
MOST_ACTIONS = 50
Subject = Workflow | Rule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one version makes of a record. `outcome`: the words of `engine.expr.watching`, or "".

    `sets`: values that its steps would give; `does`: its other steps, by name.
    """

    outcome: str
    sets: Mapping[str, Value]
    does: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A record of which the two versions make something else."""

    record: int
    title: str
    before: Result
    after: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What two versions of a component make of the records that were looked at.

    `before`, `after`: for how many a workflow runs, or how many pass a rule; `changed`: of how many
    they make something else, of which the first are in `differences`. `is_all`: there are no more
    records than were looked at.
    """

    component: ComponentKey
    object: ObjectName
    looked_at: int
    is_all: bool
    before: int
    after: int
    changed: int
    differences: tuple[Difference, ...]


def simulate(
    unit: Unit, candidate: Model, component: ComponentKey, *, limit: int = MOST_RECORDS
) -> Simulation:
    """Compare a workflow or validation rule as it runs with how a candidate has it.

    The newest records first, `limit` of them at most. Two statements for each 500.
    Raises: AccessDenied A100, also for what reads what the caller may not read; RequestInvalid W193
    for a component that cannot be simulated.
    """
    ensure_may_ask(unit)
    old, new = _found(unit.snapshot.model, component), _found(candidate, component)
    name = _object_of(component, old, new)
    compiled = None if name is None else unit.snapshot.model.objects.get(name)
    if name is None or compiled is None or (old is None and new is None):
        message = say("Only workflows and validation rules of records that exist can be tried.")
        raise RequestInvalid(message, code="W193")
    unit.rights(compiled, "read")
    _ensure_readable(unit, compiled, (old, new))
    counting = _Counting(unit, compiled, candidate.objects.get(name, compiled), old, new)
    is_all = counting.count(limit)
    return Simulation(
        component=component,
        object=compiled.name,
        looked_at=counting.looked_at,
        is_all=is_all,
        before=counting.before,
        after=counting.after,
        changed=counting.changed,
        differences=tuple(counting.differences),
    )


def _ensure_readable(unit: Unit, compiled: CompiledObject, subjects: Sequence[Subject]) -> None:
    """Refuse what reads, or asks for a change of, what the caller may not read."""
    sight = Sight(unit)
    reads = {path for one in subjects for path in _reads(one)}
    hidden = sorted(path for path in reads if not sight.may_read(compiled.name, path))
    readable = unit.access.of(compiled.name).readable
    gates = (gate for one in subjects if isinstance(one, Workflow) for gate in one.gate)
    asks = (one.text for subject in subjects for one in _expressions(subject))
    if hidden or any(gate & ~readable for gate in gates) or not all(map(sight.may_ask, asks)):
        message = say("It reads what you may not read, so trying it is for somebody who may.")
        raise AccessDenied(message)


def _expressions(subject: Subject) -> Iterator[Expression]:
    if isinstance(subject, Workflow):
        return expressions_of((subject.condition, subject.program.instructions))
    return expressions_of(None if subject is None else subject.invalid_if)


def _found(model: Model, component: ComponentKey) -> Subject:
    kind, path = split_key(component)
    if kind == WORKFLOW:
        return model.workflows.get(path[-1])
    if kind == RULE and ObjectName(path[0]) in model.objects:
        rules = model.objects[ObjectName(path[0])].rules
        return next((rule for rule in rules if rule.name == path[-1]), None)
    return None


def _object_of(component: ComponentKey, old: Subject, new: Subject) -> ObjectName | None:
    kind, path = split_key(component)
    if kind == RULE:
        return ObjectName(path[0])
    found = new or old
    return found.object if isinstance(found, Workflow) else None


class _Counting:
    """One simulation while it goes through the records."""

    def __init__(
        self,
        unit: Unit,
        compiled: CompiledObject,
        becomes: CompiledObject,
        old: Subject,
        new: Subject,
    ) -> None:
        self._unit, self._compiled, self._becomes = unit, compiled, becomes
        self._old, self._new = old, new
        self._sight = Sight(unit)
        self.looked_at = self.before = self.after = self.changed = 0
        self.differences: list[Difference] = []

    def count(self, limit: int) -> bool:
        """Go through the newest records; tell whether these were all."""
        title = self._compiled.title
        may = title is not None and self._unit.planner.follow(self._compiled.name, str(title))
        fields = (str(title),) if may else ()
        wanted = ListRequest(object=self._compiled.name, fields=fields, sort=("-id",), limit=CHUNK)
        plan, after = self._unit.planner.list(wanted), None
        while self.looked_at < limit:
            size = min(CHUNK, limit - self.looked_at)
            unit = self._unit
            rows, after = fetch_rows(
                unit.tx, unit.snapshot, plan, unit.caller, limit=size, after=after
            )
            self._look({int(str(row["id"])): str(row.get(str(title)) or "") for row in rows})
            if after is None:
                return True
        return False

    def _look(self, titles: Mapping[int, str]) -> None:
        reads = {path for one in (self._old, self._new) for path in _reads(one)}
        behind = self._sight.behind(self._compiled.name, titles, reads)
        ids = [one for one in titles if one not in behind]
        for standing in standings(self._unit, self._compiled, ids, reads):
            self.looked_at += 1
            before = self._result(self._compiled, self._old, standing)
            after = self._result(self._becomes, self._new, standing)
            self.before += before.outcome in (FIRED, PASSED)
            self.after += after.outcome in (FIRED, PASSED)
            if _same(before, after):
                continue
            self.changed += 1
            if len(self.differences) < MOST_SHOWN:
                record = int(standing.values["id"])  # type: ignore[arg-type]  # an integer
                self.differences.append(
                    Difference(
                        record=record,
                        title=titles[record],
                        before=self._readable(before),
                        after=self._readable(after),
                    )
                )

    def _result(self, compiled: CompiledObject, subject: Subject, standing: Standing) -> Result:
        """Give what a version makes of a record; without a rule every record passes."""
        if subject is not None:
            return _result(compiled, subject, standing)
        is_rule = isinstance(self._old or self._new, Rule)
        return Result(outcome=PASSED if is_rule else "", sets={})

    def _readable(self, result: Result) -> Result:
        """Leave out values of fields that whoever simulates may not read."""
        follow, name = self._unit.planner.follow, self._compiled.name
        shown = {f: value for f, value in result.sets.items() if follow(name, f) is not None}
        return Result(outcome=result.outcome, sets=shown, does=result.does)


def _same(before: Result, after: Result) -> bool:
    runs = (before.outcome in (FIRED, PASSED), after.outcome in (FIRED, PASSED))
    return runs[0] == runs[1] and before.sets == after.sets and before.does == after.does


def _reads(subject: Subject) -> frozenset[str]:
    """Give what criteria and steps read of the record."""
    if isinstance(subject, Rule):
        return subject.invalid_if.reads
    if subject is None:
        return frozenset()
    own = frozenset() if subject.condition is None else subject.condition.reads
    return own | subject.program.reads.get(subject.object, frozenset())


def _result(compiled: CompiledObject, subject: Workflow | Rule, standing: Standing) -> Result:
    if isinstance(subject, Rule):
        fails = subject.invalid_if.holds(standing.values, standing.context)
        return Result(outcome=FAILED if fails else PASSED, sets={})
    standing = _started(subject, standing)
    outcome = outcome_of(subject, standing)
    if outcome != FIRED:
        return Result(outcome=outcome, sets={})
    sets, does = _outcome(compiled, subject, standing)
    return Result(outcome=outcome, sets=sets, does=does)


def _started(workflow: Workflow, standing: Standing) -> Standing:
    """Give a record as what starts the workflow finds it.

    One that runs for new records is tried as if each were new; one that a clock, a button or a
    request starts, on records as they are.
    """
    if workflow.when == "created":
        context = replace(standing.context, prior=None, is_new=True)
        return replace(standing, context=context, event="created", changed=0)
    return standing


def _outcome(
    compiled: CompiledObject, workflow: Workflow, standing: Standing
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Go through the steps: values for the record itself, and the names of all others.

    Up to the first wait or loop: what comes after it depends on what then is.
    """
    values, at = dict(standing.values), 0
    sets: dict[str, Value] = {}
    does: list[str] = []
    while len(does) < MOST_ACTIONS:
        at, doing = advance(workflow.program.instructions, at, compiled, values, standing.context)
        if doing is None:
            break
        if isinstance(doing, Assigned):
            given = {str(name): value for name, value in doing.values.items()}
            values.update(given)
            sets.update(given)
            continue
        does.append(str(getattr(doing, "step", "")))
        if isinstance(doing, ForEach | WaitFor | WaitUntil):
            break
    return sets, tuple(does)
