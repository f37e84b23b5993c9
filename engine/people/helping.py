"""Working as somebody else: one environment, an hour, noted on both sides, never with more rights.

The session is the helper's own, so that everything it does can be told apart; whom it works as is
a mark on it. See docs/decisions/working-as-somebody-else.md.
"""

from __future__ import annotations

from datetime import datetime

from engine.errors import Conflict
from engine.locale import say
from engine.people.managing import Manager, ensure_may_work_as
from engine.people.reasons import read_reason
from engine.people.sessions import Browser, Kind, open_in
from engine.store.database import Database
from engine.store.platform import audit, sessions
from engine.store.platform.enter import hash_token
from engine.store.platform.members import MemberRow
from engine.store.platform.sessions import SignedInRow


def begin_helping(
    control: Database,
    environment: tuple[str, Database],
    helper: tuple[Manager, SignedInRow],
    other: MemberRow,
    browser: Browser,
    *,
    at: datetime,
    reason: str,
) -> str:
    """Open a session in which the helper works as another member; give its secret.

    `environment` is its name and database. The helper's own session stays and waits.
    Raises: AccessDenied A100, A103; Conflict C125 for oneself and for who is not active;
    RecordInvalid R200 without a reason.
    """
    (name, database), (manager, own) = environment, helper
    permissions = frozenset().union(*(manager.given.get(one, ()) for one in other.permission_sets))
    ensure_may_work_as(manager, other.permission_sets, permissions)
    if other.user == manager.user or not other.is_active:
        message = say("You work as yourself already, or this person is not active.")
        raise Conflict(message, code="C125")
    why = {"reason": read_reason(reason)}
    with database.write() as tx:
        target = f"user {other.user}"
        audit.note(
            tx, at=at, actor=manager.email, action="log_in_as.begin", target=target, detail=why
        )
    kind = Kind(has_second_factor=own.has_second_factor, environment=name, acting_as=other.person)
    with control.write() as tx:
        target, detail = f"person {other.person}", {"environment": name, **why}
        audit.note(
            tx, at=at, actor=manager.email, action="log_in_as.begin", target=target, detail=detail
        )
        return open_in(tx, manager.person, browser, at=at, kind=kind)


def end_helping(
    control: Database, database: Database, found: SignedInRow, secret: str, *, at: datetime
) -> None:
    """End such a session; notes it on both sides."""
    with control.write() as tx:
        sessions.end_session(tx, hash_token(secret), at=at)
        target, detail = f"person {found.acting_as}", {"environment": found.environment}
        audit.note(
            tx, at=at, actor=found.email, action="log_in_as.end", target=target, detail=detail
        )
    with database.write() as tx:
        target = f"person {found.acting_as}"
        audit.note(tx, at=at, actor=found.email, action="log_in_as.end", target=target)
