"""Constants in a configuration: examples of rules, its tests, and records that travel with it.

A value is read by the type of its field, `{formula: …}` is an expression over the same record. What
a test expects to be refused may be wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.codes import CODES
from engine.compile.component import Component
from engine.compile.objects import scope_of
from engine.compile.scopes import ObjectScope
from engine.expr.constants import ANY, formula_of
from engine.model.declarations import Field
from engine.names import FieldName, ObjectName, did_you_mean

Step = Mapping[str, object]
_KNOWN = ("update", "delete", "submit", "approve", "reject", "expect")


def check_examples(component: Component, scope: ObjectScope) -> None:
    """Check the examples of a validation rule."""
    examples = component.doc.data.get("examples")
    for sort in ("fails", "passes"):
        listed = examples.get(sort) if isinstance(examples, Mapping) else None
        for place, record in enumerate(listed if isinstance(listed, list | tuple) else ()):
            _Sample(component, scope).all(f"/examples/{sort}/{place}", record)


def check_data(component: Component, _owner: ObjectName) -> None:
    """Check records that travel with the configuration; lookups name others by external id."""
    data = component.doc.data
    fields = component.work.declared.get(ObjectName(str(data.get("object", ""))), {})
    records = data.get("records")
    for place, record in enumerate(records if isinstance(records, list | tuple) else ()):
        for name, value in record.items() if isinstance(record, Mapping) else ():
            declared = fields.get(FieldName(name))
            if declared is not None and not declared.targets:
                component.constant(f"/records/{place}/{name}", declared, value)


def check_test(component: Component, _owner: ObjectName) -> None:
    """Check the steps of a configuration test."""
    steps = component.doc.data.get("steps")
    play = _Play(component)
    for place, step in enumerate(steps if isinstance(steps, list | tuple) else ()):
        if isinstance(step, Mapping):
            play.step(f"/steps/{place}", step)


@dataclass(slots=True)
class _Play:
    """The steps of a test in their order, and the records that they have named so far."""

    component: Component
    known: dict[str, ObjectName] = field(default_factory=dict)

    def step(self, at: str, step: Step) -> None:
        """Check one step."""
        name = self._object(at, step)
        if name is None or name not in self.component.work.declared:
            return
        self._refusal(at, step, name)
        scope = scope_of(self.component.work, name)
        sample = _Sample(self.component, scope, self.known, may_be_wrong="fails_with" in step)
        sample.all(f"{at}/values", step.get("values"))
        if "create" in step and "as" in step:
            self.known[str(step["as"])] = name

    def _object(self, at: str, step: Step) -> ObjectName | None:
        if "create" in step:
            return ObjectName(str(step["create"]))
        key = next((key for key in _KNOWN if key in step), "")
        record = str(step.get(key, ""))
        if key and record not in self.known:
            message = f'No step before makes a record "{record}".'
            hint = did_you_mean(record, self.known)
            self.component.work.report(
                self.component.doc, "M202", message, pointer=f"{at}/{key}", hint=hint
            )
        return self.known.get(record)

    def _refusal(self, at: str, step: Step, name: ObjectName) -> None:
        """Look for the rule, field or code that must refuse the step."""
        wanted = step.get("fails_with")
        if not isinstance(wanted, str):
            return
        work = self.component.work
        rules = {rule for parts in work.parts.values() for rule in parts.validation_rules}
        rules |= {rule for parts in work.parts.values() for rule in parts.duplicate_rules}
        known = {*rules, *work.declared[name], *CODES}
        if wanted not in known:
            message = f'There is no rule, field or code "{wanted}" that could refuse it.'
            hint = did_you_mean(wanted, sorted(known))
            pointer = f"{at}/fails_with"
            work.report(self.component.doc, "M202", message, pointer=pointer, hint=hint)


@dataclass(frozen=True, slots=True)
class _Sample:
    """Values of one record, by field or path over lookups."""

    component: Component
    scope: ObjectScope
    known: Mapping[str, ObjectName] = field(default_factory=dict)
    may_be_wrong: bool = False

    def all(self, at: str, values: object) -> None:
        """Check every value."""
        for path, value in values.items() if isinstance(values, Mapping) else ():
            steps = tuple(str(path).split("."))
            declared = self.scope.find(steps)
            if declared is not None:
                self._one(f"{at}/{path}", declared, value)
            elif len(steps) > 1 and self._is_misspelt(steps):
                message = f'The path "{path}" leads to no field.'
                pointer = f"{at}/{path}#"
                self.component.work.report(self.component.doc, "M203", message, pointer=pointer)

    def _is_misspelt(self, steps: tuple[str, ...]) -> bool:
        """Tell whether a path goes wrong after its first step, which is looked up elsewhere."""
        return self.scope.find(steps[:1]) is not None and not self.component.work.tree.broken

    def _one(self, at: str, declared: Field, value: object) -> None:
        if value == ANY:
            return
        if formula_of(value) is not None:
            self.component.computed(f"{at}/formula", declared, self.scope)
        elif declared.targets and isinstance(value, str) and value.startswith("$"):
            self._named(at, declared, value)
        elif not self.may_be_wrong:
            self.component.constant(at, declared, value)

    def _named(self, at: str, declared: Field, value: str) -> None:
        """Check a lookup at a record of an earlier step: `$deal`."""
        work, doc = self.component.work, self.component.doc
        found = self.known.get(value.removeprefix("$"))
        if found is None:
            hint = did_you_mean(value, [ANY, *(f"${name}" for name in self.known)])
            message = f'No step before makes a record "{value.removeprefix("$")}".'
            work.report(doc, "M202", message, pointer=at, hint=hint)
        elif found not in declared.targets and not self.may_be_wrong:
            wanted = " or ".join(declared.targets)
            message = f"`{declared.name}` points at {wanted}; {value} is of {found}."
            work.report(doc, "M305", message, pointer=at)
