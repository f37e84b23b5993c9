"""Whose turn it is: one request of a process at a time, except those that wait for a lock.

SQLite answers inside the process, so a second thread only takes time from the first. But a request
that waits for another process to finish writing does nothing, and whoever only reads need not wait
with it: it gives its turn away, and goes on without one when the lock is had. Nor does a long one
hold up the others: who has waited a while goes on beside it. Separate from `database`, because who
serves requests decides whether there are turns at all.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 0.25  # far above what a request takes, and less than a person notices

_turn = threading.Lock()
_mine = threading.local()


@contextmanager
def turn() -> Iterator[None]:
    """Wait a while for this thread's turn, and keep it to the end of the block."""
    _mine.has_turn = _turn.acquire(timeout=PATIENCE_SECONDS)
    try:
        yield
    finally:
        give_way()


def has_turn() -> bool:
    """Tell whether it is this thread's turn; False as well where nobody takes turns."""
    return getattr(_mine, "has_turn", False)


def give_way() -> None:
    """Let the next request go on while this one waits. Nothing for whoever has no turn."""
    if has_turn():
        _mine.has_turn = False
        _turn.release()
