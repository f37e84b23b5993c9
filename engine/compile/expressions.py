"""Sixth pass: expressions that stand outside formulas and rules, in every kind that holds some.

Nothing interprets some of these yet; they are checked from the first day, so that what is published
will run. One table says which function checks a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from engine.compile.component import Component
from engine.compile.conversions import check_conversion
from engine.compile.meetings import BODY, Request, TwoRecords
from engine.compile.objects import scope_of
from engine.compile.samples import check_data, check_examples, check_test
from engine.compile.scopes import ObjectScope
from engine.compile.steps import check_steps
from engine.compile.work import Work, at_pointer
from engine.expr.types import TEXT
from engine.names import FieldName, ObjectName, split_key
from engine.source import SourceDoc

# Kind -> pointers of its conditions; `*` stands for every item of a list or map.
CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "action": ("/visible_if",),
    "approval": ("/enter_if", "/steps/*/if"),
    "assignment": ("/entries/*/if",),
    "duplicate_rule": ("/where",),
    "layout": (
        "/sections/*/visible_if",
        "/sections/*/fields/*/visible_if",
        "/sections/*/fields/*/required_if",
        "/related/*/visible_if",
    ),
    "sharing_rule": ("/where",),
    "sla": ("/start_if", "/stop_if", "/pause_if"),
    "workflow": ("/if", "/when/every/where", "/when/at/where", "/every/where", "/at/where"),
}
# Kind -> keys of lists of steps.
STEPS: Mapping[str, tuple[str, ...]] = {
    "approval": ("on_submit", "on_approve", "on_reject", "on_recall"),
    "sla": ("on_breach",),
    "workflow": ("steps",),
}
# Kinds whose key begins with the name of their object.
OBJECT_FROM_KEY = frozenset({"conversion", "duplicate_rule", "layout", "sharing_rule"})
# Kinds whose expressions are looked at here and compiled again by whoever evaluates them, or never
# evaluated: of a configuration that was published nobody needs them.
NEVER_RUN = frozenset({"data", "duplicate_rule", "layout", "sharing_rule", "test"})


def check_expressions(work: Work) -> None:
    """Compile every expression of these kinds in the scope of their object."""
    kinds = CHECKS.keys() | CONDITIONS.keys() | STEPS.keys()
    for kind in kinds - NEVER_RUN if work.is_checked else kinds:
        for doc in work.named(kind).values():
            if doc.key not in work.broken:
                _check(work, kind, doc)
    if not work.is_checked:
        _check_parts(work)


def _check_parts(work: Work) -> None:
    """Check what stands inside objects beside formulas and rules, and that nothing lays out."""
    for name, parts in work.parts.items():
        for doc in parts.duplicate_rules.values():
            _check(work, "duplicate_rule", doc)
        for doc in parts.fields.values():
            _lookup_filter(work, name, doc)
        if not _is_shared(work, name):
            for doc in parts.validation_rules.values():
                check_examples(Component(work, doc), scope_of(work, name))


def _is_shared(work: Work, name: ObjectName) -> bool:
    """Tell whether an object is that of the previous model, whose examples were looked at."""
    kept = work.kept.get(name)
    return kept is not None and kept is work.compiled.get(name)


def _check(work: Work, kind: str, doc: SourceDoc) -> None:
    component = Component(work, doc)
    if kind in ("data", "test", "endpoint"):
        CHECKS[kind](component, ObjectName(""))
        return
    owner = _owner(kind, doc)
    if owner not in work.declared:
        return  # reported as a dangling reference
    scope = scope_of(work, owner)
    for pattern in CONDITIONS.get(kind, ()):
        for pointer, _ in matches(doc.data, pattern):
            component.condition(pointer, scope)
    for key in STEPS.get(kind, ()):
        check_steps(component, f"/{key}", doc.data.get(key), owner)
    if kind in CHECKS:
        CHECKS[kind](component, owner)


def _owner(kind: str, doc: SourceDoc) -> ObjectName:
    if kind in OBJECT_FROM_KEY:
        return ObjectName(split_key(doc.key)[1][0])
    return ObjectName(str(doc.data.get("object", "")))


# --- what the kinds hold beside conditions and steps ----------------------------------------------


def _action(component: Component, owner: ObjectName) -> None:
    data, scope = component.doc.data, scope_of(component.work, owner)
    created = component.work.declared.get(ObjectName(str(data.get("create", ""))), {})
    component.values("/values", data.get("values"), created, scope)
    if "url" in data:
        component.one_of("/url", scope, (TEXT,))


def _approval(component: Component, owner: ObjectName) -> None:
    scope = scope_of(component.work, owner)
    component.people("/submit/by", at_pointer(component.doc.data, "/submit/by"), scope)
    for pointer, who in matches(component.doc.data, "/steps/*/approvers"):
        component.people(pointer, who, scope, or_address=False)


def _assignment(component: Component, owner: ObjectName) -> None:
    scope = scope_of(component.work, owner)
    for pointer, who in matches(component.doc.data, "/entries/*/to"):
        component.people(pointer, who, scope, or_address=False)


def _layout(component: Component, owner: ObjectName) -> None:
    """Check the filters of related lists: over the records listed, on behalf of the page's own."""
    scope = scope_of(component.work, owner)
    for pointer, _ in matches(component.doc.data, "/related/*/where"):
        listed = at_pointer(component.doc.data, pointer.removesuffix("/where") + "/object")
        child = ObjectName(str(listed))
        if child in component.work.declared:
            component.condition(pointer, TwoRecords(scope.of(child), scope))


def _endpoint(component: Component, _owner: ObjectName) -> None:
    data, work = component.doc.data, component.work
    fields = work.declared.get(ObjectName(str(data.get("object", ""))), {})
    scope = Request(work.known)
    component.values("/values", data.get("values"), fields, scope, is_free=_is_part_of_body)


def _is_part_of_body(text: str) -> bool:
    """Tell whether a text takes a part of the body as it is: its field reads it when it comes."""
    return all(step.isidentifier() for step in text.split(".")) and text.startswith(f"{BODY}.")


def _lookup_filter(work: Work, owner: ObjectName, doc: SourceDoc) -> None:
    """Check which records a lookup offers: over them, on behalf of the record that points."""
    declared = work.declared.get(owner, {}).get(FieldName(split_key(doc.key)[1][-1]))
    if declared is None or "where" not in doc.data or not declared.targets:
        return
    scope: ObjectScope = scope_of(work, owner)
    for target in declared.targets:
        if target in work.declared:
            Component(work, doc).condition("/where", TwoRecords(scope.of(target), scope))


CHECKS: Mapping[str, Callable[[Component, ObjectName], None]] = {
    "action": _action,
    "approval": _approval,
    "assignment": _assignment,
    "conversion": check_conversion,
    "data": check_data,
    "endpoint": _endpoint,
    "layout": _layout,
    "test": check_test,
}


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
