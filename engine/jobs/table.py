"""What a job is: a name, what it does, how often. Data, so that any room may bring its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from engine.clock import Clock
from engine.jobs.threads import Threads
from engine.snapshots import Environments


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a job works with. `home` is the folder of messages waiting and done.

    `threads` do what may wait for others, so that no job waits for it.
    """

    environments: Environments
    clock: Clock
    home: Path
    threads: Threads = field(default_factory=Threads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One kind of background work. A job may run twice: what it does must bear that.

    `every`: repeated; a run missed while no worker was there happens once when one starts.
    """

    name: str
    run: Callable[[Work], None]
    every: timedelta | None = None
