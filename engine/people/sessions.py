"""Sessions of browsers: opened by a sign-in, found by the secret of a cookie, ended at any time.

They live on the server, so that they can be listed and revoked; the cookie holds a random secret
and nothing else.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.store.database import Database
from engine.store.platform import sessions
from engine.store.platform.enter import hash_token
from engine.store.platform.sessions import SignedInRow

LONGEST = timedelta(days=14)
_SECRET_BYTES = 32
_LONGEST_DEVICE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Where a sign-in comes from: shown in the list of sessions."""

    address: str = ""
    device: str = ""


def open_session(control: Database, person: int, browser: Browser, *, at: datetime) -> str:
    """Open a session of a person; give the secret for the cookie, which is not kept."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    with control.write() as tx:
        sessions.insert_session(
            tx,
            hash=hash_token(secret),
            person=person,
            at=at,
            expires=at + LONGEST,
            address=browser.address,
            device=browser.device[:_LONGEST_DEVICE],
        )
    return secret


def find_session(control: Database, secret: str, *, at: datetime) -> SignedInRow | None:
    """Give the open session that a secret belongs to; None when it is none, ended or expired."""
    with control.read() as tx:
        return sessions.find_session(tx, hash_token(secret), at=at)


def end_session(control: Database, secret: str, *, at: datetime) -> None:
    """Sign a browser out. Ending a session that is not open changes nothing."""
    with control.write() as tx:
        sessions.end_session(tx, hash_token(secret), at=at)
