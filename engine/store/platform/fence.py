"""The fence: keeps writers and switches of the head apart, so that nobody writes by an old model.

Writers take its shared side in `enter`. A switch takes the exclusive side, asks for at most a tenth
of a second at a time, because while it waits no new writer gets in, and tries again a little later.
On SQLite every write transaction is alone already.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from engine.store.database import Database
from engine.store.failures import Busy
from engine.store.platform.enter import FENCE
from engine.store.tx import Tx

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = (0.05, 0.25)  # a random time between: two switches must not meet again and again
_TIMEOUT = "SET LOCAL lock_timeout = '100ms'"  # for the fence, and for the tables a switch alters
_LOCK = f"SELECT pg_advisory_xact_lock({FENCE}, 'patron_head'::regclass::oid::int)"


def switching(
    database: Database,
    work: Callable[[Tx], T],
    *,
    patience: float = PATIENCE_SECONDS,
    pause: Callable[[float], None] = time.sleep,
) -> T:
    """Run `work` in a write transaction with no other writer inside the fence; commit.

    `work` runs again from the start when a lock was not to be had, so it must not act outside the
    transaction. Readers go on all the time. Until it commits, nobody sees anything of it.
    Raises: Busy S102 after `patience` seconds; ConnectionLost S103, where the head tells whether
    it was committed; what `work` raises.
    """

    def attempt() -> T:
        with database.write() as tx:
            _close(tx)
            return work(tx)

    return _patiently(attempt, patience, pause)


@contextmanager
def fenced(
    database: Database,
    *,
    patience: float = PATIENCE_SECONDS,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Tx]:
    """Open a write transaction with no other writer inside the fence, for the length of a block.

    As `switching`, for work that tells how far it is; that is done once, so whoever waits for the
    fence comes in afterwards. Raises: Busy S102 after `patience` seconds; ConnectionLost S103.
    """

    def attempt() -> tuple[ExitStack, Tx]:
        with ExitStack() as stack:
            tx = stack.enter_context(database.write())
            _close(tx)
            return stack.pop_all(), tx

    held, tx = _patiently(attempt, patience, pause)
    with held:
        yield tx


def _patiently(attempt: Callable[[], T], patience: float, pause: Callable[[float], None]) -> T:
    """Try until it is not busy any more. Raises: Busy S102 after `patience` seconds."""
    until = time.monotonic() + patience
    while True:
        try:
            return attempt()
        except Busy:
            if time.monotonic() >= until:
                raise
        pause(random.uniform(*_PAUSE_SECONDS))  # noqa: S311 -- spreads waiting, guards nothing


def _close(tx: Tx) -> None:
    if tx.dialect == "postgresql":
        tx.run(_TIMEOUT)
        tx.rows(_LOCK)
