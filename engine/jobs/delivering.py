"""The job that delivers: each second, and at once when a message says that there is something.

It only looks and starts: lanes are delivered by threads, each environment in its own, so that one
whose database does not answer, or whose target hangs, never stops the others.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from engine.delivery import deliver_lane, lanes_to_deliver
from engine.jobs.table import Job, Work
from engine.session import Session, run
from engine.store.platform.enter import SystemCredential
from engine.store.platform.incoming import forget_deliveries
from engine.store.platform.notifications import forget_notifications
from engine.store.platform.outbox_shelf import sweep_effects

DELIVER = "engine.deliver"  # also the message that wakes a worker
KEPT_EFFECTS = timedelta(days=30)  # what went out, was captured or discarded
KEPT_NOTIFICATIONS = timedelta(days=180)
KEPT_DELIVERIES = timedelta(days=7)  # how long a delivery that comes again is known


def deliver(work: Work) -> None:
    """Start delivering in every environment in which nobody of this process does so yet."""
    for name in work.environments.names():
        work.threads.start(("outbox", name), partial(_look, work, name))


def _look(work: Work, name: str) -> None:
    """Start a thread for each lane of an environment with something due."""
    environment = work.environments.open(name)
    settings, clock = work.environments.settings, work.clock
    for lane in lanes_to_deliver(environment, clock):
        task = partial(deliver_lane, environment, settings, clock, lane)
        work.threads.start(("lane", name, lane), task)


def sweep_outboxes(work: Work) -> None:
    """Forget effects, notifications and deliveries that have long been over, everywhere.

    An environment that cannot be reached is left for the next run, after all others were swept.
    Raises: the error of the last one that could not.
    """
    work.in_every_environment(
        lambda one: run(one, SystemCredential(), _sweep, write=True, clock=work.clock)
    )


def _sweep(session: Session) -> None:
    tx, now = session.unit.tx, session.unit.now
    sweep_effects(tx, before=now - KEPT_EFFECTS)
    forget_notifications(tx, before=now - KEPT_NOTIFICATIONS)
    forget_deliveries(tx, before=now - KEPT_DELIVERIES)


JOBS: tuple[Job, ...] = (
    Job(name=DELIVER, run=deliver, every=timedelta(seconds=1)),
    Job(name="engine.sweep_outboxes", run=sweep_outboxes, every=timedelta(hours=1)),
)
