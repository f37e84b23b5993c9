"""An object's page: its fields, layouts, rules and whatever else speaks of it, in tabs."""

from __future__ import annotations

from collections.abc import Mapping

from flask import request
from werkzeug.wrappers import Response

from admin.components import TABS, ensure_there, layouts_of, show_component
from admin.forms import Hints, draw
from admin.forms.shapes import kind_shape
from admin.kinds import OBJECT_TABS, PLURALS, SINGULARS, family_of
from admin.lists import Row, rows_of
from admin.rights import SEES, ensure, may
from admin.suggesting import Suggester
from admin.words import label_of
from deploy_tool.sources.trees import read_running
from engine.names import ComponentKey, component_key, split_key
from engine.session import Session
from engine.source import SourceTree
from web.frame import show
from web.texts import say

FIELDS = "fields"


def show_object(name: str) -> Response:
    """Show an object; its own form and YAML are those of any component."""
    tab = request.args.get("tab", FIELDS)
    if tab in TABS:
        return show_component("object", name)

    def work(session: Session) -> Mapping[str, object]:
        ensure(session, *SEES)
        running = read_running(session.unit.tx)
        key = component_key("object", name)
        ensure_there(running.tree, key)
        return _values(session, running.tree, key, tab, running.head.version)

    return show("admin/object.html", work)


def _values(
    session: Session, tree: SourceTree, key: ComponentKey, tab: str, base: int
) -> dict[str, object]:
    name = split_key(key)[1][0]
    about = {each: _about(tree, name, kinds) for each, _, kinds in OBJECT_TABS}
    label, kinds = next(
        ((label, kinds) for each, label, kinds in OBJECT_TABS if each == tab),
        (OBJECT_TABS[0][1], OBJECT_TABS[0][2]),
    )
    chosen = tab if tab in about else FIELDS
    object_name = label_of(key, tree.docs[key].data)
    wanted = request.args.get("new", "")
    new = wanted if wanted in kinds and may(session, "customize") else ""
    return {
        "key": key,
        "family": family_of("object"),
        "name": name,
        "label": object_name,
        "tab": chosen,
        "tabs": [(each, say(text), len(about[each])) for each, text, _ in OBJECT_TABS],
        "tab_label": say(label),
        "rows": _in_order(tree, key, rows_of(session, tree, kinds, only=about[chosen])),
        "kinds": [(kind, say(SINGULARS[kind]), say(PLURALS[kind])) for kind in kinds],
        "may_change": may(session, "customize"),
        "new": new,
        "panel": _panel(session, tree, new, name) if new else None,
        "base": base,
        "hides_owner": chosen not in {"access", "automation"},
    }


def _panel(session: Session, tree: SourceTree, kind: str, name: str) -> Mapping[str, object]:
    """Give the short form of something new that belongs to the object."""
    data: dict[str, object] = {}
    if kind == "field":
        data["type"] = request.args.get("type", "text")
    key = component_key(kind, name, "")
    suggest = Suggester(key, data, tree).over(session.snapshot.model)
    form = draw(kind_shape(kind), data, Hints(suggest=suggest, say=say))
    layouts = layouts_of(tree, name) if kind == "field" else []
    return {"form": form, "kind": kind, "one": say(SINGULARS[kind]), "layouts": layouts}


def _about(tree: SourceTree, name: str, kinds: tuple[str, ...]) -> list[ComponentKey]:
    """List the components of some kinds that belong to an object, or speak of it."""
    found = []
    for key, doc in tree.docs.items():
        kind, path = split_key(key)
        if kind not in kinds:
            continue
        is_right = kind == "object_permission" and path[-1] == name
        is_below = len(path) > 1 and path[0] == name and kind != "object_permission"
        is_named = doc.data.get("object") == name or (len(path) == 1 and path[0] == name)
        if is_right or is_below or is_named:
            found.append(key)
    return found


def _in_order(tree: SourceTree, key: ComponentKey, rows: list[Row]) -> list[Row]:
    order = tree.docs[key].data.get("order")
    listed = order.get("fields") if isinstance(order, Mapping) else None
    places = {str(each): at for at, each in enumerate(listed if isinstance(listed, list) else ())}
    return sorted(rows, key=lambda row: places.get(row.name, len(places)))
