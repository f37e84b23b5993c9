"""The way into an environment: one statement tells the head, and who is asking.

Every transaction begins here. A writer on PostgreSQL takes the shared side of the fence first and
reads the head after it, inside one VOLATILE function: in a single SELECT the head would be as old
as the statement, from before the wait for the lock. SQLite's writers already hold the only lock.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from engine.access.effective import ADMINISTRATOR
from engine.errors import SignInRequired
from engine.store.instants import milliseconds
from engine.store.platform.upgrades.run import ENVIRONMENT, ensure_known
from engine.store.text import native
from engine.store.tx import Row, Tx

SYSTEM_USER = 1  # the system's own user, made with the tables
FENCE = 20577  # class of the advisory lock; the head's table is its object


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """An API token as the caller sent it."""

    text: str


@dataclass(frozen=True, slots=True)
class Helper:
    """Who works as somebody else: their own user record, and their e-mail."""

    user: int
    email: str


@dataclass(frozen=True, slots=True)
class MemberCredential:
    """A member whom somebody else has authenticated: a signed-in session, a job's owner.

    `has_second_factor` False: a session that was opened by a password alone. `helper`: who works
    as this member, None where it is they themselves.
    """

    user: int
    has_second_factor: bool = True
    helper: Helper | None = None


@dataclass(frozen=True, slots=True)
class SystemCredential:
    """The local command line: all rights. Acts as the user of that e-mail, else as the system."""

    as_email: str = ""


Credential = TokenCredential | MemberCredential | SystemCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who acts. `signature` changes with the permission sets; `scopes` narrow a token, if any."""

    id: int
    email: str
    name: str
    role: str
    language: str
    time_zone: str
    manager: int | None
    delegate: int | None
    permission_sets: frozenset[str]
    signature: str
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What a transaction is pinned to: the head's version and token, and the member."""

    version: int
    token: str
    member: Member


_COLUMNS = """
SELECT h.version, h.token, h.engine_min, u.id, u.email, u.name, u.role, u.language, u.time_zone,
    u.manager, u.delegate
"""
_MEMBER = f"""
{_COLUMNS}, m.permission_sets, m.signature, t.scopes
FROM patron_head h
LEFT JOIN patron_token t ON t.hash = ? AND t.revoked_at IS NULL
    AND (t.expires_at IS NULL OR t.expires_at > ?)
LEFT JOIN patron_member m ON m.user_id = coalesce(t.user_id, CAST(? AS bigint)) AND m.active
LEFT JOIN patron_user u ON u.id = m.user_id AND u.active AND u.deleted_at IS NULL
"""
_SYSTEM = f"""
{_COLUMNS}, NULL, NULL, NULL
FROM patron_head h LEFT JOIN patron_user u ON u.email = ? AND u.deleted_at IS NULL
"""
_MEMBER_WRITE = "SELECT * FROM patron_enter_member(?, ?, ?)"
_SYSTEM_WRITE = "SELECT * FROM patron_enter_local(?)"


def enter(tx: Tx, credential: Credential, *, now: datetime | None = None) -> Entered:
    """Authenticate the caller and pin the head, in one statement; the first of a transaction.

    A writer keeps switches out until its transaction ends. `now` decides whether a token expired.
    Raises: SignInRequired A200 for an unknown, expired or revoked token and for a member or user
    who is not active; EngineTooOld S110.
    """
    is_fenced = tx.is_write and tx.dialect == "postgresql"
    if isinstance(credential, SystemCredential):
        sql = _SYSTEM_WRITE if is_fenced else _SYSTEM
        row = tx.rows(native(tx, sql), (credential.as_email.lower(),))[0]
        member = _system_member(row)
    else:
        sql = _MEMBER_WRITE if is_fenced else _MEMBER
        row = tx.rows(native(tx, sql), _asked(credential, now))[0]
        member = _member(row)
    ensure_known(row[2], len(ENVIRONMENT))
    return Entered(version=row[0], token=row[1], member=member)


_LOOKED_AT = f"""
{_COLUMNS}, coalesce(m.permission_sets, '[]'), coalesce(m.signature, ''), NULL
FROM patron_head h
LEFT JOIN patron_user u ON u.deleted_at IS NULL AND {{}}
LEFT JOIN patron_member m ON m.user_id = u.id AND m.active AND u.active
"""


def look_at(tx: Tx, who: int | str) -> Member | None:
    """Give a user by id or e-mail as they would enter; without permission sets if they cannot."""
    by = "u.id = CAST(? AS bigint)" if isinstance(who, int) else "u.email = ?"
    value = who if isinstance(who, int) else who.strip().lower()
    row = tx.rows(native(tx, _LOOKED_AT.format(by)), (value,))[0]
    return None if row[3] is None else _member(row)


def hash_token(text: str) -> str:
    """Give what is kept of a token: it is random and long, so one hash is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


def _asked(
    credential: TokenCredential | MemberCredential, now: datetime | None
) -> tuple[str | None, int, int | None]:
    """Give the parameters of the statement: hash, instant, user."""
    instant = milliseconds(now or datetime.now(UTC))
    if isinstance(credential, TokenCredential):
        return hash_token(credential.text), instant, None
    return None, instant, credential.user


def _member(row: Row) -> Member:
    if row[3] is None:
        raise SignInRequired
    return Member(
        id=row[3],
        email=row[4],
        name=row[5] or "",
        role=row[6] or "",
        language=row[7] or "",
        time_zone=row[8] or "",
        manager=row[9],
        delegate=row[10],
        permission_sets=_names(row[11]),
        signature=row[12],
        scopes=_names(row[13] or "[]"),
    )


def _system_member(row: Row) -> Member:
    return Member(
        id=row[3] or SYSTEM_USER,
        email=row[4] or "",
        name=row[5] or "System",
        role=row[6] or "",
        language=row[7] or "",
        time_zone=row[8] or "",
        manager=row[9],
        delegate=row[10],
        permission_sets=frozenset({ADMINISTRATOR}),
        signature="*",
    )


@lru_cache(maxsize=1024)
def _names(text: str) -> frozenset[str]:
    """Read a JSON list of names; the same few texts come again and again."""
    return frozenset(json.loads(text))
