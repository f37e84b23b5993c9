"""Expressions that stand outside objects: layouts, sharing, workflows, approvals, deadlines.

Nothing interprets most of these yet; they are checked from the first day, so that what is published
will run. Not checked here: steps that work on other records (`update`, `for_each`), conversions,
endpoints and mail texts, whose scopes come with automation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.compile.objects import CONDITION, scope_of
from engine.compile.scopes import ObjectScope
from engine.compile.work import Work
from engine.expr import ExprType, Kind, expr_type
from engine.model.declarations import Field
from engine.names import FieldName, ObjectName, split_key
from engine.source import SourceDoc

# Kind -> pointers of its conditions; `*` stands for every item of a list or map.
CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "approval": ("/enter_if", "/steps/*/if"),
    "assignment": ("/entries/*/if",),
    "layout": ("/sections/*/visible_if", "/sections/*/fields/*/visible_if"),
    "sharing_rule": ("/where",),
    "sla": ("/start_if", "/stop_if", "/pause_if"),
    "workflow": ("/if", "/when/every/where"),
}
# Kind -> pointers of lists of steps.
STEPS: Mapping[str, tuple[str, ...]] = {
    "approval": ("/on_approve", "/on_reject"),
    "sla": ("/on_breach",),
    "workflow": ("/steps",),
}
TEXTS = ("text", "note")  # keys of a step that hold an expression of any type
OBJECT_FROM_KEY = frozenset({"layout", "sharing_rule"})


def check_expressions(work: Work) -> None:
    """Compile every expression of these kinds in the scope of their object."""
    for kind in CONDITIONS.keys() | STEPS.keys() | {"action"}:
        for doc in work.named(kind).values():
            owner = _owner(kind, doc)
            if owner in work.declared and doc.key not in work.broken:
                _Checking(work, doc, owner, scope_of(work, owner)).all(kind)


def _owner(kind: str, doc: SourceDoc) -> ObjectName:
    if kind in OBJECT_FROM_KEY:
        return ObjectName(split_key(doc.key)[1][0])
    return ObjectName(str(doc.data.get("object", "")))


@dataclass(slots=True)
class _Checking:
    """The expressions of one component, over the fields of one object."""

    work: Work
    doc: SourceDoc
    owner: ObjectName
    scope: ObjectScope

    def all(self, kind: str) -> None:
        """Check every expression of the component."""
        for pattern in CONDITIONS.get(kind, ()):
            for pointer, _ in matches(self.doc.data, pattern):
                self._compile(pointer, CONDITION)
        for pattern in STEPS.get(kind, ()):
            for pointer, found in matches(self.doc.data, pattern):
                self._steps(pointer, found)
        if kind == "action":
            self._values("/values", self.doc.data.get("values"), self._fields_of("create"))

    def _steps(self, pointer: str, steps: object) -> None:
        for place, step in enumerate(steps if isinstance(steps, list) else ()):
            if isinstance(step, Mapping):
                self._step(f"{pointer}/{place}", step)

    def _step(self, at: str, step: Mapping[str, object]) -> None:
        if "update" in step or "for_each" in step:
            return  # other records: another scope
        if "if" in step:
            self._compile(f"{at}/if", CONDITION)
        for key in TEXTS:
            if isinstance(step.get(key), str):
                self._compile(f"{at}/{key}", None)
        self._values(f"{at}/set", step.get("set"), self.work.declared[self.owner])
        target = ObjectName(str(step.get("create", "")))
        self._values(f"{at}/values", step.get("values"), self.work.declared.get(target, {}))
        for branch in ("then", "else"):
            self._steps(f"{at}/{branch}", step.get(branch))

    def _values(self, at: str, values: object, fields: Mapping[FieldName, Field]) -> None:
        """Check values by the type of their field; a bare picklist value is itself."""
        for name, value in values.items() if isinstance(values, Mapping) else ():
            field = fields.get(FieldName(name))
            if not isinstance(value, str) or field is None or value in field.values:
                continue
            self._compile(f"{at}/{name}", _loose(expr_type(field)))

    def _fields_of(self, key: str) -> Mapping[FieldName, Field]:
        return self.work.declared.get(ObjectName(str(self.doc.data.get(key, ""))), {})

    def _compile(self, pointer: str, expect: ExprType | None) -> None:
        self.work.expression(self.doc, pointer, self.scope, expect=expect)


def _loose(wanted: ExprType) -> ExprType | None:
    """Expect the field's type where the language can tell; lookups and lists come as they are."""
    kinds = {Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.CHECKBOX}
    return wanted if wanted.kind in kinds else None


def matches(data: object, pattern: str, at: str = "") -> Iterator[tuple[str, object]]:
    """Give every (pointer, value) that a pattern leads to."""
    head, _, rest = pattern.removeprefix("/").partition("/")
    if not head:
        yield at, data
        return
    for key, value in _entries(data):
        if head in ("*", key):
            yield from matches(value, rest, f"{at}/{key}")


def _entries(data: object) -> Iterator[tuple[str, object]]:
    if isinstance(data, Mapping):
        yield from data.items()
    elif isinstance(data, list):
        yield from ((str(place), value) for place, value in enumerate(data))
