"""Answers kept for repeated requests: the same key gives the same answer, once done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What was answered to the first request with a key; `request` is a digest of it."""

    request: str
    status: int
    answer: str


_FIND = "SELECT request, status, answer FROM patron_idempotency WHERE user_id = ? AND key = ?"
_KEEP = """
INSERT INTO patron_idempotency (user_id, key, request, status, answer, at)
VALUES (?, ?, ?, ?, ?, ?)
"""
_FORGET = "DELETE FROM patron_idempotency WHERE at < ?"


def find(tx: Tx, *, user: int, key: str) -> KeptAnswer | None:
    """Give what this user was answered for a key; the caller compares `request`."""
    row = tx.row(native(tx, _FIND), (user, key))
    return None if row is None else KeptAnswer(request=row[0], status=row[1], answer=row[2])


def keep(tx: Tx, *, user: int, key: str, answer: KeptAnswer, at: datetime) -> None:
    """Keep an answer in the transaction of what it tells of.

    Raises: UniqueViolated S101 when the same request was carried out at the same time: undo, and
    give the answer that `find` has now.
    """
    row = (user, key, answer.request, answer.status, answer.answer, milliseconds(at))
    tx.run(native(tx, _KEEP), row)


def forget(tx: Tx, *, before: datetime) -> int:
    """Drop answers given before an instant; give how many."""
    return tx.run(native(tx, _FORGET), (milliseconds(before),))
