"""Single-use links that let a person choose a password; only hashes. In the control database."""

from __future__ import annotations

from datetime import datetime

from engine.store.instants import milliseconds
from engine.store.text import native
from engine.store.tx import Tx

_INSERT = "INSERT INTO patron_link (hash, person_id, expires_at) VALUES (?, ?, ?)"
_FIND = """
SELECT l.person_id, p.email
FROM patron_link l JOIN patron_person p ON p.id = l.person_id AND p.active
WHERE l.hash = ? AND l.used_at IS NULL AND l.expires_at > ?
"""
_USE = "UPDATE patron_link SET used_at = ? WHERE person_id = ? AND used_at IS NULL"
_SWEEP = "DELETE FROM patron_link WHERE expires_at < ?"


def insert_link(tx: Tx, *, hash: str, person: int, expires: datetime) -> None:
    """Keep a new link."""
    tx.run(native(tx, _INSERT), (hash, person, milliseconds(expires)))


def find_link(tx: Tx, hash: str, *, at: datetime) -> tuple[int, str] | None:
    """Give the active person of a link that is good, and their e-mail; None when it is not."""
    row = tx.row(native(tx, _FIND), (hash, milliseconds(at)))
    return None if row is None else (int(row[0]), str(row[1]))


def use_links(tx: Tx, person: int, *, at: datetime) -> int:
    """End every open link of a person; give how many there were."""
    return tx.run(native(tx, _USE), (milliseconds(at), person))


def sweep_links(tx: Tx, *, before: datetime) -> int:
    """Drop links that ended long ago; give how many."""
    return tx.run(native(tx, _SWEEP), (milliseconds(before),))
