"""The views of an object that a visitor may open, and what a list shows where none says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.compiled import CompiledObject, View
from engine.describing import view_label
from engine.names import label_from
from engine.session import Session
from web.frame import object_label
from web.texts import language, say

USUAL_COLUMNS = 7
# Fields that say little in a column.
_NOT_USUAL = frozenset({"long_text", "rich_text", "json", "address", "location", "file", "image"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A view as a list shows it: `name` is "" for all records; `by`, `sum`, `date` shape it."""

    name: str
    label: str
    view: View | None
    shape: str = "table"
    by: str = ""
    sum: str = ""
    date: str = ""

    @property
    def totals(self) -> Mapping[str, str]:
        """Measure by field path, as the view declares them."""
        given = self.view.data.get("totals") if self.view is not None else None
        return {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else {}


def visible_views(session: Session, compiled: CompiledObject) -> tuple[Shown, ...]:
    """Give the views that are shared with the visitor, in the order in which they are declared."""
    views = session.snapshot.model.views.get(compiled.name, {})
    return tuple(
        _shown(session, compiled, view)
        for view in views.values()
        if view.data.get("active") is not False and is_shared(session, view)
    )


def all_records(session: Session, compiled: CompiledObject) -> Shown:
    """Give the view of an object that nobody declares: all its records."""
    plural = object_label(session.snapshot, compiled.name, "plural")
    return Shown(
        name="", label=say("All {objects}", objects=plural.lower(), Objects=plural), view=None
    )


def usual_view(session: Session, compiled: CompiledObject, views: tuple[Shown, ...]) -> Shown:
    """Give what a list shows when the address names no view: everything."""
    whole = (v for v in views if v.view is not None and v.view.where is None)
    return next((v for v in whole if v.shape == "table"), all_records(session, compiled))


def usual_paths(session: Session, compiled: CompiledObject) -> tuple[str, ...]:
    """Give the columns of a list for which no view names any: the name, then what a page shows."""
    paths = [str(compiled.title)] if compiled.title else []
    paths += [path for path in _highlights(session, compiled) if path not in paths]
    for name, field in compiled.fields.items():
        if len(paths) >= USUAL_COLUMNS - 1:
            break
        fits = not field.is_platform and field.decl.type not in _NOT_USUAL and name not in paths
        if fits and field.decl.active:
            paths.append(str(name))
    return tuple(dict.fromkeys([*paths[: USUAL_COLUMNS - 1], "owner"]))


def is_shared(session: Session, view: View) -> bool:
    """Tell whether a view is meant for the visitor; one that names nobody is meant for all."""
    audience = view.data.get("shared_with")
    if not isinstance(audience, list | tuple) or not audience:
        return True
    if session.unit.access.is_administrator:
        return True
    return any(_is_among(session, one) for one in audience)


def _is_among(session: Session, one: object) -> bool:
    """Tell whether the visitor belongs to an audience: a role's bare name, or {kind: name}."""
    access, user = session.unit.access, session.unit.caller.context.user
    if isinstance(one, str):
        return f"role:{one}" in access.standing.groups
    if not isinstance(one, Mapping):
        return False
    mine = {f"{kind}:{name}" for kind, name in one.items()} & access.standing.groups
    holds = str(one.get("permission_set")) in access.sets
    return bool(mine) or holds or str(one.get("user")) == str(user.get("email"))


def _shown(session: Session, compiled: CompiledObject, view: View) -> Shown:
    label = view_label(session.snapshot.model, compiled, view, language())
    label = label_from(view.name) if label == view.name else label
    shape, options = _shape(view.data)
    return Shown(
        name=view.name,
        label=label,
        view=view,
        shape=shape,
        by=str(options.get("by") or ""),
        sum=str(options.get("sum") or ""),
        date=str(options.get("date") or ""),
    )


def _shape(data: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """Read `shape: board` beside `board: {…}`, and `shape: {board: {…}}`."""
    given = data.get("shape", "table")
    if isinstance(given, Mapping):
        name = next(iter(given), "table")
        options = given.get(name)
    else:
        name = str(given)
        options = data.get(name)
    return str(name), options if isinstance(options, Mapping) else {}


def _highlights(session: Session, compiled: CompiledObject) -> Iterator[str]:
    layouts = session.snapshot.model.declared.get("layout", {})
    for name, data in layouts.items():
        found = data.get("highlights")
        if name.startswith(f"{compiled.name}.") and isinstance(found, list | tuple):
            yield from (str(path) for path in found)
            return
