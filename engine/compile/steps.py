"""The steps of workflows, approvals and deadlines: every expression in the scope of its record.

A step works on the record of its component; below `for_each`, on each related record; `update`
looks at the records of an object, on behalf of the step's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from engine.compile.assignment import check_assignee
from engine.compile.component import Component, Fields
from engine.compile.meetings import TwoRecords
from engine.compile.objects import scope_of
from engine.compile.scopes import ObjectScope
from engine.compile.work import Work
from engine.expr.types import CHECKBOX, DATE, DATETIME
from engine.names import PLATFORM_FIELDS, ObjectName, did_you_mean, plural_from

Step = Mapping[str, object]


def check_steps(component: Component, pointer: str, steps: object, owner: ObjectName) -> None:
    """Check steps that work on a record of `owner`, and the steps below them."""
    scope = scope_of(component.work, owner)
    _Steps(component, owner, scope).all(pointer, steps)


def related_objects(work: Work, owner: ObjectName) -> dict[str, ObjectName]:
    """Give the objects that point at `owner`, by the plural that `for_each` calls them by."""
    found: dict[str, ObjectName] = {}
    for name, fields in work.declared.items():
        own = (field for field in fields.values() if field.name not in PLATFORM_FIELDS)
        if any(owner in field.targets for field in own):
            doc = work.parts[name].doc
            plural = str(doc.data.get("plural", "")) if doc is not None else ""
            found.setdefault(plural.lower().replace(" ", "_"), name)
            found[plural_from(name)] = name
    found.pop("", None)
    return found


# What a step names -> the kind; each is for the records of one object.
_FOR_AN_OBJECT: Mapping[str, str] = {
    "email": "email",
    "call": "workflow",
    "approve": "approval",
}


@dataclass(frozen=True, slots=True)
class _Steps:
    """Steps over records of one object."""

    component: Component
    owner: ObjectName
    scope: ObjectScope

    def all(self, pointer: str, steps: object) -> None:
        """Check a list of steps."""
        for place, step in enumerate(steps if isinstance(steps, list | tuple) else ()):
            if isinstance(step, Mapping):
                self._one(f"{pointer}/{place}", step)

    def _one(self, at: str, step: Step) -> None:
        self._of_this_object(at, step)
        if "update" in step or "delete" in step:
            self._others(at, step)
        elif "for_each" in step:
            self._for_each(at, step)
        else:
            self._values(at, step)
            self._texts(at, step)
            self._branches(at, step)

    def _values(self, at: str, step: Step) -> None:
        check = self.component
        check.values(f"{at}/set", step.get("set"), self._fields(self.owner), self.scope)
        target = ObjectName(str(step.get("create", "")))
        check.values(f"{at}/values", step.get("values"), self._fields(target), self.scope)

    def _texts(self, at: str, step: Step) -> None:
        check = self.component
        for key in ("text", "note"):
            if key in step:
                check.any_value(f"{at}/{key}", self.scope)
        for key in ("to", "notify"):
            check.people(f"{at}/{key}", step.get(key), self.scope)
        body = step.get("body")
        for name, value in body.items() if isinstance(body, Mapping) else ():
            if isinstance(value, str):
                check.any_value(f"{at}/body/{name}", self.scope)
        if isinstance(step.get("assign"), Mapping):
            given = cast("Step", step["assign"])
            check_assignee(check.work, check.doc, f"{at}/assign", given, self.owner)
        wait = step.get("wait")
        if isinstance(wait, Mapping) and "until" in wait:
            check.one_of(f"{at}/wait/until", self.scope, (DATE, DATETIME, CHECKBOX))

    def _branches(self, at: str, step: Step) -> None:
        if "if" in step:
            self.component.condition(f"{at}/if", self.scope)
        for branch in ("then", "else"):
            self.all(f"{at}/{branch}", step.get(branch))

    def _of_this_object(self, at: str, step: Step) -> None:
        """Report what is named and made for records of another object."""
        work = self.component.work
        for key, kind in _FOR_AN_OBJECT.items():
            name = step.get(key)
            doc = work.named(kind).get(name) if isinstance(name, str) else None
            other = None if doc is None else doc.data.get("object")
            if other is not None and other != self.owner:
                message = f'The {kind} "{name}" is for "{other}"; this step is on "{self.owner}".'
                work.report(self.component.doc, "M323", message, pointer=f"{at}/{key}")

    def _others(self, at: str, step: Step) -> None:
        target = ObjectName(str(step.get("update") or step.get("delete")))
        if target not in self.component.work.declared:
            return  # reported as a dangling reference
        scope = TwoRecords(self.scope.of(target), self.scope)
        if "where" in step:
            self.component.chosen(f"{at}/where", scope)
        self.component.values(f"{at}/set", step.get("set"), self._fields(target), scope)

    def _for_each(self, at: str, step: Step) -> None:
        work, name = self.component.work, str(step["for_each"])
        related = related_objects(work, self.owner)
        target = related.get(name)
        if target is None and work.tree.broken:
            return  # it may be what could not be read
        if target is None:
            message = f'No records called "{name}" point at "{self.owner}".'
            hint = did_you_mean(name, related)
            work.report(self.component.doc, "M202", message, pointer=f"{at}/for_each", hint=hint)
            return
        each = _Steps(self.component, target, scope_of(work, target))
        if "where" in step:
            self.component.chosen(f"{at}/where", each.scope)
        each.all(f"{at}/do", step.get("do"))

    def _fields(self, name: ObjectName) -> Fields:
        return self.component.work.declared.get(name, {})
