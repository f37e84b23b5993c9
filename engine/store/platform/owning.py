"""Who carries out a deployment in several transactions: one process, for as long as it lives.

On PostgreSQL a lock of a session, on SQLite a lock of a file beside the database. Both die with
their owner, so nobody ever has to unlock anything by hand.
"""

from __future__ import annotations

import fcntl
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from engine.store.database import Database
from engine.store.failures import Busy
from engine.store.tx import Tx

OWNER = 20578  # class of the advisory lock; the head's table is its object
ENDING = "-deploying"  # of the file beside an SQLite database
_PAUSE_SECONDS = (0.05, 0.25)
_KEY = f"{OWNER}, 'patron_head'::regclass::oid::int"
_SESSION = f"SELECT pg_try_advisory_lock({_KEY})"
_TRANSACTION = f"SELECT pg_try_advisory_xact_lock({_KEY})"


@contextmanager
def owning(
    database: Database, *, patience: float, pause: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Be the only one who deploys to an environment, for the length of a block.

    Raises: Busy S102 when somebody else does, and goes on doing so for `patience` seconds.
    """
    until = time.monotonic() + patience
    while True:
        attempt = _owned(database)
        if attempt is not None:
            break
        if time.monotonic() >= until:
            raise Busy
        pause(random.uniform(*_PAUSE_SECONDS))  # noqa: S311 -- spreads waiting, guards nothing
    with attempt:
        yield


def ensure_nobody_deploys(tx: Tx) -> None:
    """Keep deployments in phases out until the transaction ends. Raises: Busy S102."""
    if tx.dialect == "postgresql" and not tx.rows(_TRANSACTION)[0][0]:
        raise Busy


def is_owned(database: Database) -> bool:
    """Tell whether somebody is deploying to an environment right now."""
    attempt = _owned(database)
    if attempt is None:
        return True
    with attempt:
        return False


def _owned(database: Database) -> AbstractContextManager[None] | None:
    """Take the lock if nobody has it; None when somebody does."""
    path = database.path
    held = _file_lock(path) if path is not None else _session_lock(database)
    try:
        held.__enter__()
    except Busy:
        return None
    return _Held(held)


class _Held(AbstractContextManager[None]):
    """A lock that is taken already."""

    def __init__(self, held: AbstractContextManager[None]) -> None:
        self._held = held

    def __exit__(self, *error: object) -> None:
        self._held.__exit__(None, None, None)


@contextmanager
def _session_lock(database: Database) -> Iterator[None]:
    with database.apart() as tx:
        if not tx.rows(_SESSION)[0][0]:
            raise Busy
        yield


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    with path.with_name(path.name + ENDING).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise Busy from taken
        yield
