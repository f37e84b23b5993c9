"""Ids of records: unique in the environment, known before the INSERT, and telling their object.

A process takes blocks of 100 from one counter and hands them out. A block taken in a transaction
stays with it until it commits, then what is left serves the whole process: so no id is ever given
out whose range was rolled back.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable

from engine.names import ObjectName, RecordId
from engine.store.text import native
from engine.store.tx import Tx

BLOCK = 100

# On SQLite the table of ranges is the counter: the next block starts after the last one.
_TAKE_SQLITE = f"""
WITH RECURSIVE block(place) AS (
    SELECT 1 UNION ALL SELECT place + 1 FROM block WHERE place < ?2
)
INSERT INTO patron_id_range (first, object)
SELECT (SELECT coalesce(max(first), 0) FROM patron_id_range) + {BLOCK} * place, ?1 FROM block
RETURNING first
"""
# On PostgreSQL a sequence counts blocks: taking one never waits for another transaction.
_TAKE_POSTGRESQL = f"""
INSERT INTO patron_id_range (first, object)
SELECT nextval('patron_id_block') * {BLOCK}, %s FROM generate_series(1, %s::int) RETURNING first
"""
_FIND = "SELECT object FROM patron_id_range WHERE first <= {} ORDER BY first DESC LIMIT 1"
_FIND_SQLITE, _FIND_POSTGRESQL = _FIND.format("?"), _FIND.format("%s")


class Ids:
    """The ids that one process holds for one environment. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: defaultdict[ObjectName, list[range]] = defaultdict(list)

    def take(self, tx: Tx, object: ObjectName, count: int = 1) -> list[RecordId]:
        """Give new ids of an object.

        Costs no statement while the transaction or the process holds enough of them, else one.
        """
        key = (Ids, object)
        taken, left = _cut(tx.held.get(key, ()), count)
        if len(taken) < count:
            taken += self._from_stock(object, count - len(taken))
        if len(taken) < count:
            if key not in tx.held:
                tx.after_commit(lambda: self._keep(object, tx.held[key]))
            more, left = _cut(_blocks(tx, object, count - len(taken)), count - len(taken))
            taken += more
            tx.held[key] = left  # Empty too: it says that what is left will be kept.
        elif key in tx.held:
            tx.held[key] = left
        return taken

    def _from_stock(self, object: ObjectName, count: int) -> list[RecordId]:
        with self._lock:
            taken, left = _cut(self._free[object], count)
            self._free[object] = list(left)
        return taken

    def _keep(self, object: ObjectName, left: Iterable[range]) -> None:
        with self._lock:
            self._free[object] += left


def _cut(blocks: Iterable[range], count: int) -> tuple[list[RecordId], tuple[range, ...]]:
    """Take ids off the front of blocks; give them and the blocks that are left."""
    taken: list[RecordId] = []
    left: list[range] = []
    for block in blocks:
        need = count - len(taken)
        taken += map(RecordId, block[:need])
        left += [block[need:]] if len(block) > need else []
    return taken, tuple(left)


def _blocks(tx: Tx, object: ObjectName, count: int) -> list[range]:
    sql = _TAKE_POSTGRESQL if tx.dialect == "postgresql" else _TAKE_SQLITE
    found = tx.rows(sql, (object, -(-count // BLOCK)))
    return [range(first, first + BLOCK) for (first,) in sorted(found)]


def object_of(tx: Tx, record: int) -> ObjectName | None:
    """Tell which object an id was given to; None when it never was. The record may be gone."""
    sql = _FIND_POSTGRESQL if tx.dialect == "postgresql" else _FIND_SQLITE
    found = tx.row(sql, (record,))
    return None if found is None else ObjectName(found[0])


_NEXT = """
INSERT INTO patron_counter (name, next) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET next = patron_counter.next + excluded.next - 1
RETURNING next
"""


def next_numbers(tx: Tx, name: str, count: int) -> int:
    """Take `count` numbers of a counter without gaps; give the first. Counting starts at 1.

    The counter is held until the transaction ends, and a transaction that fails gives them back.
    """
    ((after,),) = tx.rows(native(tx, _NEXT), (name, count + 1))
    return int(after) - count
