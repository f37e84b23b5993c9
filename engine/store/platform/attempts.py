"""Failed sign-ins, counted by e-mail and by address, in the control database; keys are hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How often something failed in a row, when last, and until when it is not tried again."""

    failures: int
    last_at: datetime
    until: datetime


_FIND = "SELECT failures, last_at, until FROM patron_attempt WHERE key = ?"
_PUT = """
INSERT INTO patron_attempt (key, failures, last_at, until) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE
SET failures = excluded.failures, last_at = excluded.last_at, until = excluded.until
"""
_FORGET = "DELETE FROM patron_attempt WHERE key = ?"
_SWEEP = "DELETE FROM patron_attempt WHERE last_at < ?"


def find_attempts(tx: Tx, key: str) -> Attempts | None:
    """Give what is known of a key."""
    row = tx.row(native(tx, _FIND), (key,))
    if row is None:
        return None
    return Attempts(failures=int(row[0]), last_at=instant_of(row[1]), until=instant_of(row[2]))


def put_attempts(tx: Tx, key: str, attempts: Attempts) -> None:
    """Keep how often a key has failed."""
    row = (key, attempts.failures, milliseconds(attempts.last_at), milliseconds(attempts.until))
    tx.run(native(tx, _PUT), row)


def forget_attempts(tx: Tx, key: str) -> None:
    """Start again from none: it went well."""
    tx.run(native(tx, _FORGET), (key,))


def sweep_attempts(tx: Tx, *, before: datetime) -> int:
    """Drop what has long been over; give how many."""
    return tx.run(native(tx, _SWEEP), (milliseconds(before),))
