"""Which way leads to the rows of somebody's lists: known for a minute, then found out anew.

The statement of a restricted list gathers ids to learn which way is shortest for the caller; that
is a good part of its time, and it learns the same each time. Separate from `narrowing`, which
writes statements: here stands what the last ones found. Each way gives the same rows: who sees more
or less than a minute ago waits longer for them at worst.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from enum import StrEnum

SECONDS = 60.0


class Way(StrEnum):
    """How rows are found: ids sorted, ids met in the order of the list, or each row asked."""

    FEW = "few"
    SOME = "some"
    MANY = "many"


class Ways:
    """Of `size` callers at most, those found out longest ago leave first. Safe between threads."""

    __slots__ = ("_known", "_lock", "_now", "_size")

    def __init__(self, size: int, now: Callable[[], float] = time.monotonic) -> None:
        self._size, self._now = size, now
        self._known: OrderedDict[Hashable, tuple[Way, float]] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, caller: Hashable) -> Way | None:
        """Give the way that was found within the last minute."""
        with self._lock:
            way, until = self._known.get(caller, (None, 0.0))
        return way if until > self._now() else None

    def note(self, caller: Hashable, way: Way) -> None:
        """Keep what a statement found out."""
        with self._lock:
            self._known.pop(caller, None)
            self._known[caller] = way, self._now() + SECONDS
            if len(self._known) > self._size:
                self._known.popitem(last=False)
