"""The job that tells people what waits for their decision, and reminds them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from engine.clock import Clock
from engine.delivery.asking import tell_due
from engine.jobs.table import Job, Work
from engine.session import Session, run
from engine.settings import Settings
from engine.snapshots import Environment
from engine.store.platform.approval_links import sweep_links
from engine.store.platform.enter import SystemCredential

KEPT_LINKS = timedelta(days=7)  # after they ended


def tell_approvers(work: Work) -> None:
    """Start telling in every environment in which nobody of this process does so yet."""
    settings, clock = work.environments.settings, work.clock
    for name in work.environments.names():
        environment = work.environments.open(name)
        work.threads.start(("approvals", name), partial(_tell, environment, settings, clock))


def _tell(environment: Environment, settings: Settings, clock: Clock) -> None:
    tell_due(environment, settings, clock)


def sweep_approval_links(work: Work) -> None:
    """Forget links that have long been over, everywhere.

    Raises: the error of the last environment that could not be reached.
    """
    work.in_every_environment(
        lambda one: run(one, SystemCredential(), _sweep, write=True, clock=work.clock)
    )


def _sweep(session: Session) -> None:
    sweep_links(session.unit.tx, before=session.unit.now - KEPT_LINKS)


JOBS: tuple[Job, ...] = (
    Job(name="engine.tell_approvers", run=tell_approvers, every=timedelta(seconds=2)),
    Job(name="engine.sweep_approval_links", run=sweep_approval_links, every=timedelta(hours=1)),
)
