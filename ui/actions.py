"""The actions of a layout as buttons: links to prefilled forms and to addresses, and workflows.

A workflow is offered to who may change the record, while its criteria hold; pressing looks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from engine.compiled import CompiledObject
from engine.expr import ExprFailed
from engine.model.fields.base import Value
from engine.names import ObjectName, label_from
from engine.saving.drafting import compile_declared, context_of
from engine.saving.looking import load_facts
from engine.session import Seen, Session
from ui import inputs
from ui.columns import find_column
from ui.layouts import Layout
from web.frame import declared_label
from web.texts import language


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of the bar."""

    label: str
    icon: str
    href: str
    is_outside: bool = False
    is_deed: bool = False  # it does something: sent as a form


def gather_actions(session: Session, seen: Seen, layout: Layout, root: str) -> list[Button]:
    """Give the buttons of a layout that the visitor may use on this record. No statement."""
    declared = session.snapshot.model.declared.get("action", {})
    buttons = (
        _button(session, seen, name, declared[name], root)
        for name in layout.actions
        if name in declared and declared[name].get("active") is not False
    )
    return [button for button in buttons if button is not None]


def _button(
    session: Session, seen: Seen, name: str, data: Mapping[str, object], root: str
) -> Button | None:
    visible = data.get("visible_if")
    known: Mapping[str, Value] = {**seen.record, **seen.facts}
    context = context_of(session.unit, prior=known)
    if visible is not None:
        condition = compile_declared(session.snapshot.model, seen.object, visible)
        if condition is not None and not condition.holds(known, context):
            return None
    label = declared_label(
        session.snapshot, "actions", name, str(data.get("label") or label_from(name))
    )
    icon = str(data.get("icon") or "plus")
    created = session.snapshot.model.objects.get(ObjectName(str(data.get("create") or "")))
    if created is not None and session.unit.access.of(created.name).may("create"):
        query = urlencode({"_action": name, "_from": str(seen.record["id"])})
        return Button(label=label, icon=icon, href=f"{root}/o/{created.name}/new?{query}")
    if "workflow" in data:
        return _deed(session, seen, name, data, Button(label=label, icon=icon, href=root))
    if "url" not in data:
        return None
    address = compile_declared(session.snapshot.model, seen.object, data["url"], is_condition=False)
    text = "" if address is None else str(address.settle(known, context) or "")
    is_safe = text.startswith(("https://", "http://", "mailto:", "tel:")) and text.isprintable()
    return Button(label=label, icon=icon, href=text, is_outside=True) if is_safe else None


def _deed(
    session: Session, seen: Seen, name: str, data: Mapping[str, object], button: Button
) -> Button | None:
    """Give the button of a workflow to who may change the record, where it applies."""
    workflow = session.snapshot.model.workflows.get(str(data["workflow"]))
    may_edit = seen.may_edit and session.unit.access.of(seen.object.name).may("edit")
    if workflow is None or not may_edit:
        return None
    known: Mapping[str, Value] = {**seen.record, **seen.facts}
    context = context_of(session.unit, prior=known)
    if workflow.condition is not None and not workflow.condition.holds(known, context):
        return None
    href = f"{button.href}/o/{seen.object.name}/{seen.record['id']}/action/{name}"
    return replace(button, href=href, is_deed=True)


def first_values(
    session: Session, compiled: CompiledObject, name: str, record_id: int
) -> dict[str, Value]:
    """Give the values that an action fills into the form of a new record: one statement.

    They are worked out over the record that the visitor came from, with full rights as the
    configuration says; nothing for an action or a record that is not there for them.
    """
    data = session.snapshot.model.declared.get("action", {}).get(name, {})
    source = session.snapshot.model.objects.get(ObjectName(str(data.get("object") or "")))
    values = data.get("values")
    is_ours = data.get("create") == compiled.name and isinstance(values, Mapping)
    if source is None or not is_ours or not isinstance(values, Mapping):
        return {}
    if not session.unit.access.of(source.name).may("read"):
        return {}
    model = session.snapshot.model
    expressions = {
        str(field): compile_declared(model, source, text, is_condition=False)
        for field, text in values.items()
        if isinstance(text, str)
    }
    constants = {str(k): v for k, v in values.items() if not isinstance(v, str)}
    reads = {path for e in expressions.values() if e is not None for path in e.reads}
    known = load_facts(session.unit, source, record_id, tuple(sorted(reads | {"id"})))
    found: dict[str, Value] = {k: v for k, v in constants.items() if k in compiled.fields}
    for field, expression in expressions.items():
        if expression is None or not known:
            continue
        try:
            found[field] = expression.evaluate(known, context_of(session.unit))
        except ExprFailed:
            continue
    return {k: v for k, v in found.items() if _may_type(session, compiled, k)}


def _may_type(session: Session, compiled: CompiledObject, name: str) -> bool:
    column = find_column(session, compiled.name, name)
    return column is not None and inputs.editor_of(column) is not None and bool(language())
