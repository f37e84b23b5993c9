"""The environments of the installation: seen, made as sandboxes, deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import request
from werkzeug.wrappers import Response

from admin.making import Asked, labels_of, make, read_asked
from admin.promotion import environments
from admin.rights import SEES, ensure, may
from engine.clock import SystemClock
from engine.errors import AccessDenied, Conflict, NotFound, PatronError, RequestInvalid
from engine.locale import translate
from engine.session import Session
from engine.store.platform.control import EnvironmentRow
from sandbox.bringing.rights import NEEDS_ALL
from sandbox.environments import list_rows
from sandbox.naming import nearest_name
from sandbox.sandboxes import delete_sandbox
from web.answers import go
from web.frame import make_frame, page
from web.texts import language, say
from web.visit import visit


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRow:
    """An environment as the page lists it. `version` is 0 where the visitor is no member."""

    row: EnvironmentRow
    version: int = 0
    is_here: bool = False
    may_delete: bool = False

    @property
    def root(self) -> str:
        """The address below which its pages lie."""
        return f"/e/{self.row.name}"


def show_environments() -> Response:
    """List the environments; who may change things makes sandboxes here."""
    return _shown()


def create_sandbox() -> Response:
    """Make a sandbox of this environment and lead into it."""
    visit().read(lambda session: ensure(session, "customize", "deploy"))
    asked = read_asked()
    try:
        return make(asked)
    except AccessDenied as denied:
        if denied.code != NEEDS_ALL:
            raise
        return _shown(denied, asked)
    except (RequestInvalid, Conflict, NotFound) as refused:
        near = nearest_name(asked.name) if refused.code == "Q120" else ""
        return _shown(refused, replace(asked, name=near or asked.name))


def remove_sandbox(name: str) -> Response:
    """Delete a sandbox, once its name was typed."""
    here = visit()
    here.read(lambda session: ensure(session, "customize", "deploy"))
    if not _place(name)[1]:
        raise AccessDenied(say("Only who may change {name} deletes it.", name=name))
    if request.form.get("confirm", "").strip() != name:
        refused = RequestInvalid(say("Type the name {name} to delete it.", name=name), code="Q120")
        return _shown(refused)
    try:
        delete_sandbox(environments(), name, actor=here.email, at=SystemClock().now())
    except Conflict as conflict:
        return _shown(conflict)
    is_here = name == here.environment.name
    return go(f"{'/e/production' if is_here else here.root}/setup/environments?deleted=1")


def _shown(refused: PatronError | None = None, asked: Asked | None = None) -> Response:
    here = visit()
    if refused is not None:
        translate(refused, language())

    def work(session: Session) -> dict[str, object]:
        ensure(session, *SEES)
        frame = make_frame(session, here)
        makes = may(session, "customize", "deploy")
        objects = labels_of(session) if makes else {}
        return {"frame": frame, "fmt": frame.formats, "makes": makes, "objects": objects}

    values = here.read(work)
    rows = [_row(row) for row in list_rows(environments().control)]
    typed = asked or Asked()
    told = {"rows": rows, "refused": refused, "typed": typed, "deleted": "deleted" in request.args}
    return page("admin/environments.html", {**values, **told}, status=422 if refused else 200)


def _row(row: EnvironmentRow) -> PlaceRow:
    version, may_change = _place(row.name)
    return PlaceRow(
        row=row,
        version=version,
        is_here=row.name == visit().environment.name,
        may_delete=may_change and row.kind != "production",
    )


def _place(name: str) -> tuple[int, bool]:
    """Look into an environment as the visitor: its version, and whether they may change it."""
    here = visit()
    if here.helper and name != here.environment.name:
        return 0, False  # working as somebody else opens one environment
    try:
        environment = environments().open(name)
        there = replace(here, environment=environment, user=environment.user_of(here.person))
        return there.read(lambda session: (session.snapshot.version, may(session, "customize")))
    except (NotFound, AccessDenied):
        return 0, False
