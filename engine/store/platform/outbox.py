"""The outbox: effects that leave the system, written with the records that caused them.

Delivered after the commit by the worker, at least once; `key` lets a receiver drop the second one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.store.instants import milliseconds
from engine.store.jsontext import from_json, to_json
from engine.store.text import native
from engine.store.tx import Tx

MOST_ATTEMPTS = 8
_FIRST_PAUSE = timedelta(seconds=30)  # doubles with every attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something to do outside: its kind, its data, and a key that is the same on every attempt."""

    kind: str
    payload: Mapping[str, object]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An effect that a worker holds; `attempts` counts this one."""

    id: int
    kind: str
    payload: Mapping[str, object]
    key: str
    attempts: int


_PUT = """
INSERT INTO patron_outbox (kind, payload, key, state, attempts, due_at, created_at, error)
VALUES (?, ?, ?, 'waiting', 0, ?, ?, '') ON CONFLICT (key) DO NOTHING
"""
_TAKE = """
UPDATE patron_outbox SET state = 'running', attempts = attempts + 1, due_at = ?
WHERE id IN (SELECT id FROM patron_outbox WHERE state = 'waiting' AND due_at <= ?
             ORDER BY due_at, id LIMIT ? {lock})
RETURNING id, kind, payload, key, attempts
"""
_FINISH = "UPDATE patron_outbox SET state = 'done', error = '' WHERE id = ?"
_FAIL = "UPDATE patron_outbox SET state = ?, due_at = ?, error = ? WHERE id = ?"
_FREE = "UPDATE patron_outbox SET state = 'waiting' WHERE state = 'running' AND due_at <= ?"


def put(tx: Tx, effects: Sequence[Effect], *, at: datetime, due: datetime | None = None) -> None:
    """Write effects down in the record's own transaction; one with a known key is left out."""
    now, then = milliseconds(at), milliseconds(due or at)
    rows = [(e.kind, to_json(e.payload), e.key, then, now) for e in effects]
    if rows:
        tx.many(native(tx, _PUT), rows)


def take(tx: Tx, *, at: datetime, until: datetime, limit: int = 20) -> list[Taken]:
    """Take due effects; two workers never take the same. After `until` they are free again."""
    lock = "FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    sql = native(tx, _TAKE.format(lock=lock))
    rows = tx.rows(sql, (milliseconds(until), milliseconds(at), limit))
    return [
        Taken(id=row[0], kind=row[1], payload=from_json(row[2]), key=row[3], attempts=row[4])  # type: ignore[arg-type]  # as `put` wrote it
        for row in sorted(rows)
    ]


def finish(tx: Tx, effect: Taken) -> None:
    """Note that an effect was delivered."""
    tx.run(native(tx, _FINISH), (effect.id,))


def fail(tx: Tx, effect: Taken, *, error: str, at: datetime) -> None:
    """Note a failure: try again later, or give up and keep it for an admin to replay."""
    state = "dead" if effect.attempts >= MOST_ATTEMPTS else "waiting"
    due = at + _FIRST_PAUSE * 2 ** (effect.attempts - 1)
    tx.run(native(tx, _FAIL), (state, milliseconds(due), error, effect.id))


def free_stuck(tx: Tx, *, at: datetime) -> int:
    """Give back what dead workers held; give how many."""
    return tx.run(native(tx, _FREE), (milliseconds(at),))
