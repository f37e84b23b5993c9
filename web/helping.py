"""Working as somebody else, for who helps people: begun by a form, shown by a bar, ended any time.

The helper's own session waits in a second cookie and is there again afterwards.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, request
from werkzeug.wrappers import Response

from engine.errors import NotFound
from engine.people import find_session
from engine.people.helping import begin_helping, end_helping
from engine.people.managing import Manager, manager_of
from engine.people.members import no_member
from engine.session import Session
from engine.snapshots import Environments
from engine.store.platform.control import email_key
from engine.store.platform.members import MemberRow, find_member
from web.answers import SIGN_IN, go
from web.cookies import COOKIE, forget_session, keep_own, own_session, set_session, this_browser
from web.errors import install_errors
from web.safety import ensure_own_form, guard
from web.visit import Entrance, visit

BEGIN, END = "/e/<environment>/log-in-as", "/log-in-as/end"


class Helping:
    """The views of beginning and ending."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def begin(self) -> Response:
        """Work as the member of the form's e-mail, in the environment of the address."""
        visited, control, now = visit(), self._environments.control, datetime.now(UTC)
        own = find_session(control, visited.secret, at=now)
        if own is None or own.acting_as:
            raise NotFound
        manager, other = visited.read(_both)
        environment = visited.environment
        secret = begin_helping(
            control,
            (environment.name, environment.database),
            (manager, own),
            other,
            this_browser(),
            at=now,
            reason=request.form.get("reason", ""),
        )
        answer = go(f"{visited.root}/")
        keep_own(answer, visited.secret)
        set_session(answer, secret)
        return answer

    def end(self) -> Response:
        """Be oneself again."""
        secret, now = request.cookies.get(COOKIE, ""), datetime.now(UTC)
        control = self._environments.control
        found = find_session(control, secret, at=now) if secret else None
        own = own_session()
        if found is not None and found.acting_as:
            ensure_own_form(secret)
            database = self._environments.open(found.environment).database
            end_helping(control, database, found, secret, at=now)
        back = find_session(control, own, at=now) if own else None
        answer = go(f"/e/{found.environment}/" if found and back else SIGN_IN)
        keep_own(answer, "")
        if back is not None:
            set_session(answer, own)
        else:
            forget_session(answer)
        return answer


def make_helping(environments: Environments, entrance: Entrance) -> Blueprint:
    """Make the blueprint of /e/<environment>/log-in-as and /log-in-as/end."""
    blueprint = Blueprint("helping", __name__)
    install_errors(blueprint)
    blueprint.after_request(guard)
    views = Helping(environments)

    @blueprint.post(BEGIN)
    def begin(**_given: str) -> Response:
        return entrance.enter() or views.begin()

    @blueprint.post(END)
    def end() -> Response:
        return views.end()

    return blueprint


def _both(session: Session) -> tuple[Manager, MemberRow]:
    """Find helper and other in one transaction. Raises: NotFound N103."""
    unit = session.unit
    email = request.form.get("email", "")
    manager = manager_of(unit.tx, unit.me, session.snapshot.model, unit.access.permissions)
    other = find_member(unit.tx, email=email_key(email))
    if other is None:
        raise no_member(email)
    return manager, other
