"""Signed-in browsers, in the control database: only the hash of a cookie's secret is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInRow:
    """A session that is open, and the person it belongs to."""

    id: int
    person: int
    email: str
    name: str


_INSERT = """
INSERT INTO patron_session (hash, person_id, created_at, seen_at, expires_at, address, device)
VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id
"""
_FIND = """
SELECT s.id, p.id, p.email, p.name
FROM patron_session s JOIN patron_person p ON p.id = s.person_id AND p.active
WHERE s.hash = ? AND s.ended_at IS NULL AND s.expires_at > ?
"""
_END = "UPDATE patron_session SET ended_at = ? WHERE hash = ? AND ended_at IS NULL"


def insert_session(
    tx: Tx, *, hash: str, person: int, at: datetime, expires: datetime, address: str, device: str
) -> int:
    """Keep a new session; give its id."""
    now = milliseconds(at)
    row = (hash, person, now, now, milliseconds(expires), address, device)
    ((number,),) = tx.rows(native(tx, _INSERT), row)
    return int(number)


def find_session(tx: Tx, hash: str, *, at: datetime) -> SignedInRow | None:
    """Give the open session of a hash whose person is active; None when there is none."""
    row = tx.row(native(tx, _FIND), (hash, milliseconds(at)))
    if row is None:
        return None
    number, person, email, name = row
    return SignedInRow(id=int(number), person=int(person), email=str(email), name=str(name))


def end_session(tx: Tx, hash: str, *, at: datetime) -> bool:
    """End a session; give whether it was open."""
    return tx.run(native(tx, _END), (milliseconds(at), hash)) == 1
