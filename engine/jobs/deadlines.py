"""The job that notices which deadlines have passed: in every environment, every few seconds.

What it finds is a row, so a deadline that passed while no worker was there is noticed when one
starts. Each miss is a transaction of its own: two workers do none twice, and one that cannot be
carried out holds up no other.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

from engine.errors import PatronError
from engine.jobs.table import Job, Work
from engine.names import ObjectName
from engine.saving.deadlines.timing import breach_one
from engine.session import Session, run
from engine.snapshots import Environment
from engine.store.failures import StoreFailed
from engine.store.platform import clocks
from engine.store.platform.enter import SystemCredential

_LOG = logging.getLogger("patron.deadlines")
MOST_ROUNDS = 100


def notice_deadlines(work: Work) -> None:
    """Begin what follows where a deadline has passed. A run too many finds nothing to do."""
    for name in work.environments.names():
        try:
            _notice(work, work.environments.open(name))
        except StoreFailed:
            _LOG.exception("the deadlines of %s could not be looked at; they are later", name)


def _notice(work: Work, environment: Environment) -> None:
    for _ in range(MOST_ROUNDS):
        with environment.database.read() as tx:
            found = clocks.due(tx, at=work.clock.now())
        done = [_notice_one(work, environment, *one) for one in found]
        if not any(done):
            return


def _notice_one(
    work: Work, environment: Environment, clock: int, object: ObjectName, record: int
) -> bool:
    """Begin what follows from one; False when it could not be, or another worker did."""
    task = partial(_breach, clock=clock, object=object, record=record)
    try:
        return run(environment, SystemCredential(), task, write=True, clock=work.clock)
    except PatronError:
        _LOG.exception("a missed deadline of record %s could not be noted; it is later", record)
        return False


def _breach(session: Session, *, clock: int, object: ObjectName, record: int) -> bool:
    return breach_one(session.unit, clock, object, record)


JOBS: tuple[Job, ...] = (
    Job(name="engine.notice_deadlines", run=notice_deadlines, every=timedelta(seconds=5)),
)
