"""The engine's own jobs: what keeps an installation from growing without end."""

from __future__ import annotations

from datetime import timedelta

from engine.jobs.table import Job, Work
from engine.saving.explaining.looking_back import KEPT
from engine.session import Session, run
from engine.store.platform import idempotency, traces
from engine.store.platform.attempts import sweep_attempts
from engine.store.platform.enter import SystemCredential
from engine.store.platform.identities import sweep_flows
from engine.store.platform.links import sweep_links
from engine.store.platform.sessions import sweep_sessions

KEPT_REQUESTS = timedelta(hours=24)  # how long a request may be sent again under its key
KEPT_SIGN_INS = timedelta(days=7)
KEPT_MESSAGES = timedelta(hours=1)


def forget_requests(work: Work) -> None:
    """Forget what was kept under Idempotency-Keys in every environment, when its day is over."""
    work.in_every_environment(
        lambda one: run(one, SystemCredential(), _forget, write=True, clock=work.clock)
    )


def _forget(session: Session) -> None:
    unit = session.unit
    idempotency.forget(unit.tx, before=unit.now - KEPT_REQUESTS)


def forget_traces(work: Work) -> None:
    """Forget traces whose days are over, in every environment."""
    work.in_every_environment(
        lambda one: run(one, SystemCredential(), _forget_traces, write=True, clock=work.clock)
    )


def _forget_traces(session: Session) -> None:
    unit = session.unit
    traces.sweep(unit.tx, before=unit.now - KEPT)


def sweep_sign_ins(work: Work) -> None:
    """Forget failed attempts, links and sessions that have long been over."""
    now = work.clock.now()
    with work.environments.control.write() as tx:
        sweep_attempts(tx, before=now - KEPT_SIGN_INS)
        sweep_flows(tx, before=now)
        sweep_links(tx, before=now - KEPT_SIGN_INS)
        sweep_sessions(tx, before=now - KEPT_SIGN_INS)


def sweep_messages(work: Work) -> None:
    """Remove files of messages that were taken; the broker leaves them where it moved them."""
    done = work.home / "done"
    oldest = (work.clock.now() - KEPT_MESSAGES).timestamp()
    for message in done.glob("*.msg"):
        if message.stat().st_mtime < oldest:
            message.unlink(missing_ok=True)


JOBS: tuple[Job, ...] = (
    Job(name="engine.sweep_sign_ins", run=sweep_sign_ins, every=timedelta(hours=1)),
    Job(name="engine.forget_traces", run=forget_traces, every=timedelta(hours=1)),
    Job(name="engine.forget_requests", run=forget_requests, every=timedelta(hours=1)),
    Job(name="engine.sweep_messages", run=sweep_messages, every=timedelta(hours=1)),
)
