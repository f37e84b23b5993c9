"""Sessions of browsers: opened by a sign-in, found by the secret of a cookie, ended at any time.

They live on the server, so that they can be listed and revoked; the cookie holds a random secret
and nothing else. A session ends after some idle time, and in any case after some days.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.errors import NotFound
from engine.store.database import Database
from engine.store.failures import Busy
from engine.store.platform import audit, sessions
from engine.store.platform.enter import hash_token
from engine.store.platform.sessions import NewSession, SessionRow, SignedInRow
from engine.store.tx import Tx

LONGEST = timedelta(days=14)  # from the sign-in on, whatever happens
IDLE = timedelta(hours=12)  # without a request
PENDING = timedelta(minutes=10)  # for the second factor
HELPING = timedelta(hours=1)  # working as somebody else
SEEN_EVERY = timedelta(minutes=5)  # how exactly the last request is noted
_SECRET_BYTES = 32
_LONGEST_DEVICE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Where a sign-in comes from: shown in the list of sessions."""

    address: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What kind of session is opened; the fields are those of `SignedInRow`."""

    is_pending: bool = False
    has_second_factor: bool = False
    environment: str = ""
    acting_as: int = 0

    @property
    def length(self) -> timedelta:
        """How long such a session lasts at most."""
        if self.is_pending:
            return PENDING
        return HELPING if self.acting_as else LONGEST


_PLAIN = Kind()


def open_session(
    control: Database, person: int, browser: Browser, *, at: datetime, kind: Kind = _PLAIN
) -> str:
    """Open a session of a person; give the secret for the cookie, which is not kept."""
    with control.write() as tx:
        return open_in(tx, person, browser, at=at, kind=kind)


def open_in(tx: Tx, person: int, browser: Browser, *, at: datetime, kind: Kind = _PLAIN) -> str:
    """Do the same in an open transaction of the control database."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    new = NewSession(
        hash=hash_token(secret),
        person=person,
        at=at,
        expires=at + kind.length,
        address=browser.address,
        device=browser.device[:_LONGEST_DEVICE],
        is_pending=kind.is_pending,
        has_second_factor=kind.has_second_factor,
        environment=kind.environment,
        acting_as=kind.acting_as,
    )
    sessions.insert_session(tx, new)
    return secret


def find_session(
    control: Database, secret: str, *, at: datetime, is_pending: bool = False
) -> SignedInRow | None:
    """Give the open session that a secret belongs to; None when it is none, ended or expired.

    One that waits for its second factor is found by asking for it only. Notes the use at most
    every few minutes, so that reading pages hardly ever writes.
    """
    with control.read() as tx:
        found = sessions.find_session(tx, hash_token(secret), at=at, idle_since=at - IDLE)
    if found is None or found.is_pending != is_pending:
        return None
    if at - found.seen_at >= SEEN_EVERY:
        with suppress(Busy), control.write() as tx:  # what is lost here is a few minutes
            sessions.touch_session(tx, found.id, at=at)
    return found


def list_sessions(control: Database, person: int, *, at: datetime) -> list[SessionRow]:
    """Give the browsers in which a person is signed in, the one seen last first."""
    with control.read() as tx:
        return sessions.list_sessions(tx, person, at=at, idle_since=at - IDLE)


def end_session(control: Database, secret: str, *, at: datetime) -> None:
    """Sign a browser out. Ending a session that is not open changes nothing."""
    hashed = hash_token(secret)
    with control.write() as tx:
        found = sessions.find_session(tx, hashed, at=at, idle_since=at - IDLE)
        if sessions.end_session(tx, hashed, at=at) and found is not None:
            target = f"session {found.id}"
            audit.note(tx, at=at, actor=found.email, action="session.end", target=target)


def revoke_session(
    control: Database, person: int, session: int, *, at: datetime, actor: str
) -> None:
    """Sign out one browser of a person from afar. Raises: NotFound N106."""
    with control.write() as tx:
        if not sessions.end_one(tx, session, person, at=at):
            raise NotFound("There is no such open session of yours.", code="N106")
        target = f"session {session}"
        audit.note(tx, at=at, actor=actor, action="session.revoke", target=target)


def revoke_sessions(
    control: Database, person: int, *, at: datetime, actor: str, keep: str = ""
) -> int:
    """Sign out every browser of a person but the one with the secret `keep`; give how many."""
    with control.write() as tx:
        return revoke_in(tx, person, at=at, actor=actor, keep=keep)


def revoke_in(tx: Tx, person: int, *, at: datetime, actor: str, keep: str = "") -> int:
    """Do the same in an open transaction of the control database."""
    count = sessions.end_all(tx, person, at=at, keep=hash_token(keep) if keep else "")
    if count:
        detail = {"sessions": count}
        target = f"person {person}"
        audit.note(
            tx, at=at, actor=actor, action="session.revoke_all", target=target, detail=detail
        )
    return count
