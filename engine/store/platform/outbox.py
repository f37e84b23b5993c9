"""The outbox: effects that leave the system, written with the records that caused them.

Delivered after the commit by the worker, at least once; `key` lets a receiver drop the second one.
States: waiting, running (a worker holds it until `due_at`), done, dead (given up, kept for an
admin), captured (a sandbox's, which goes nowhere), discarded (an admin does not want it).
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
_LONGEST_PAUSE = timedelta(hours=24)  # whatever a target asks for
_LACKING_PAUSE = timedelta(minutes=1)  # until it is looked whether what was lacking is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something to do outside: its kind, its data, and a key that is the same on every attempt.

    `lane`: what goes to one target shares a lane, and waits for nothing in another; "" is the
    lane of its kind.
    """

    kind: str
    payload: Mapping[str, object]
    key: str
    lane: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An effect that a worker holds; `attempts` counts this one."""

    id: int
    kind: str
    payload: Mapping[str, object]
    key: str
    attempts: int


_PUT = """
INSERT INTO patron_outbox (kind, payload, key, lane, state, attempts, due_at, created_at, error)
VALUES (?, ?, ?, ?, 'waiting', 0, ?, ?, '') ON CONFLICT (key) DO NOTHING
"""
_LANES = "SELECT DISTINCT lane FROM patron_outbox WHERE state = 'waiting' AND due_at <= ?"
_TAKE = """
UPDATE patron_outbox SET state = 'running', attempts = attempts + 1, due_at = ?
WHERE id IN (SELECT id FROM patron_outbox WHERE state = 'waiting' AND due_at <= ? {lane}
             ORDER BY due_at, id LIMIT ? {lock})
RETURNING id, kind, payload, key, attempts
"""
# Who was slower than its hold has lost the effect: another worker has it, and says how it ended.
_HELD = "WHERE id = ? AND state = 'running' AND attempts = ?"
_END = f"UPDATE patron_outbox SET state = ?, error = '', finished_at = ? {_HELD}"
_FAIL = f"UPDATE patron_outbox SET state = ?, due_at = ?, error = ? {_HELD}"
_SAY = f"UPDATE patron_outbox SET error = ? {_HELD} AND error <> ?"
_PUT_BACK = f"""
UPDATE patron_outbox SET state = 'waiting', attempts = attempts - 1, due_at = ?, error = ? {_HELD}
"""
_POSTPONE = """
UPDATE patron_outbox SET due_at = ?, error = ?
WHERE lane = (SELECT lane FROM patron_outbox WHERE id = ?) AND state = 'waiting' AND due_at <= ?
"""
_STUCK = "SELECT 1 FROM patron_outbox WHERE state = 'running' AND due_at <= ? LIMIT 1"
_FREE = f"""
UPDATE patron_outbox SET state = CASE WHEN attempts >= {2 * MOST_ATTEMPTS} THEN 'dead'
                                      ELSE 'waiting' END,
    error = CASE WHEN attempts >= {2 * MOST_ATTEMPTS} THEN 'Whoever delivers it dies of it.'
                 ELSE error END
WHERE state = 'running' AND due_at <= ?
"""


def put(tx: Tx, effects: Sequence[Effect], *, at: datetime, due: datetime | None = None) -> None:
    """Write effects down in the record's own transaction; one with a known key is left out."""
    now, then = milliseconds(at), milliseconds(due or at)
    rows = [(e.kind, to_json(e.payload), e.key, e.lane or e.kind, then, now) for e in effects]
    if rows:
        tx.many(native(tx, _PUT), rows)


def due_lanes(tx: Tx, *, at: datetime) -> list[str]:
    """Give the lanes in which something is due."""
    return sorted(str(row[0]) for row in tx.rows(native(tx, _LANES), (milliseconds(at),)))


def take(
    tx: Tx, *, at: datetime, until: datetime, limit: int = 20, lane: str | None = None
) -> list[Taken]:
    """Take due effects, of one lane or of any; two workers never take the same.

    After `until` they are free again.
    """
    lock = "FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    params: list[object] = [milliseconds(until), milliseconds(at), limit]
    if lane is not None:
        params.insert(2, lane)
    sql = native(tx, _TAKE.format(lock=lock, lane="" if lane is None else "AND lane = ?"))
    return [
        Taken(id=row[0], kind=row[1], payload=from_json(row[2]), key=row[3], attempts=row[4])  # type: ignore[arg-type]  # as `put` wrote it
        for row in sorted(tx.rows(sql, params))
    ]


def finish(tx: Tx, effect: Taken, *, at: datetime) -> None:
    """Note that an effect was delivered."""
    tx.run(native(tx, _END), ("done", milliseconds(at), effect.id, effect.attempts))


def capture(tx: Tx, effect: Taken, *, at: datetime) -> None:
    """Note that an effect goes nowhere, and keep it to be looked at."""
    tx.run(native(tx, _END), ("captured", milliseconds(at), effect.id, effect.attempts))


def fail(
    tx: Tx,
    effect: Taken,
    *,
    error: str,
    at: datetime,
    is_final: bool = False,
    no_sooner: timedelta = timedelta(),
    spread: float = 1,
) -> None:
    """Note a failure: try again later, or give up and keep it for an admin to replay.

    Args: `no_sooner` is what the target asked for; `spread` stretches the pause, so that what
    failed together is not tried again together.
    """
    is_dead = is_final or effect.attempts >= MOST_ATTEMPTS
    pause = _FIRST_PAUSE * 2 ** (effect.attempts - 1) * spread
    due = at + min(max(pause, no_sooner), _LONGEST_PAUSE)
    state = "dead" if is_dead else "waiting"
    row = (state, milliseconds(due), error, effect.id, effect.attempts)
    tx.run(native(tx, _FAIL), row)


def postpone(tx: Tx, effect: Taken, *, error: str, at: datetime) -> bool:
    """Let an effect, and all that is due in its lane, wait for what the installation lacks.

    Nobody was asked, so it was no attempt: what lacks it for a week is not given up. Tells whether
    the effect did not say so before.
    """
    due, now = milliseconds(at + _LACKING_PAUSE), milliseconds(at)
    is_news = tx.run(native(tx, _SAY), (error, effect.id, effect.attempts, error)) > 0
    tx.run(native(tx, _PUT_BACK), (due, error, effect.id, effect.attempts))
    tx.run(native(tx, _POSTPONE), (due, error, effect.id, now))
    return is_news


def has_stuck(tx: Tx, *, at: datetime) -> bool:
    """Tell whether a dead worker held something."""
    return tx.row(native(tx, _STUCK), (milliseconds(at),)) is not None


def free_stuck(tx: Tx, *, at: datetime) -> int:
    """Give back what dead workers held; give how many. What kills every worker is given up."""
    return tx.run(native(tx, _FREE), (milliseconds(at),))
