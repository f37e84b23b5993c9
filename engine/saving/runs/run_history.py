"""Runs as one caller meets them: which they see, and of each only what they may read.

Reached as `Session.runs`. Who customizes the configuration sees that there are runs, every one,
tries failed ones again and cancels; others see the runs of records that they see. What a run read
and wrote shows as `engine.saving.sight` says: only of records that the viewer sees, and of fields
that they may read. Texts that a step wrote show to who customizes and may read all of what the
program reads, for any of it may stand in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.errors import AccessDenied, AutomationFailed, Conflict, NotFound
from engine.locale import say
from engine.names import ObjectName
from engine.saving.acting import acting
from engine.saving.deciding import memory_of
from engine.saving.drafting import compile_declared, context_of
from engine.saving.looking import load_facts
from engine.saving.memory import Met
from engine.saving.runs import resuming
from engine.saving.runs.resuming import AsActor
from engine.saving.runs.running import start_runs
from engine.saving.sight import Sight, expressions_of
from engine.saving.unit import Unit
from engine.store.platform import runs
from engine.store.platform.ids import object_of
from engine.store.platform.runs import RunRow, StepRow, Wanted
from engine.store.reading import fetch_by_ids

CUSTOMIZE = "customize"
MOST_SHOWN = 500  # steps of one run in one answer
HIDDEN = 0  # instead of the id of a record that the viewer does not see
_OF_FIELDS = frozenset({"set", "create", "update"})  # their input is values of fields
_OPEN = frozenset({"object", "id", "records", "count", "until", "owner", "request", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A run with its steps, masked for the caller. `may_act`: they may try it again or cancel."""

    run: RunRow
    steps: tuple[StepRow, ...]
    may_act: bool


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of workflows, approvals and deadlines, for one caller."""

    unit: Unit
    as_actor: AsActor
    sight: Sight
    _whole: dict[int, bool] = field(default_factory=dict)  # run -> whether its texts show

    @property
    def is_over_all(self) -> bool:
        """Whether the caller sees every run, and may try again and cancel."""
        return CUSTOMIZE in self.unit.access.permissions

    def list(self, wanted: Wanted, *, limit: int = 50) -> Sequence[RunRow]:
        """Give runs, the newest first. Raises: AccessDenied A100 without a record to look at.

        Whoever does not customize names a record that they see.
        """
        if not self.is_over_all:
            if wanted.record is None:
                message = say("Without the right to customize, say of which `record`.")
                raise AccessDenied(message)
            self._ensure_seen(wanted.record)
        return [self._masked(row) for row in runs.list_runs(self.unit.tx, wanted, limit=limit)]

    def get(self, run: int) -> Shown:
        """Give a run with its steps. Raises: NotFound N100."""
        row = runs.find(self.unit.tx, run)
        if row is None:
            raise _absent()
        if not self.is_over_all:
            self._ensure_seen(row.record)
        steps = runs.steps_of(self.unit.tx, run, limit=MOST_SHOWN)
        shown = tuple(self._step(row, step) for step in steps)
        return Shown(run=self._masked(row), steps=shown, may_act=self.is_over_all)

    def retry(self, run: int) -> RunRow:
        """Go on with a failed run. Raises: AccessDenied A100; NotFound N100; Conflict W115."""
        self._ensure_customizes()
        return self._masked(resuming.retry(self.unit, run, self.as_actor))

    def cancel(self, run: int) -> RunRow:
        """End a run that waits or failed. Raises as `retry`."""
        self._ensure_customizes()
        return self._masked(resuming.cancel(self.unit, run))

    def press(self, name: str, record: int, action: str) -> RunRow:
        """Run the workflow of a button on a record that the caller may change.

        Raises: NotFound N100 for a record or an action that is not there; AccessDenied A100;
        Conflict W116 when the workflow does not apply to the record as it is.
        """
        unit = self.unit
        compiled = unit.planner.object(name)
        data = unit.snapshot.model.declared.get("action", {}).get(action, {})
        is_there = data.get("object") == compiled.name and data.get("active") is not False
        workflow = unit.snapshot.model.workflows.get(str(data.get("workflow", "")))
        if not is_there or workflow is None:
            raise NotFound(say('There is no action "{name}" that runs here.', name=action))
        self._ensure_changeable(compiled.name, record)
        reads = set() if workflow.condition is None else set(workflow.condition.reads)
        visible = compile_declared(unit.snapshot.model, compiled, data.get("visible_if"))
        reads |= set() if visible is None else visible.reads
        facts = load_facts(acting(unit), compiled, record, tuple(sorted(reads | {"id"})))
        context = context_of(unit, prior=facts)
        if not all(c is None or c.holds(facts, context) for c in (workflow.condition, visible)):
            message = say("This does not apply to the record as it is now.")
            raise Conflict(message, code="W116")
        memory = memory_of(unit)
        met = memory.of(record) or Met(found=facts, fired=frozenset())
        memory.note(record, replace(met, fired=met.fired | {workflow.name}))
        (started,) = start_runs(unit, workflow.program, compiled, {record: None}, "button")
        row = runs.find(unit.tx, started.row.id)
        assert row is not None  # it was just written
        return self._masked(row)

    def _ensure_customizes(self) -> None:
        if not self.is_over_all:
            message = say("Trying runs again and cancelling them needs the right to customize.")
            raise AccessDenied(message)

    def _ensure_seen(self, record: int) -> None:
        name = object_of(self.unit.tx, record)
        if name is None or not self._reaches(name, record, "read"):
            raise _absent()

    def _ensure_changeable(self, name: ObjectName, record: int) -> None:
        if not self._reaches(name, record, "read"):
            raise NotFound
        if not self._reaches(name, record, "edit"):
            raise AccessDenied(say("You may see this record, but not change it."))

    def _reaches(self, name: ObjectName, record: int, right: str) -> bool:
        """Tell whether the caller has a right on a record."""
        unit = self.unit
        compiled = unit.snapshot.model.objects.get(name)
        if compiled is None or not unit.access.of(name).may(right):
            return False
        access = unit.access.of(name)
        policy = access.read_policy if right == "read" else access.edit_policy
        plan = unit.planner.load_paths(compiled, (), policy=policy)
        return record in fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record])

    # --- what is shown ----------------------------------------------------------------------------

    def _masked(self, row: RunRow) -> RunRow:
        is_whole = self._reads_all(row)
        given = self.sight.shown(row.object, row.record, row.input)
        return replace(row, input=given, error=row.error if is_whole else "")

    def _step(self, row: RunRow, step: StepRow) -> StepRow:
        is_whole = self._reads_all(row)
        target = ObjectName(str(step.output.get("object") or step.object))
        output = {n: v for n, v in step.output.items() if is_whole or n in _OPEN}
        output, first = self._ids(target, output, step)
        given: Mapping[str, object] = step.input
        if step.action in _OF_FIELDS:
            given = {} if first is None else self.sight.shown(target, first, given)
        elif not is_whole:
            given = {}
        record = step.record if self.sight.sees(step.object, step.record) else HIDDEN
        error = step.error if is_whole else ""
        return replace(step, record=record, input=given, output=output, error=error)

    def _ids(
        self, target: ObjectName, output: dict[str, object], step: StepRow
    ) -> tuple[dict[str, object], int | None]:
        """Leave out the ids of hidden records; give the record that the input is of as well."""
        made, many = output.get("id"), output.get("records")
        ids = [int(str(one)) for one in (*_listed(made), *_listed(many))]
        seen = self.sight.records(target, ids)
        if made is not None and not seen:
            del output["id"]
        if many is not None:
            output["records"] = [one for one in ids if one in seen]
        if not self.sight.is_open(target):
            output.pop("count", None)
        first = ids[0] if ids else None
        if step.action == "set":
            return output, step.record
        return output, first if first in seen else None

    def _reads_all(self, row: RunRow) -> bool:
        """Tell whether the viewer may read whatever the steps of a run have read."""
        if not self.is_over_all:
            return False
        if self.unit.access.is_administrator:
            return True
        known = self._whole.get(row.id)
        if known is None:
            known = self._whole[row.id] = self._looked_up(row)
        return known

    def _looked_up(self, row: RunRow) -> bool:
        sight = self.sight
        try:
            program = resuming.program_of(self.unit, row)
        except AutomationFailed:
            return False  # what it read is not known any more
        reads = program.reads
        if not all(sight.may_ask(one.text) for one in expressions_of(program.instructions)):
            return False
        if not all(sight.may_read(name, path) for name in reads for path in reads[name]):
            return False
        others = [name for name in reads if name != row.object]
        own = reads.get(row.object, frozenset())
        return (
            all(map(sight.is_open, others))
            and sight.sees(row.object, row.record)
            and not sight.behind(row.object, [row.record], own)
        )


def _listed(value: object) -> Sequence[object]:
    """Give what a step noted as a list: one id, several, or none."""
    return () if value is None else value if isinstance(value, list) else (value,)


def _absent() -> NotFound:
    return NotFound(say("There is no such run, or you may not see it."))
