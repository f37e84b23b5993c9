"""Workflows before a save: they set values of the merged record, or refuse it.

Separate from the machine, because here effects are carried out on a record in memory. What is
changed here is part of the save itself: formulas, required fields and rules look at the result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from engine.automation.machine import Assigned, Refused, advance
from engine.compiled import Automation, CompiledObject, Workflow
from engine.describing import field_label
from engine.errors import FieldError
from engine.expr import EvalContext
from engine.expr.watching import (
    FIRED,
    NOT_HELD,
    ONCE,
    REFUSED,
    UNCHANGED,
    Looked,
    Watch,
)
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName


@dataclass(slots=True, kw_only=True)
class Firing:
    """Which workflows fire for one record, filled while it is saved.

    `done`: those that fired for it earlier in the transaction, and do not again. `fired`: those of
    this save. `set_by`: field -> the workflow that set it last. `watch` is told of each that is
    looked at, when somebody asks why.
    """

    done: frozenset[str] = frozenset()
    fired: list[str] = field(default_factory=list)
    set_by: dict[str, str] = field(default_factory=dict)
    watch: Watch | None = None

    def restart(self) -> None:
        """Forget what this save did: its stages run once more from the start."""
        self.fired.clear()
        self.set_by.clear()


class Instance(Protocol):
    """A record while it is saved, as workflows see it (`engine.records.Draft`)."""

    object: CompiledObject
    values: dict[str, Value]
    context: EvalContext
    errors: list[FieldError]

    def changed(self) -> int:
        """Give the mask of fields that differ from what the transaction found."""
        ...

    def is_touched(self, changed: int) -> bool:
        """Tell whether the save changes anything at all; `changed` as it stands."""
        ...

    def compute(self, name: FieldName) -> None:
        """Compute a formula from what is there."""
        ...

    def put(self, name: FieldName, value: Value) -> tuple[FieldError, ...]:
        """Set a field; a lookup brings what is known of its target. Gives what is wrong with it."""
        ...


def run_before_save(automation: Automation, firing: Firing, instance: Instance) -> None:
    """Look at every workflow of the object once, in order, and carry out those that hold.

    A save that changes nothing starts none; one that reads a field already refused is left out. A
    later workflow sees what an earlier one has set. Cost: O(workflows), without a statement.
    """
    changed = instance.changed()
    if not instance.is_touched(changed):
        return
    refused = {error.field for error in instance.errors}
    watch = firing.watch
    for workflow in automation.before_save:
        if workflow.name in firing.done or (refused and refused & workflow.reads):
            if watch is not None:
                _tell(watch, workflow, ONCE if workflow.name in firing.done else REFUSED, instance)
            continue
        for mask in workflow.gate:
            if not changed & mask:
                if watch is not None:
                    _tell(watch, workflow, UNCHANGED, instance)
                break  # what the criteria wait for has not changed
        else:
            holds = _holds(workflow, instance)
            if watch is not None:
                _tell(watch, workflow, FIRED if holds else NOT_HELD, instance)
            if holds:
                firing.fired.append(workflow.name)
                _carry_out(workflow, firing, instance)
                changed = instance.changed()


def _tell(watch: Watch, workflow: Workflow, outcome: str, instance: Instance) -> None:
    watch(
        Looked(
            kind="workflow",
            name=workflow.name,
            outcome=outcome,
            condition=workflow.condition,
            values=dict(instance.values),
            context=instance.context,
        )
    )


def _holds(workflow: Workflow, instance: Instance) -> bool:
    for name in workflow.formulas:
        instance.compute(name)
    condition = workflow.condition
    return condition is None or condition.holds(instance.values, instance.context)


def _carry_out(workflow: Workflow, firing: Firing, instance: Instance) -> None:
    at = 0
    while True:
        at, effect = advance(
            workflow.program.instructions, at, instance.object, instance.values, instance.context
        )
        if effect is None:
            return
        assert isinstance(effect, Assigned)  # the compiler lets nothing else through
        _apply(workflow, effect, firing, instance)
        for name in workflow.formulas:
            instance.compute(name)


def _apply(workflow: Workflow, effect: Assigned, firing: Firing, instance: Instance) -> None:
    for refused in effect.refused:
        _refuse(workflow, instance, refused)
    for name, value in effect.values.items():
        firing.set_by[name] = workflow.name
        for error in instance.put(name, value):
            is_absent = error.code == "R106"
            reason = say("there is no such record") if is_absent else error.message
            _refuse(workflow, instance, Refused(field=name, reason=reason, hint=error.hint))


def _refuse(workflow: Workflow, instance: Instance, refused: Refused) -> None:
    language = str(instance.context.user.get("language") or "")
    field = instance.object.fields[refused.field]
    message = say(
        'The workflow "{workflow}" cannot set {field}: {reason}',
        workflow=workflow.label,
        field=field_label(instance.object, field, language),
        reason=refused.reason,
    )
    instance.errors.append(
        FieldError(field=refused.field, code="W101", message=message, hint=refused.hint)
    )
