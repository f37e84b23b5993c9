"""What stands around every page: apps and their items, the environment, who is signed in.

Worked out in the transaction of the page, from the pinned model alone: no statement of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import g, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from engine.compiled import Snapshot, translated
from engine.names import ObjectName
from engine.session import Session
from sandbox.changes import base_of, changes_since_baseline
from web.formats import Formats, formats
from web.safety import csrf_token
from web.texts import LANGUAGES, choose_language, language, say
from web.visit import Visit, visit

T = TypeVar("T")

# System permissions of which one at least shows the group "Setup".
SETUP = frozenset({"customize", "deploy", "manage_users", "view_audit", "manage_outbox"})
APP_COOKIE, THEME_COOKIE = "patron_app", "patron_theme"
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of the navigation."""

    label: str
    icon: str
    address: str
    object: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app that the visitor may open. Who has chosen none starts in the one of most items."""

    name: str
    label: str
    icon: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Everything the frame shows. `permissions`: the visitor's system permissions."""

    visit: Visit
    version: int
    user_name: str
    apps: tuple[App, ...]
    app: App | None
    items: tuple[Item, ...]
    permissions: frozenset[str]
    languages: tuple[str, ...]
    theme: str
    formats: Formats
    now: datetime
    has_approvals: bool = False  # some object has one: what waits for the visitor has a page
    based_on: str = ""  # of a sandbox: "production@41"
    changes: int = 0  # of a sandbox: components not promoted yet

    @property
    def root(self) -> str:
        """The address of the environment, without a slash at its end."""
        return self.visit.root

    @property
    def has_setup(self) -> bool:
        """Tell whether the visitor sees the group "Setup"."""
        return bool(self.permissions & SETUP)

    @property
    def csrf(self) -> str:
        """The token that every form carries."""
        return csrf_token(self.visit.secret)

    @property
    def csrf_input(self) -> Markup:
        """The hidden input that every form holds."""
        return Markup('<input type="hidden" name="csrf" value="{}">').format(self.csrf)


def make_frame(session: Session, visited: Visit) -> Frame:
    """Make the frame of a page: language first, because every label depends on it."""
    unit = session.unit
    user = unit.caller.context.user
    choose_language(str(user.get("language") or ""))
    model = session.snapshot.model
    apps = tuple(_apps(session))
    chosen = request.cookies.get(APP_COOKIE, "")
    fullest = max(apps, key=lambda a: a.size, default=None)
    app = next((a for a in apps if a.name == chosen), fullest)
    zone = str(user.get("time_zone") or model.project.time_zone)
    company = model.project.currencies[0] if model.project.currencies else "EUR"
    theme = request.cookies.get(THEME_COOKIE, "")
    return Frame(
        visit=visited,
        version=session.snapshot.version,
        user_name=str(user.get("name") or visited.name or visited.email),
        apps=apps,
        app=app,
        items=tuple(_items(session, visited.root, app)),
        permissions=unit.access.permissions,
        languages=tuple(name for name in model.project.languages if name in LANGUAGES),
        theme=theme if theme in THEMES else "",
        formats=formats(language(), zone, company),
        now=unit.now,
        has_approvals=bool(model.approvals),
        based_on=base_of(visited.environment, unit.tx),
        changes=len(changes_since_baseline(visited.environment, unit.tx, session.snapshot.token)),
    )


def show(
    template: str, work: Callable[[Session], Mapping[str, object]], *, status: int = 200
) -> Response:
    """Answer with a page: `work` gives what the template shows, in one reading transaction."""
    visited = visit()

    def gather(session: Session) -> dict[str, object]:
        frame = make_frame(session, visited)
        return {"frame": frame, "fmt": frame.formats, **work(session)}

    return page(template, visited.read(gather), status=status)


def page(template: str, values: Mapping[str, object], *, status: int = 200) -> Response:
    """Answer with a template over values that are there already; `frame` is among them."""
    g.frame = values.get("frame")
    return Response(render_template(template, **values), status, content_type=HTML)


HTML = "text/html; charset=utf-8"


def object_label(snapshot: Snapshot, name: str, key: str = "label") -> str:
    """Give the label (or `plural`) of an object in the visitor's language."""
    compiled = snapshot.model.objects[ObjectName(name)]
    own = compiled.label if key == "label" else compiled.plural
    return compiled.text(language(), key) or (say(own) if compiled.is_platform else own)


def declared_label(snapshot: Snapshot, part: str, name: str, otherwise: str) -> str:
    """Give the translated label of what stands in translations beside objects: apps, actions."""
    texts = snapshot.model.declared.get("translation", {})
    found = {known: texts.get(f"{known}.{part}") for known in (language(),)}
    return translated(found, language(), name, "label") or otherwise


def _apps(session: Session) -> Iterator[App]:
    access = session.unit.access
    for name, data in session.snapshot.model.declared.get("app", {}).items():
        wanted = [one.get("permission_set") for one in _mappings(data.get("for"))]
        roles = [one.get("role") for one in _mappings(data.get("for"))]
        role = session.unit.caller.context.user.get("role")
        is_open = not any(wanted + roles) or access.is_administrator
        if is_open or access.sets & set(wanted) or (role and role in roles):
            label = str(data.get("label") or name.replace("_", " ").capitalize())
            label = declared_label(session.snapshot, "apps", name, label)
            size = sum(1 for _ in _entries(data.get("items")))
            yield App(name=name, label=label, icon=str(data.get("icon") or ""), size=size)


def _items(session: Session, root: str, app: App | None) -> Iterator[Item]:
    if app is None:
        yield Item(label=say("Home"), icon="home", address=f"{root}/")
        for one in session.objects():
            yield _object_item(session, root, str(one["object"]), "")
        return
    for entry in _entries(session.snapshot.model.declared["app"][app.name].get("items")):
        name, view = entry
        if name == "home":
            yield Item(label=say("Home"), icon="home", address=f"{root}/")
        elif _may_read(session, name):
            yield _object_item(session, root, name, view)


def _object_item(session: Session, root: str, name: str, view: str) -> Item:
    compiled = session.snapshot.model.objects[ObjectName(name)]
    query = f"?view={view}" if view else ""
    return Item(
        label=object_label(session.snapshot, name, "plural"),
        icon=compiled.icon or "box",
        address=f"{root}/o/{name}{query}",
        object=name,
    )


def _may_read(session: Session, name: str) -> bool:
    is_there = ObjectName(name) in session.snapshot.model.objects
    return is_there and session.unit.access.of(ObjectName(name)).may("read")


def _entries(items: object) -> Iterator[tuple[str, str]]:
    for item in items if isinstance(items, (list, tuple)) else ():
        if isinstance(item, str):
            yield item, ""
        elif isinstance(item, Mapping) and item.get("object"):
            yield str(item["object"]), str(item.get("view") or "")


def _mappings(value: object) -> list[Mapping[str, object]]:
    found = value if isinstance(value, (list, tuple)) else ()
    return [one for one in found if isinstance(one, Mapping)]
