"""Telling a worker, after a commit, that there is something to deliver; nobody waits for it.

A thread of the web process sends the message, at most a few each second, and a broker that is down
costs nothing but a second: the outbox is the truth, and the worker looks there by itself.
"""

from __future__ import annotations

import importlib
import logging
import os
import threading
import time
from collections.abc import Callable

from engine.settings import Settings

PAUSE = 0.25  # seconds between two messages of one process
_SENDERS = "engine.jobs.messages"  # loaded when first needed: pages never need a broker's library
_LOG = logging.getLogger("patron.delivery")


class Waker:
    """Call it after a commit. Made before a fork, it starts its thread in the child."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._process = 0

    def __call__(self) -> None:
        """Ask for a message; returns at once."""
        if self._process != os.getpid():
            self._begin()
        self._asked.set()

    def _begin(self) -> None:
        with self._lock:
            if self._process == os.getpid():
                return
            self._process, self._asked = os.getpid(), threading.Event()
            work, asked = self._work, self._asked
            threading.Thread(target=work, args=(asked,), name="patron-waker", daemon=True).start()

    def _work(self, asked: threading.Event) -> None:
        send: Callable[[], None] | None = None
        while True:
            asked.wait()
            asked.clear()
            try:
                send = send or importlib.import_module(_SENDERS).make_sender(self._settings)
                send()
            except Exception as error:  # noqa: BLE001  # any: brokers differ, and none is needed
                send = None
                _LOG.info("no worker was woken (%s)", type(error).__name__)
            time.sleep(PAUSE)
