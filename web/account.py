"""The account of a person: password, second factor, signed-in browsers. The same everywhere.

It belongs to the person and to no environment, so it lies outside of /e/. What somebody is in an
environment (name, language, rights) is on the pages of that environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import segno
from flask import Blueprint, g, render_template, request
from werkzeug.wrappers import Response

from engine.errors import NotFound, RecordInvalid, Throttled
from engine.people import (
    check_password,
    find_session,
    list_sessions,
    revoke_session,
    revoke_sessions,
    set_password,
)
from engine.people.persons import person_of
from engine.people.second_factor import (
    begin_setup,
    confirm_setup,
    remove_second_factor,
    renew_recovery_codes,
)
from engine.people.throttle import ACCOUNT, begin_attempt, forgive
from engine.snapshots import Environments
from engine.store.platform.control import PersonRow
from engine.store.platform.sessions import SignedInRow
from web.answers import go, go_to_sign_in
from web.cookies import COOKIE
from web.devices import device_name
from web.errors import install_errors
from web.safety import csrf_token, ensure_own_form, guard
from web.signing import ACCOUNT_PAGE, HTML, throttled_text
from web.texts import say

SET_UP = f"{ACCOUNT_PAGE}/second-factor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Self:
    """Who looks at their account: the session of this browser, and its secret."""

    session: SignedInRow
    person: PersonRow
    secret: str


class Account:
    """The views below /account."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def enter(self) -> Response | None:
        """Find who it is before every page; who works as somebody else has no account here."""
        secret = request.cookies.get(COOKIE, "")
        control = self._environments.control
        found = find_session(control, secret, at=datetime.now(UTC)) if secret else None
        if found is None:
            return go_to_sign_in()
        ensure_own_form(secret)
        if found.acting_as:
            raise NotFound(say("Stop working as somebody else first."))
        g.self = Self(session=found, person=person_of(control, found.person), secret=secret)
        return None

    def show(self, problem: str = "", hint: str = "", *, status: int = 200) -> Response:
        """Show the account."""
        me, control = _me(), self._environments.control
        sessions = list_sessions(control, me.person.id, at=datetime.now(UTC))
        done = say("Your password is changed.") if request.args.get("done") == "password" else ""
        values = {
            "sessions": sessions,
            "device_name": device_name,
            "problem": problem,
            "hint": hint,
            "done": done,
        }
        return _page("web/account.html", status, **values)

    def change_password(self) -> Response:
        """Take a new password from who knows the old one; other browsers are signed out."""
        me, control, now = _me(), self._environments.control, datetime.now(UTC)
        key = ((ACCOUNT, me.person.email),)
        fresh = request.form.get("password", "")
        try:
            begin_attempt(control, key, at=now)
            if me.person.password_hash and not check_password(
                control, me.person.email, request.form.get("old", "")
            ):
                return self.show(say("Your present password is not right."), status=422)
            forgive(control, key)
            if fresh != request.form.get("again", ""):
                return self.show(say("The two passwords are not the same."), status=422)
            actor = me.person.email
            set_password(control, actor, fresh, at=now, actor=actor, keep=me.secret)
        except Throttled as error:
            return self.show(throttled_text(error), status=429)
        except RecordInvalid as error:
            return self.show(say(error.message), say(error.hint), status=422)
        return go(f"{ACCOUNT_PAGE}?done=password")

    def end(self, number: int) -> Response:
        """Sign out one browser."""
        me, control, now = _me(), self._environments.control, datetime.now(UTC)
        revoke_session(control, me.person.id, number, at=now, actor=me.person.email)
        return go(ACCOUNT_PAGE)

    def end_others(self) -> Response:
        """Sign out every browser but this one."""
        me, control, now = _me(), self._environments.control, datetime.now(UTC)
        revoke_sessions(control, me.person.id, at=now, actor=me.person.email, keep=me.secret)
        return go(ACCOUNT_PAGE)

    def set_up(self, problem: str = "", *, status: int = 200) -> Response:
        """Show the secret and its QR code, or what there is already."""
        me = _me()
        if me.person.has_second_factor:
            return _page("web/second_factor_set.html", status, codes=[], problem=problem)
        setup = begin_setup(self._environments.control, self._environments.settings, me.person)
        drawing = segno.make(setup.address, micro=False).svg_data_uri(scale=5, border=2)
        values = {"secret": setup.secret, "drawing": drawing, "problem": problem}
        return _page("web/second_factor_setup.html", status, **values)

    def confirm(self) -> Response:
        """Take the first code; show the recovery codes, once."""
        me, now = _me(), datetime.now(UTC)
        try:
            codes = confirm_setup(
                self._environments.control,
                self._environments.settings,
                me.person,
                request.form.get("code", ""),
                at=now,
                secret=me.secret,
            )
        except Throttled as error:
            return self.set_up(throttled_text(error), status=429)
        except RecordInvalid as error:
            return self.set_up(say(error.message), status=error.status)
        return _page("web/second_factor_set.html", codes=codes, problem="")

    def renew(self) -> Response:
        """Make new recovery codes, for who knows the password."""
        me = _me()
        refused = self._unproved(me)
        if refused is not None:
            return refused
        codes = renew_recovery_codes(self._environments.control, me.person, at=datetime.now(UTC))
        return _page("web/second_factor_set.html", codes=codes, problem="")

    def remove(self) -> Response:
        """Ask for codes no longer, for who knows the password; signs out everywhere."""
        me, now = _me(), datetime.now(UTC)
        refused = self._unproved(me)
        if refused is not None:
            return refused
        remove_second_factor(self._environments.control, me.person, at=now, actor=me.person.email)
        return go_to_sign_in()

    def _unproved(self, me: Self) -> Response | None:
        """Refuse what needs the password to who does not give it."""
        control, now = self._environments.control, datetime.now(UTC)
        key = ((ACCOUNT, me.person.email),)
        try:
            begin_attempt(control, key, at=now)
        except Throttled as error:
            return self.set_up(throttled_text(error), status=429)
        if check_password(control, me.person.email, request.form.get("old", "")) is None:
            return self.set_up(say("Your present password is not right."), status=422)
        forgive(control, key)
        return None


def make_account(environments: Environments) -> Blueprint:
    """Make the blueprint of /account."""
    blueprint = Blueprint("account", __name__, template_folder="templates")
    install_errors(blueprint)
    views = Account(environments)
    blueprint.before_request(views.enter)
    blueprint.after_request(guard)
    for method, address, view in (
        ("GET", ACCOUNT_PAGE, views.show),
        ("POST", f"{ACCOUNT_PAGE}/password", views.change_password),
        ("POST", f"{ACCOUNT_PAGE}/sessions/end", views.end_others),
        ("POST", f"{ACCOUNT_PAGE}/sessions/<int:number>/end", views.end),
        ("GET", SET_UP, views.set_up),
        ("POST", SET_UP, views.confirm),
        ("POST", f"{SET_UP}/recovery-codes", views.renew),
        ("POST", f"{SET_UP}/remove", views.remove),
    ):
        name = f"{method} {address}"
        blueprint.add_url_rule(address, endpoint=name, view_func=view, methods=[method])
    return blueprint


def _me() -> Self:
    return cast("Self", g.self)


def _page(template: str, status: int = 200, **values: object) -> Response:
    me = _me()
    shown = {"me": me.person, "here": me.session.id, "csrf": csrf_token(me.secret), **values}
    return Response(render_template(template, **shown), status, content_type=HTML)
