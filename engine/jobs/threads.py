"""Threads of a worker for work that waits for others: each task by name, at most once at a time.

Separate from Celery's own pool, whose jobs must end soon: a target that hangs for its whole timeout
holds up its own lane and nothing else.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor

MOST = 32  # threads of one worker process
_LOG = logging.getLogger("patron.jobs")


class Threads:
    """Runs tasks beside the jobs. Made before a fork, its threads are those of the child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Hashable] = set()
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0

    def start(self, name: Hashable, task: Callable[[], None]) -> bool:
        """Run a task unless one of this name is running; tell whether it was started.

        What it raises is logged: whoever started it has gone on.
        """
        with self._lock:
            if self._process != os.getpid():
                self._process, self._running = os.getpid(), set()
                self._pool = ThreadPoolExecutor(MOST, thread_name_prefix="patron-delivery")
            if name in self._running or self._pool is None:
                return False
            self._running.add(name)
            pool = self._pool
        pool.submit(self._run, name, task)
        return True

    def _run(self, name: Hashable, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception:  # noqa: BLE001  # a thread has nobody else to tell
            _LOG.exception("%s failed", name)
        finally:
            with self._lock:
                self._running.discard(name)
