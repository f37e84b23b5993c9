"""The jobs of automation: runs that have waited, moments that have come, schedules that are due.

Every second, in every environment. Several workers may do it at once: each row is taken by one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from engine.jobs.table import Job, Work
from engine.saving.runs.moments import start_moments
from engine.saving.runs.regular import is_anything_due, keep_schedules
from engine.saving.runs.resuming import resume_due
from engine.session import Session, run
from engine.snapshots import Environment
from engine.store.failures import Busy
from engine.store.platform import runs
from engine.store.platform.enter import SystemCredential
from engine.unit import in_name_of

KEPT_RUNS = timedelta(days=90)
MOST_ROUNDS = 25  # of up to 200; then other jobs have their turn


def go_on(work: Work) -> None:
    """Start and resume everything that is due. A run too many finds nothing to do.

    An environment that cannot be reached is left for the next run, after all others had theirs.
    Raises: the error of the last one that could not.
    """

    def go_on_here(environment: Environment) -> None:
        with suppress(Busy):  # somebody saves the same records: they are due in a second as well
            go_on_in(environment, work)

    work.in_every_environment(go_on_here)


def go_on_in(environment: Environment, work: Work) -> None:
    """Do it in one environment."""
    does = partial(_do, environment, work)
    if not does(lambda session: is_anything_due(session.unit), write=False):
        return
    does(lambda session: keep_schedules(session.unit))
    for step in (_moments, _waits):
        for _ in range(MOST_ROUNDS):
            if not does(step):
                break


def _moments(session: Session) -> int:
    return start_moments(session.unit)


def _waits(session: Session) -> int:
    return resume_due(session.unit, partial(in_name_of, session.unit))


def _do(
    environment: Environment, work: Work, what: Callable[[Session], object], *, write: bool = True
) -> object:
    return run(
        environment, SystemCredential(), what, write=write, clock=work.clock, source="schedule"
    )


def sweep_runs(work: Work) -> None:
    """Forget runs that ended long ago; failed ones wait for somebody."""
    before = work.clock.now() - KEPT_RUNS

    def sweep(environment: Environment) -> None:
        for _ in range(MOST_ROUNDS):
            if not _do(environment, work, lambda s: runs.sweep(s.unit.tx, before=before)):
                break

    work.in_every_environment(sweep)


JOBS: tuple[Job, ...] = (
    Job(name="engine.go_on_with_runs", run=go_on, every=timedelta(seconds=1)),
    Job(name="engine.sweep_runs", run=sweep_runs, every=timedelta(hours=1)),
)
