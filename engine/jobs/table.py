"""What a job is: a name, what it does, how often. Data, so that any room may bring its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from engine.clock import Clock
from engine.errors import PatronError
from engine.jobs.threads import Threads
from engine.snapshots import Environment, Environments


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a job works with. `home` is the folder of messages waiting and done.

    `threads` do what may wait for others, so that no job waits for it.
    """

    environments: Environments
    clock: Clock
    home: Path
    threads: Threads = field(default_factory=Threads)

    def in_every_environment(self, act: Callable[[Environment], object]) -> None:
        """Do something in each environment; one that fails is left for the next run.

        Raises: PatronError of the last one that failed, after all others had their turn.
        """
        failed: PatronError | None = None
        for name in self.environments.names():
            try:
                act(self.environments.open(name))
            except PatronError as error:
                failed = error
        if failed is not None:
            raise failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One kind of background work. A job may run twice: what it does must bear that.

    `every`: repeated; a run missed while no worker was there happens once when one starts.
    """

    name: str
    run: Callable[[Work], None]
    every: timedelta | None = None
