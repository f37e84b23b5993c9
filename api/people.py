"""The routes of people: the members of an environment. See docs/decisions/people-over-rest.md.

Who may do what to whom is `engine.people.managing`; roles are changed through `Session`, like any
value of a record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, request

from api.answers import answer, encode
from api.auditing import AuditRoutes
from api.bodies import read_object
from api.calls import Calls
from api.given import Given, read_given
from api.headers import body_is_lines, read_body
from api.managers import manager_of
from api.queries import read_query, read_whole
from api.sessions import SessionRoutes
from api.tokens import TokenRoutes
from engine.clock import SystemClock
from engine.errors import FieldError, RecordInvalid
from engine.names import did_you_mean
from engine.people import (
    NewMember,
    create_user,
    let_in,
    set_member_active,
    set_permission_sets,
)
from engine.people.managing import (
    Manager,
    ensure_may_give,
    ensure_may_manage,
    ensure_permission,
)
from engine.people.members import no_member
from engine.people.opening import ensure_production, reset_second_factor
from engine.session import Session, run
from engine.snapshots import Environments
from engine.store.platform.control import email_key, list_services
from engine.store.platform.enter import SystemCredential
from engine.store.platform.members import MemberRow, find_member, list_members

View = Callable[..., Response]
CREATED, NO_CONTENT = 201, 204
DEFAULT_PEOPLE, MOST_PEOPLE = 100, 1000
NEW = {"email": str, "name": str, "role": str, "permission_sets": list, "service": bool}
CHANGE = {"role": str, "permission_sets": list, "active": bool}


def people_routes(
    calls: Calls, environments: Environments
) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that is about people: all in the scope "people"."""
    people = PeopleRoutes(calls, environments)
    tokens = TokenRoutes(calls, environments)
    sessions = SessionRoutes(calls, environments)
    audit = AuditRoutes(calls, environments)
    table = (
        ("GET", "/people", people.list),
        ("POST", "/people", people.create),
        ("GET", "/people/<email>", people.read),
        ("PATCH", "/people/<email>", people.change),
        ("POST", "/people/<email>/reset-second-factor", people.reset_second_factor),
        ("GET", "/tokens", tokens.list),
        ("POST", "/tokens", tokens.create),
        ("DELETE", "/tokens/<id>", tokens.revoke),
        ("GET", "/sessions", sessions.list),
        ("DELETE", "/sessions", sessions.end_all),
        ("DELETE", "/sessions/<id>", sessions.end),
        ("GET", "/audit", audit.search),
    )
    return tuple((method, address, view, "people") for method, address, view in table)


@dataclass(frozen=True, slots=True)
class PeopleRoutes:
    """Views of /people and what lies below it."""

    calls: Calls
    environments: Environments

    def list(self, environment: str) -> Response:
        """List the members by e-mail; `next` of one page is `after` of the next."""
        given = read_query(request.environ.get("QUERY_STRING", ""), ("limit", "after"))
        limit = read_whole(given, "limit", default=DEFAULT_PEOPLE, least=1, most=MOST_PEOPLE)
        after = given.get("after", "")

        def work(session: Session) -> list[MemberRow]:
            ensure_permission(manager_of(session), "manage_users", "Listing people")
            return [m for m in list_members(session.unit.tx) if m.email > after][: limit + 1]

        found = self.calls.enter(environment, work, write=False)
        shown = [self._shape(member) for member in found[:limit]]
        following = found[limit - 1].email if len(found) > limit else None
        return answer(encode({"people": shown, "next": following}))

    def read(self, environment: str, email: str) -> Response:
        """Show one member."""
        read_query(request.environ.get("QUERY_STRING", ""), ())

        def work(session: Session) -> MemberRow:
            ensure_permission(manager_of(session), "manage_users", "Reading people")
            return _member(session, email)

        return answer(encode(self._shape(self.calls.enter(environment, work, write=False))))

    def create(self, environment: str) -> Response:
        """Let a person in, made first if they are new to the installation; 201 with the member."""
        given = _given(NEW, "email")

        def work(session: Session) -> Manager:
            manager = manager_of(session)
            ensure_may_manage(manager, 0, ())
            _ensure_known(session, given)
            ensure_may_give(manager, (), given.names("permission_sets"))
            return manager

        manager = self.calls.enter(environment, work, write=False)
        new = NewMember(
            email=given.text("email"),
            name=given.text("name"),
            role=given.text("role") or None,
            permission_sets=given.names("permission_sets"),
            is_service=given.truth("service"),
        )
        made = create_user(
            self.environments.control,
            self.environments.open(environment).database,
            new,
            at=SystemClock().now(),
            actor=manager.email,
        )
        return answer(encode(self._shape(made)), CREATED)

    def change(self, environment: str, email: str) -> Response:
        """Change role, permission sets or whether they may come in; answers with the member."""
        given = _given(CHANGE)

        def work(session: Session) -> tuple[Manager, MemberRow]:
            manager, member = manager_of(session), _member(session, email)
            ensure_may_manage(manager, member.user, member.permission_sets)
            _ensure_known(session, given)
            if "permission_sets" in given:
                sets = given.names("permission_sets")
                ensure_may_give(manager, member.permission_sets, sets)
            return manager, member

        manager, member = self.calls.enter(environment, work, write=False)
        self._carry_out(environment, member, given, manager.email)
        with self.environments.open(environment).database.read() as tx:
            changed = find_member(tx, person=member.person)
        return answer(encode(self._shape(changed or member)))

    def reset_second_factor(self, environment: str, email: str) -> Response:
        """Remove a member's second factor, with a reason; 204. Of production alone.

        The account is the installation's: who manages people of a sandbox does not open it.
        """
        given = _given({"reason": str}, "reason")

        def work(session: Session) -> tuple[Manager, MemberRow]:
            ensure_production(environment)
            return manager_of(session), _member(session, email)

        manager, member = self.calls.enter(environment, work, write=False)
        reset_second_factor(
            self.environments.control,
            self.environments.open(environment).database,
            manager,
            member,
            at=SystemClock().now(),
            reason=given.text("reason"),
        )
        return answer(b"", NO_CONTENT)

    def _carry_out(self, environment: str, member: MemberRow, given: Given, actor: str) -> None:
        opened, at = self.environments.open(environment), SystemClock().now()
        if "role" in given:
            values = {"role": given.text("role") or None}
            run(
                opened,
                SystemCredential(actor),
                lambda session: session.update("user", member.user, values),
                write=True,
            )
        if "permission_sets" in given:
            sets = given.names("permission_sets")
            set_permission_sets(opened.database, member.email, sets, at=at, actor=actor)
        if "active" in given:
            control, database = self.environments.control, opened.database
            if given.truth("active"):
                let_in(control, database, member.email, at=at, actor=actor)
            else:
                set_member_active(database, member.email, active=False, at=at, actor=actor)

    def _shape(self, member: MemberRow) -> dict[str, object]:
        with self.environments.control.read() as tx:
            services = list_services(tx)
        return {
            "email": member.email,
            "name": member.name,
            "user": member.user,
            "role": member.role or None,
            "permission_sets": sorted(member.permission_sets),
            "active": member.is_active,
            "service": member.person in services,
        }


def _given(kinds: dict[str, type], *needed: str) -> Given:
    body_is_lines()
    return read_given(read_object(read_body()), kinds, *needed)


def _member(session: Session, email: str) -> MemberRow:
    """Find a member. Raises: NotFound N103."""
    member = find_member(session.unit.tx, email=email_key(email))
    if member is None:
        raise no_member(email)
    return member


def _ensure_known(session: Session, given: Given) -> None:
    """Refuse names that the configuration does not have. Raises: RecordInvalid R194."""
    model = session.snapshot.model
    wanted = [("permission_sets", name) for name in sorted(given.names("permission_sets"))]
    if given.text("role"):
        wanted.append(("role", given.text("role")))
    known = {
        "permission_sets": {*model.permission_sets, "system_administrator"},
        "role": set(model.roles),
    }
    errors = tuple(
        FieldError(
            field=field,
            code="R194",
            message=f'There is no {field.rstrip("s").replace("_", " ")} "{name}".',
            hint=did_you_mean(name, sorted(known[field])),
        )
        for field, name in wanted
        if name not in known[field]
    )
    if errors:
        raise RecordInvalid(errors[0].message, code="R194", errors=errors)
