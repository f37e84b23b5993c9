"""Who a person is at another sign-in server, and sign-ins that are on their way there and back.

In the control database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.store.instants import milliseconds
from engine.store.jsontext import from_json, to_json
from engine.store.text import native
from engine.store.tx import Tx

_FIND = "SELECT person_id FROM patron_identity WHERE issuer = ? AND subject = ?"
_OF = "SELECT subject FROM patron_identity WHERE issuer = ? AND person_id = ?"
_ADD = """
INSERT INTO patron_identity (issuer, subject, person_id, created_at) VALUES (?, ?, ?, ?)
"""
_BEGIN = "INSERT INTO patron_flow (hash, data, expires_at) VALUES (?, ?, ?)"
_TAKE = "DELETE FROM patron_flow WHERE hash = ? AND expires_at > ? RETURNING data"
_SWEEP = "DELETE FROM patron_flow WHERE expires_at < ?"


def find_identity(tx: Tx, issuer: str, subject: str) -> int | None:
    """Give the number of the person who is this subject there."""
    row = tx.row(native(tx, _FIND), (issuer, subject))
    return None if row is None else int(row[0])


def subject_of(tx: Tx, issuer: str, person: int) -> str:
    """Give the subject that a person is there, "" when none is known."""
    row = tx.row(native(tx, _OF), (issuer, person))
    return "" if row is None else str(row[0])


def add_identity(tx: Tx, issuer: str, subject: str, person: int, *, at: datetime) -> None:
    """Keep who a person is there."""
    tx.run(native(tx, _ADD), (issuer, subject, person, milliseconds(at)))


def begin_flow(tx: Tx, hash: str, data: Mapping[str, str], *, expires: datetime) -> None:
    """Keep what is needed when the browser comes back."""
    tx.run(native(tx, _BEGIN), (hash, to_json(data), milliseconds(expires)))


def take_flow(tx: Tx, hash: str, *, at: datetime) -> dict[str, str] | None:
    """Give it, once; None when there is none or it is too old."""
    row = tx.row(native(tx, _TAKE), (hash, milliseconds(at)))
    return None if row is None else from_json(row[0])  # type: ignore[return-value]  # as it was begun


def sweep_flows(tx: Tx, *, before: datetime) -> int:
    """Drop those that never came back; give how many."""
    return tx.run(native(tx, _SWEEP), (milliseconds(before),))
