"""The platform's own tables through Flask-Admin: people, sessions, tokens, versions, the audit.

Flask-Admin brings listing, sorting, search, pages and details; the look is the product's, the rows
come from `engine.store.platform.showing`, and nothing is ever written by a view: what can be done
goes through `engine.people`. Tables of the installation are shown in production only: who runs a
sandbox has no business with everybody's sessions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flask import Blueprint, Flask, abort, current_app, g, redirect, request
from flask.sansio.app import App
from flask_admin import Admin, AdminIndexView, expose
from flask_admin.model import BaseModelView
from werkzeug.wrappers import Response

from admin.deployments import deployment_values
from admin.rights import ensure
from engine.clock import SystemClock
from engine.errors import NotFound
from engine.people import let_in, revoke_session, revoke_token, set_member_active
from engine.people.managing import ensure_may_manage, manager_of
from engine.session import Session
from engine.snapshots import Environments
from engine.store.platform.members import find_member
from engine.store.platform.showing import LISTINGS, Listing, load_one, load_page
from web.answers import go
from web.errors import install_errors
from web.frame import make_frame, page
from web.safety import guard
from web.texts import later, say
from web.visit import PRODUCTION, Entrance, visit

Row = Mapping[str, object]
PLACE = "/e/<environment>/setup/platform"
SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What can be done with a row: the button's words, when, and the function that does it."""

    label: str
    is_open: Callable[[Row], bool]
    act: Callable[[Row, str, datetime], None]


def _end_session(row: Row, actor: str, at: datetime) -> None:
    person, number = int(str(row["person"])), int(str(row["id"]))
    revoke_session(_environments().control, person, number, at=at, actor=actor)


def _end_token(row: Row, actor: str, at: datetime) -> None:
    database = visit().environment.database
    revoke_token(database, int(str(row["id"])), at=at, actor=actor)


def _keep_out(row: Row, actor: str, at: datetime) -> None:
    _ensure_may_manage(str(row["email"]))
    database = visit().environment.database
    set_member_active(database, str(row["email"]), active=False, at=at, actor=actor)


def _let_in(row: Row, actor: str, at: datetime) -> None:
    _ensure_may_manage(str(row["email"]))
    database = visit().environment.database
    let_in(_environments().control, database, str(row["email"]), at=at, actor=actor)


def _ensure_may_manage(email: str) -> None:
    """Refuse what would let managing others be a way to gain rights. Raises: AccessDenied A103."""

    def ask(session: Session) -> None:
        unit = session.unit
        manager = manager_of(unit.tx, unit.me, session.snapshot.model, unit.access.permissions)
        member = find_member(unit.tx, email=email)
        if member is not None:
            ensure_may_manage(manager, member.user, member.permission_sets)

    visit().read(ask)


DEEDS: Mapping[str, tuple[Deed, ...]] = {
    "sessions": (
        Deed(
            label=later("Sign out"), is_open=lambda row: row["ended_at"] is None, act=_end_session
        ),
    ),
    "tokens": (
        Deed(label=later("Revoke"), is_open=lambda row: row["revoked_at"] is None, act=_end_token),
    ),
    "members": (
        Deed(label=later("Keep out"), is_open=lambda row: bool(row["active"]), act=_keep_out),
        Deed(label=later("Let in"), is_open=lambda row: not row["active"], act=_let_in),
    ),
}
# Table -> its heading and the permission that opens it.
TABLES: Mapping[str, tuple[str, str]] = {
    "people": (later("People"), "manage_users"),
    "sessions": (later("Sessions"), "manage_users"),
    "members": (later("Members"), "manage_users"),
    "tokens": (later("Tokens"), "manage_users"),
    "versions": (later("Versions"), "deploy"),
    "deployments": (later("Deployments"), "deploy"),
    "jobs": (later("Jobs"), "deploy"),
    "audit": (later("Audit"), "view_audit"),
}
LABELS: Mapping[str, str] = {
    "action": later("Action"),
    "active": later("Active"),
    "actor": later("Who"),
    "address": later("Address"),
    "at": later("When"),
    "attempts": later("Attempts"),
    "base_version": later("From version"),
    "created_at": later("Created"),
    "deployment": later("Deployment"),
    "detail": later("Detail"),
    "device": later("Device"),
    "digest": later("Plan"),
    "due_at": later("Due"),
    "email": later("E-mail"),
    "ended_at": later("Ended"),
    "error": later("Error"),
    "expires_at": later("Expires"),
    "finished_at": later("Finished"),
    "id": later("Number"),
    "kind": later("Kind"),
    "label": later("Label"),
    "name": later("Name"),
    "number": later("Version"),
    "permission_sets": later("Permission sets"),
    "reason": later("Reason"),
    "revoked_at": later("Revoked"),
    "role": later("Role"),
    "scopes": later("Scopes"),
    "seal": later("Seal"),
    "seen_at": later("Last seen"),
    "service": later("Service"),
    "source": later("Through"),
    "started_at": later("Started"),
    "state": later("State"),
    "target": later("Target"),
    "totp_at": later("Second factor since"),
    "version": later("Version"),
}
_HIDDEN = frozenset({"person"})
# Table -> the page of one of its rows, where it has more to tell than its columns.
DETAILS: Mapping[str, str] = {"deployments": "admin/deployment.html"}


def install_platform(app: App, environments: Environments) -> None:
    """Mount the tables; called once, while the application is built."""
    entrance = Entrance(environments)
    start = _Start(name="Patron", endpoint="platform", url=PLACE)
    start.entrance = entrance
    site = Admin(cast("Flask", app), name="Patron", url=PLACE, index_view=start)
    for name in TABLES:
        view = TableView(LISTINGS[name])
        view.entrance = entrance
        site.add_view(view)


class _Inside:
    """What every page of Flask-Admin needs to stand inside the product's frame."""

    entrance: Entrance

    def create_blueprint(self, admin: Admin) -> Blueprint:
        """Let visitors in as everywhere, and refuse in the same words."""
        self.static_folder = None
        blueprint = cast("Blueprint", super().create_blueprint(admin))  # type: ignore[misc]  # a mixin
        blueprint.before_request(self.entrance.enter)
        blueprint.after_request(guard)
        blueprint.url_defaults(_with_environment)
        install_errors(blueprint)
        return blueprint


class _Start(_Inside, AdminIndexView):  # type: ignore[misc]  # Flask-Admin ships no types
    """The first page leads to Setup, which lists the tables."""

    @expose("/")  # type: ignore[untyped-decorator]  # the same
    def index(self) -> Any:  # Any: Flask-Admin's own signature says text
        """Lead on."""
        return redirect(f"{visit().root}/setup/")


class TableView(_Inside, BaseModelView):  # type: ignore[misc]  # Flask-Admin ships no types
    """One table: looked at, and acted on through `engine.people` only."""

    can_create = can_edit = can_delete = can_export = False
    can_view_details = True
    can_set_page_size = False
    page_size = SIZE
    list_template = "admin/platform_list.html"
    details_template = "admin/platform_details.html"

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.shown = tuple(name for name in listing.columns if name not in _HIDDEN)
        self.title, self.right = TABLES[listing.name]
        self.column_list = self.shown
        self.column_details_list = self.shown
        self.details_template = DETAILS.get(listing.name, self.details_template)
        super().__init__(
            dict, name=self.title, endpoint=f"platform_{listing.name}", url=listing.name
        )

    # --- what Flask-Admin asks of a model -----------------------------------------------------

    def scaffold_list_columns(self) -> list[str]:
        """Name the columns."""
        return list(self.shown)

    def scaffold_sortable_columns(self) -> dict[str, str]:
        """Let every column be sorted."""
        return {name: name for name in self.shown}

    def scaffold_form(self) -> Any:  # Any: there is none, and nobody may make one
        """Give no form: nothing is written here."""
        return type("Nothing", (), {})

    def _refresh_forms_cache(self) -> None:
        """Build no forms."""
        self._create_form_class = self._edit_form_class = None
        self._delete_form_class = self._action_form_class = None

    def _refresh_form_rules_cache(self) -> None:
        """Know no rules of forms, and check none."""
        self._form_create_rules = self._form_edit_rules = None

    def _validate_form_class(self, ruleset: Any, form_class: Any, *_: Any) -> None:
        """Check nothing: there is no form."""

    def init_search(self) -> bool:
        """Search the columns that hold text."""
        return True

    def get_pk_value(self, model: Any) -> Any:  # Any: Flask-Admin's own signature
        """Give the number of a row."""
        return next(iter(model.values()))

    def _get_field_value(self, model: Any, name: Any) -> Any:  # Any: the same
        return model[name]

    def get_list(self, *args: Any, **more: Any) -> tuple[int, list[Any]]:  # Any: the same
        """Read one page: page, sort column, descending, search."""
        number, sort, descending, search = (*args, None, None, None, None)[:4]
        with_order = {"sort": str(sort or ""), "descending": bool(descending) if sort else True}
        offset = min(int(number or 0), 10_000) * SIZE
        found: tuple[int, list[Any]] = self._reading(
            lambda tx: load_page(
                tx,
                self.listing,
                search=str(search or "")[:100],
                limit=SIZE,
                offset=offset,
                **with_order,  # type: ignore[arg-type]  # by name, in their types
            )
        )
        return found

    def get_one(self, id: Any) -> Any:  # Any: the same
        """Read one row. Raises: NotFound N100."""
        text = str(id)
        number = int(text) if text.isdigit() and len(text) < 16 else 0  # noqa: PLR2004 -- below 2**53
        found = self._reading(lambda tx: load_one(tx, self.listing, number))
        if found is None:
            raise NotFound(say("There is no such row."))
        return found

    # --- requests -----------------------------------------------------------------------------

    def _run_view(self, fn: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Open the visitor's transaction, ask for the right, and let Flask-Admin do its work."""
        if self.listing.is_central and visit().environment.name != PRODUCTION:
            raise NotFound(say("This is shown in production only."))
        if request.method == "POST":
            visit().read(lambda session: ensure(session, self.right))
            return fn(self, *args, **more)
        return visit().read(lambda session: self._inside(session, fn, *args, **more))

    def _inside(self, session: Session, fn: Callable[..., Any], *args: Any, **more: Any) -> Any:
        ensure(session, self.right)
        g.setup_session = session
        return fn(self, *args, **more)

    def render(self, template: str, **values: Any) -> Any:  # Any: Flask-Admin's own signature
        """Show a template of ours inside the frame."""
        session: Session = g.setup_session
        frame = make_frame(session, visit())
        told = {
            "frame": frame,
            "fmt": frame.formats,
            "table": self.listing.name,
            "title": self.title,
            "labels": LABELS,
            "is_open": _is_open,
            "listed": _listed,
            "deeds": DEEDS.get(self.listing.name, ()),
            "done": request.args.get("done", ""),
        }
        if template == DETAILS["deployments"]:
            told |= deployment_values(session, int(self.get_pk_value(values["model"])))
        return page(template, {**values, **told})

    @expose("/<int:number>/<int:deed>", methods=("POST",))  # type: ignore[untyped-decorator]  # the same
    def act(self, number: int, deed: int) -> Response:
        """Do what a button says. Raises: NotFound N100."""
        deeds = DEEDS.get(self.listing.name, ())
        if deed >= len(deeds):
            abort(404)
        deeds[deed].act(self.get_one(number), visit().email, SystemClock().now())
        return go(f"{visit().root}/setup/platform/{self.listing.name}/?done=1")

    @expose("/action/", methods=("POST",))  # type: ignore[untyped-decorator]  # the same
    def action_view(self) -> Any:  # Any: Flask-Admin's own signature
        """Refuse: what can be done has a button of its own."""
        abort(404)

    @expose("/export/<export_type>/")  # type: ignore[untyped-decorator]  # the same
    def export(self, export_type: str) -> Any:  # Any: the same
        """Refuse: evidence is exported by the command line, with its seals."""
        abort(404)

    @expose("/ajax/lookup/")  # type: ignore[untyped-decorator]  # the same
    def ajax_lookup(self) -> Any:  # Any: the same
        """Refuse: no form asks."""
        abort(404)

    @expose("/ajax/update/", methods=("POST",))  # type: ignore[untyped-decorator]  # the same
    def ajax_update(self) -> Any:  # Any: the same
        """Refuse: nothing is written here."""
        abort(404)

    def _reading(self, work: Callable[..., Any]) -> Any:  # Any: what `work` gives
        if self.listing.is_central:
            with _environments().control.read() as tx:
                return work(tx)
        session = g.get("setup_session")
        if session is not None:
            return work(session.unit.tx)
        with visit().environment.database.read() as tx:
            return work(tx)


def _listed(value: object) -> list[str]:
    """Read names that are kept as a JSON list; a text that is none is shown as it is."""
    try:
        found = json.loads(str(value or "[]"))
    except ValueError:
        return [str(value)]
    return [str(one) for one in found] if isinstance(found, list) else [str(value)]


def _is_open(deed: Deed, row: Row) -> bool:
    return deed.is_open(row)


def _with_environment(_endpoint: str, values: dict[str, Any]) -> None:
    values.setdefault("environment", visit().environment.name)


def _environments() -> Environments:
    return cast("Environments", current_app.extensions["patron"])
