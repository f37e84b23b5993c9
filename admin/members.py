"""One member in Setup: their browsers, their second factor, and what they see and do here, and why.

Separate from the tables of the platform, which show rows: here somebody is helped. What can be done
is `engine.people`, what is explained is `engine.explaining`; both ask for their own permissions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flask import current_app, request
from werkzeug.wrappers import Response

from admin.rights import ensure, may
from engine.clock import SystemClock
from engine.compiled import CompiledObject
from engine.errors import NotFound, PatronError
from engine.locale import translate
from engine.names import ObjectName
from engine.people import list_sessions
from engine.people.managing import Manager, manager_of
from engine.people.opening import ensure_production, reset_second_factor
from engine.people.persons import person_of
from engine.session import Session
from engine.snapshots import Environments
from engine.store.platform.control import PersonRow
from engine.store.platform.members import MemberRow, find_member_of_user
from engine.store.platform.sessions import SessionRow
from web.answers import go
from web.devices import device_name
from web.frame import object_label, show
from web.texts import say
from web.visit import PRODUCTION, visit

RIGHTS = ("read", "create", "edit", "delete", "view_all", "modify_all", "transfer")
_LARGEST = 15  # digits of an id that somebody may type


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What belongs to the person and not to the member; shown in production alone."""

    person: PersonRow
    browsers: list[SessionRow]


def show_member(user: int) -> Response:
    """Show a member; `object` and `record` of the address ask what they see and do there."""
    return _shown(user)


def reset_factor(user: int) -> Response:
    """Remove the member's second factor, for the reason that the form gives."""
    here = visit()
    ensure_production(here.environment.name)
    manager, member = here.read(lambda session: _both(session, user))
    try:
        reset_second_factor(
            _environments().control,
            here.environment.database,
            manager,
            member,
            at=SystemClock().now(),
            reason=request.form.get("reason", ""),
        )
    except PatronError as refused:
        return _shown(user, refused)
    return go(f"{here.root}/setup/people/{user}?done=1")


def _shown(user: int, refused: PatronError | None = None) -> Response:
    account = _account(user)

    def work(session: Session) -> Mapping[str, object]:
        ensure(session, "manage_users", "log_in_as")
        if refused is not None:
            translate(refused, session.unit.language)
        member = _member(session, user)
        return {
            "member": member,
            "role": session.snapshot.model.declared.get("role", {}).get(member.role, {}),
            "account": account,
            "device_name": device_name,
            "is_me": user == session.unit.me,
            "may_help": may(session, "log_in_as") and user != session.unit.me,
            "may_manage": may(session, "manage_users"),
            "objects": _objects(session),
            "asked": request.args.get("object", ""),
            "record": request.args.get("record", "").strip(),
            "told": _told(session, user),
            "levels": {"none": say("hidden"), "read": say("reads"), "edit": say("edits")},
            "refused": refused,
            "done": request.args.get("done", ""),
        }

    return show("admin/member.html", work, status=refused.status if refused else 200)


def _account(user: int) -> Account | None:
    """Read the account, in production and for who manages people."""
    here = visit()
    if here.environment.name != PRODUCTION:
        return None
    person = here.read(lambda session: _person(session, user))
    if person is None:
        return None
    control = _environments().control
    browsers = list_sessions(control, person, at=SystemClock().now())
    return Account(person=person_of(control, person), browsers=browsers)


def _person(session: Session, user: int) -> int | None:
    if not may(session, "manage_users"):
        return None
    return _member(session, user).person


def _member(session: Session, user: int) -> MemberRow:
    member = find_member_of_user(session.unit.tx, user)
    if member is None:
        raise NotFound(say("There is no such member."), code="N103")
    return member


def _both(session: Session, user: int) -> tuple[Manager, MemberRow]:
    unit = session.unit
    manager = manager_of(unit.tx, unit.me, session.snapshot.model, unit.access.permissions)
    return manager, _member(session, user)


def _objects(session: Session) -> list[tuple[str, str]]:
    """Give the objects that the visitor sees, by label."""
    found = [str(one["object"]) for one in session.objects()]
    labels = [(name, object_label(session.snapshot, name, "plural")) for name in found]
    return sorted(labels, key=lambda pair: pair[1].lower())


def _told(session: Session, user: int) -> Mapping[str, object] | None:
    """Explain the object, or the record, that the address asks for; None when it asks for none."""
    name, record = request.args.get("object", ""), request.args.get("record", "").strip()
    if not name or not may(session, "manage_users"):
        return None
    compiled = session.compiled(name)
    labels = {"labels": _labels(session, compiled), "heading": object_label(session.snapshot, name)}
    about = session.explaining.of_object(compiled, user)
    rights = cast("Mapping[str, list[str]]", about["rights"])
    about = {**about, "rights": {right: rights.get(right, []) for right in RIGHTS}}
    if not record:
        return {**about, **labels, "is_record": False}
    if not (record.isascii() and record.isdigit()) or len(record) > _LARGEST:
        return {**about, **labels, "is_record": False, "wrong": True}
    try:
        told = session.explaining.of_record(compiled, int(record), user)
    except NotFound:
        return {**about, **labels, "is_record": False, "wrong": True}
    return {**about, **labels, **told, "is_record": True}


def _labels(session: Session, compiled: CompiledObject) -> Mapping[str, str]:
    language = session.unit.caller.context.user.get("language")
    fields = session.snapshot.model.objects[ObjectName(compiled.name)].fields
    return {
        name: compiled.text(language, "fields", name, "label") or field.decl.label
        for name, field in fields.items()
    }


def _environments() -> Environments:
    return cast("Environments", current_app.extensions["patron"])
