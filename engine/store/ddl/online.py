"""Tables changed while people work, one short step at a time: PostgreSQL only.

An ALTER that waits behind a long reader makes everybody wait behind itself; so it asks for a tenth
of a second at a time. An index is built without any lock that matters, and looked at afterwards: an
interrupted build leaves one that is there and unusable.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from engine.store.database import Database
from engine.store.ddl.state import load_state
from engine.store.ddl.steps import CreateIndex, quoted
from engine.store.failures import Busy, StoreFailed, UniqueViolated
from engine.store.platform.head import touch_head
from engine.store.platform.physical import forget_unindexed, load_unindexed
from engine.store.tx import Tx

T = TypeVar("T")

_PAUSE_SECONDS = (0.05, 0.25)
_TIMEOUT = "SET LOCAL lock_timeout = '100ms'"
# A build whose client was killed ends soon, instead of going on for nobody.
_WATCH = "SET client_connection_check_interval = '2s'"
_VALID = """
SELECT x.indisvalid FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE i.relnamespace = current_schema()::regnamespace AND i.relname = %s
"""


def in_short(
    database: Database,
    work: Callable[[Tx], T],
    *,
    patience: float,
    pause: Callable[[float], None] = time.sleep,
) -> T:
    """Run `work` in a transaction that waits for no lock longer than a tenth of a second.

    It runs again from the start when a lock was not to be had. Raises: Busy S102 after `patience`.
    """
    until = time.monotonic() + patience
    while True:
        try:
            with database.write() as tx:
                if tx.dialect == "postgresql":
                    tx.run(_TIMEOUT)
                return work(tx)
        except Busy:
            if time.monotonic() >= until:
                raise
        pause(random.uniform(*_PAUSE_SECONDS))  # noqa: S311 -- spreads waiting, guards nothing


def build_index(database: Database, index: CreateIndex) -> None:
    """Build an index beside the work, and leave a usable one or none.

    Raises: UniqueViolated S101 when values that must be unique are not; StoreFailed S100.
    """
    with database.apart() as tx:
        tx.run(_WATCH)
        usable = tx.rows(_VALID, (index.name,))
        if usable == [(True,)]:
            return
        if usable:
            _drop(tx, index)
        try:
            index.run_online(tx)
        except UniqueViolated:
            _drop(tx, index)
            raise
        if tx.rows(_VALID, (index.name,)) != [(True,)]:
            _drop(tx, index)
            raise StoreFailed(f"The index {index.name} was built and cannot be used.")


def settle_indexes(database: Database) -> None:
    """Leave uniqueness to the indexes that are built, from now on: workers look again."""
    with database.write() as tx:
        indexes = load_state(tx).indexes
        built = [one.name for one in load_unindexed(tx) if indexes.get(one.name, ("", False))[1]]
        for name in built:
            forget_unindexed(tx, name)
        if built:
            touch_head(tx)


def duplicates(tx: Tx, table: str, columns: Iterable[str], limit: int = 100) -> list[int]:
    """Give the ids of live records that share values which must be unique."""
    names = [quoted(name) for name in columns]
    filled = " AND ".join(f"{name} IS NOT NULL" for name in names)
    same = " AND ".join(f"a.{name} = b.{name}" for name in names)
    sql = (
        f"SELECT a.id FROM {quoted(table)} a JOIN (SELECT {', '.join(names)} FROM {quoted(table)}"
        f" WHERE deleted_at IS NULL AND {filled} GROUP BY {', '.join(names)}"
        f" HAVING count(*) > 1) b ON {same} WHERE a.deleted_at IS NULL ORDER BY a.id LIMIT {limit}"
    )
    return [int(row[0]) for row in tx.rows(sql)]


def has_more_than(tx: Tx, table: str, rows: int) -> bool:
    """Tell whether a table has more rows than so many, without counting further."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {quoted(table)} LIMIT {rows + 1}) AS counted"
    return int(tx.rows(sql)[0][0]) > rows


def _drop(tx: Tx, index: CreateIndex) -> None:
    tx.run(f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(index.name)}")
