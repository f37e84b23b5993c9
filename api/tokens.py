"""The routes of API tokens: one's own, and those of services for who manages them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Response, request

from api.answers import answer, encode
from api.bodies import read_object
from api.calls import Calls
from api.given import Given, read_given
from api.headers import body_is_lines, read_body
from api.managers import manager_of
from api.queries import read_id, read_query
from engine.clock import SystemClock
from engine.errors import AccessDenied, FieldError, NotFound, RecordInvalid
from engine.people import create_token, list_tokens, revoke_token
from engine.people.managing import Manager, ensure_may_act_for, ensure_permission
from engine.people.members import no_member
from engine.people.tokens import ensure_scopes
from engine.session import Session
from engine.snapshots import Environments
from engine.store.platform.control import email_key, list_services
from engine.store.platform.members import MemberRow, find_member
from engine.store.platform.tokens import TokenRow, owner_of

CREATED, NO_CONTENT = 201, 204
KINDS = {"label": str, "days": int, "scopes": list, "email": str}
DEFAULT_DAYS, MOST_DAYS = 90, 3660


@dataclass(frozen=True, slots=True)
class TokenRoutes:
    """Views of /tokens."""

    calls: Calls
    environments: Environments

    def list(self, environment: str) -> Response:
        """List one's own tokens; those of `email` with manage_users."""
        given = read_query(request.environ.get("QUERY_STRING", ""), ("email",))

        def work(session: Session) -> int:
            manager = manager_of(session)
            member = _whose(session, manager, given.get("email", ""))
            if member is not None:
                ensure_permission(manager, "manage_users", "Listing the tokens of others")
            return manager.user if member is None else member.user

        user = self.calls.enter(environment, work, write=False)
        database = self.environments.open(environment).database
        found = list_tokens(self.environments.control, database, user)
        return answer(encode({"tokens": [_shape(token) for token in found]}))

    def create(self, environment: str) -> Response:
        """Make a token; 201 with its text, which is never shown again."""
        body_is_lines()
        given = read_given(read_object(read_body()), KINDS)
        scopes, now = ensure_scopes(given.names("scopes")), SystemClock().now()
        expires = now + timedelta(days=_days(given))

        def work(session: Session) -> tuple[Manager, MemberRow | None]:
            if session.unit.scopes:
                message = "A narrowed token makes no tokens."
                raise AccessDenied(message, code="A102", hint="use a token without scopes")
            manager = manager_of(session)
            return manager, _whose(session, manager, given.text("email"))

        manager, member = self.calls.enter(environment, work, write=False)
        if member is not None:
            is_service = self._is_service(member)
            ensure_may_act_for(manager, member.permission_sets, is_service=is_service)
        email = manager.email if member is None else member.email
        database = self.environments.open(environment).database
        text = create_token(
            database,
            email,
            at=now,
            actor=manager.email,
            expires=expires,
            label=given.text("label"),
            scopes=scopes,
        )
        user = manager.user if member is None else member.user
        made = list_tokens(self.environments.control, database, user)[-1]
        return answer(encode({"token": text, **_shape(made)}), CREATED)

    def revoke(self, environment: str, id: str) -> Response:
        """End a token: one's own, or anybody's with manage_users."""
        number = read_id(id)

        def work(session: Session) -> Manager:
            manager = manager_of(session)
            user = owner_of(session.unit.tx, number)
            if user is None or (user != manager.user and not _may_end(manager)):
                raise NotFound("There is no such token, or it was revoked before.", code="N104")
            return manager

        manager = self.calls.enter(environment, work, write=False)
        database = self.environments.open(environment).database
        revoke_token(database, number, at=SystemClock().now(), actor=manager.email)
        return answer(b"", NO_CONTENT)

    def _is_service(self, member: MemberRow) -> bool:
        with self.environments.control.read() as tx:
            return member.person in list_services(tx)


def _may_end(manager: Manager) -> bool:
    return manager.is_administrator or "manage_users" in manager.permissions


def _whose(session: Session, manager: Manager, email: str) -> MemberRow | None:
    """Find the other member who is meant; None for the caller. Raises: NotFound N103."""
    if not email or email_key(email) == manager.email:
        return None
    # Whoever may not manage people learns nothing about who is a member.
    ensure_permission(manager, "manage_users", "The tokens of others")
    member = find_member(session.unit.tx, email=email_key(email))
    if member is None:
        raise no_member(email)
    return member


def _days(given: Given) -> int:
    days = given.number("days", DEFAULT_DAYS)
    if 1 <= days <= MOST_DAYS:
        return days
    message = f"A token lasts 1 to {MOST_DAYS:,} days."
    error = FieldError(field="days", code="R124", message=message)
    raise RecordInvalid(message, errors=(error,))


def _shape(token: TokenRow) -> dict[str, object]:
    return {
        "id": token.id,
        "label": token.label,
        "scopes": token.scopes,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
    }
