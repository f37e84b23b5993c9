"""Signed-in browsers, in the control database: only the hash of a cookie's secret is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInRow:
    """A session that is open, and the person it belongs to.

    `acting_as` is the person whom a helper works as in `environment`, 0 for nobody.
    """

    id: int
    person: int
    email: str
    name: str
    seen_at: datetime
    is_pending: bool = False
    has_second_factor: bool = False
    environment: str = ""
    acting_as: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session to keep; `expires` is its absolute end."""

    hash: str
    person: int
    at: datetime
    expires: datetime
    address: str
    device: str
    is_pending: bool = False
    has_second_factor: bool = False
    environment: str = ""
    acting_as: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session as its person sees it in a list."""

    id: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    device: str
    environment: str
    acting_as: int


_INSERT = """
INSERT INTO patron_session (hash, person_id, created_at, seen_at, expires_at, address, device,
                            is_pending, has_second_factor, environment, acting_as)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
"""
_FIND = """
SELECT s.id, p.id, p.email, p.name, s.seen_at, s.is_pending, s.has_second_factor,
       s.environment, s.acting_as
FROM patron_session s JOIN patron_person p ON p.id = s.person_id AND p.active
WHERE s.hash = ? AND s.ended_at IS NULL AND s.expires_at > ? AND s.seen_at > ?
"""
_LIST = """
SELECT id, created_at, seen_at, expires_at, address, device, environment, acting_as
FROM patron_session
WHERE person_id = ? AND ended_at IS NULL AND expires_at > ? AND seen_at > ?
      AND coalesce(CAST(is_pending AS integer), 0) = 0
ORDER BY seen_at DESC, id DESC
"""
_SEEN = "UPDATE patron_session SET seen_at = ? WHERE id = ? AND seen_at < ?"
_END = "UPDATE patron_session SET ended_at = ? WHERE hash = ? AND ended_at IS NULL"
_END_ONE = """
UPDATE patron_session SET ended_at = ? WHERE id = ? AND person_id = ? AND ended_at IS NULL
"""
_END_ALL = """
UPDATE patron_session SET ended_at = ?
WHERE (person_id = ? OR acting_as = ?) AND ended_at IS NULL AND hash <> ?
"""
_SECOND = "UPDATE patron_session SET has_second_factor = ? WHERE hash = ?"
_SWEEP = "DELETE FROM patron_session WHERE expires_at < ?"


def insert_session(tx: Tx, new: NewSession) -> int:
    """Keep a new session; give its id."""
    now = milliseconds(new.at)
    flags = (_flag(tx, new.is_pending), _flag(tx, new.has_second_factor))
    where = (new.environment or None, new.acting_as or None)
    row = (new.hash, new.person, now, now, milliseconds(new.expires), new.address, new.device)
    ((number,),) = tx.rows(native(tx, _INSERT), (*row, *flags, *where))
    return int(number)


def find_session(tx: Tx, hash: str, *, at: datetime, idle_since: datetime) -> SignedInRow | None:
    """Give the open session of a hash whose person is active; None when there is none.

    One that was not seen after `idle_since` is over.
    """
    row = tx.row(native(tx, _FIND), (hash, milliseconds(at), milliseconds(idle_since)))
    if row is None:
        return None
    number, person, email, name, seen, pending, second, environment, acting_as = row
    return SignedInRow(
        id=int(number),
        person=int(person),
        email=str(email),
        name=str(name),
        seen_at=instant_of(seen),
        is_pending=bool(pending),
        has_second_factor=bool(second),
        environment=str(environment or ""),
        acting_as=int(acting_as or 0),
    )


def list_sessions(tx: Tx, person: int, *, at: datetime, idle_since: datetime) -> list[SessionRow]:
    """Give the open sessions of a person, the one seen last first."""
    given = (person, milliseconds(at), milliseconds(idle_since))
    return [
        SessionRow(
            id=int(row[0]),
            created_at=instant_of(row[1]),
            seen_at=instant_of(row[2]),
            expires_at=instant_of(row[3]),
            address=str(row[4]),
            device=str(row[5]),
            environment=str(row[6] or ""),
            acting_as=int(row[7] or 0),
        )
        for row in tx.rows(native(tx, _LIST), given)
    ]


def touch_session(tx: Tx, session: int, *, at: datetime) -> None:
    """Note that a session was used."""
    now = milliseconds(at)
    tx.run(native(tx, _SEEN), (now, session, now))


def set_second_factor(tx: Tx, hash: str) -> None:
    """Note that the person of a session has given a code."""
    tx.run(native(tx, _SECOND), (_flag(tx, True), hash))  # noqa: FBT003 -- see `_flag`


def end_session(tx: Tx, hash: str, *, at: datetime) -> bool:
    """End a session; give whether it was open."""
    return tx.run(native(tx, _END), (milliseconds(at), hash)) == 1


def end_one(tx: Tx, session: int, person: int, *, at: datetime) -> bool:
    """End a session of a person by its id; give whether it was open."""
    return tx.run(native(tx, _END_ONE), (milliseconds(at), session, person)) == 1


def end_all(tx: Tx, person: int, *, at: datetime, keep: str = "") -> int:
    """End every session of a person, and those in which others work as them; give how many.

    `keep`: the hash of one that stays.
    """
    return tx.run(native(tx, _END_ALL), (milliseconds(at), person, person, keep))


def sweep_sessions(tx: Tx, *, before: datetime) -> int:
    """Drop sessions that ended by themselves long ago; give how many."""
    return tx.run(native(tx, _SWEEP), (milliseconds(before),))


def _flag(tx: Tx, value: bool) -> object:  # noqa: FBT001 -- a flag is what it turns
    return value if tx.dialect == "postgresql" else int(value)
