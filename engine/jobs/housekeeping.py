"""The engine's own jobs: what keeps an installation from growing without end."""

from __future__ import annotations

from datetime import timedelta

from engine.jobs.table import Job, Work
from engine.session import Session, run
from engine.store.platform import idempotency
from engine.store.platform.enter import SystemCredential

KEPT_REQUESTS = timedelta(hours=24)  # how long a request may be sent again under its key
KEPT_MESSAGES = timedelta(hours=1)


def forget_requests(work: Work) -> None:
    """Forget what was kept under Idempotency-Keys in every environment, when its day is over."""
    for name in work.environments.names():
        environment = work.environments.open(name)
        run(environment, SystemCredential(), _forget, write=True, clock=work.clock)


def _forget(session: Session) -> None:
    unit = session.unit
    idempotency.forget(unit.tx, before=unit.now - KEPT_REQUESTS)


def sweep_messages(work: Work) -> None:
    """Remove files of messages that were taken; the broker leaves them where it moved them."""
    done = work.home / "done"
    oldest = (work.clock.now() - KEPT_MESSAGES).timestamp()
    for message in done.glob("*.msg"):
        if message.stat().st_mtime < oldest:
            message.unlink(missing_ok=True)


JOBS: tuple[Job, ...] = (
    Job(name="engine.forget_requests", run=forget_requests, every=timedelta(hours=1)),
    Job(name="engine.sweep_messages", run=sweep_messages, every=timedelta(hours=1)),
)
