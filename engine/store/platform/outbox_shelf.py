"""The outbox as people see it: what is dead or captured, and what an admin does about it.

Separate from `outbox`, which the worker uses; here rows are looked at, replayed and swept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.jsontext import from_json
from engine.store.text import native
from engine.store.tx import Tx

STATES = ("waiting", "running", "done", "dead", "captured", "discarded")
_ENDED = ("done", "captured", "discarded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An effect with all that is known of it; `payload` holds no secret."""

    id: int
    kind: str
    payload: Mapping[str, object]
    key: str
    state: str
    attempts: int
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None
    error: str


_COLUMNS = "id, kind, payload, key, state, attempts, due_at, created_at, finished_at, error"
_LIST = f"SELECT {_COLUMNS} FROM patron_outbox WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?"
_FIND = f"SELECT {_COLUMNS} FROM patron_outbox WHERE id = ?"
_COUNT = "SELECT state, count(*) FROM patron_outbox GROUP BY state"
_REPLAY = """
UPDATE patron_outbox SET state = 'waiting', attempts = 0, due_at = ?, error = ''
WHERE state = 'dead'
"""
_DISCARD = "UPDATE patron_outbox SET state = 'discarded', finished_at = ? WHERE state = 'dead'"
_SENT = """
SELECT kind, count(*) FROM patron_outbox WHERE state = 'done' AND finished_at >= ? GROUP BY kind
"""
_SWEEP = "DELETE FROM patron_outbox WHERE state = ? AND finished_at < ?"
_NEWEST = 2**62  # above every id


def list_effects(tx: Tx, state: str, *, limit: int, before: int | None = None) -> list[Kept]:
    """Give effects in a state, newest first; `before` is the last id of the page before."""
    rows = tx.rows(native(tx, _LIST), (state, _NEWEST if before is None else before, limit))
    return [_read(row) for row in rows]


def find_effect(tx: Tx, effect: int) -> Kept | None:
    """Give one effect, None when there is none."""
    row = tx.row(native(tx, _FIND), (effect,))
    return None if row is None else _read(row)


def count_states(tx: Tx) -> dict[str, int]:
    """Give how many effects there are in each state that has any."""
    return {str(row[0]): int(row[1]) for row in tx.rows(_COUNT)}


def replay(tx: Tx, effects: Sequence[int] | None, *, at: datetime) -> int:
    """Let dead effects be tried again from the first attempt, some or all. Gives how many."""
    return _change(tx, _REPLAY, effects, at)


def discard(tx: Tx, effects: Sequence[int] | None, *, at: datetime) -> int:
    """Give dead effects up for good, some or all. Gives how many."""
    return _change(tx, _DISCARD, effects, at)


def sweep_effects(tx: Tx, *, before: datetime) -> int:
    """Forget what has long been over; what is dead is kept. Gives how many."""
    end = milliseconds(before)
    return sum(tx.run(native(tx, _SWEEP), (state, end)) for state in _ENDED)


def _change(tx: Tx, sql: str, effects: Sequence[int] | None, at: datetime) -> int:
    params: list[object] = [milliseconds(at)]
    if effects is not None:
        if not effects:
            return 0
        sql += f" AND id IN ({', '.join('?' * len(effects))})"
        params += effects
    return tx.run(native(tx, sql), params)


def _read(row: tuple[object, ...]) -> Kept:
    number, kind, payload, key, state, attempts, due, created, finished, error = row
    return Kept(
        id=int(str(number)),
        kind=str(kind),
        payload=from_json(str(payload)),  # type: ignore[arg-type]  # as `put` wrote it
        key=str(key),
        state=str(state),
        attempts=int(str(attempts)),
        due_at=instant_of(int(str(due))),
        created_at=instant_of(int(str(created))),
        finished_at=None if finished is None else instant_of(int(str(finished))),
        error=str(error),
    )


def count_sent(tx: Tx, *, since: datetime) -> Mapping[str, int]:
    """Count what went out from an instant on, by kind, as far as it is still kept."""
    rows = tx.rows(native(tx, _SENT), (milliseconds(since),))
    return {str(kind): int(count) for kind, count in rows}
