"""Delivering an environment's outbox, lane by lane: take one, send it, say how it ended.

What is taken is held for a while; a worker that dies holds it no longer, and the next one sends it
again under the same key. The end of one effect and the taking of the next share a transaction, and
nothing is open while the other side is waited for.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from engine.clock import Clock
from engine.delivery.failing import DeliveryFailed
from engine.delivery.sending import Send, prepare, seconds_of
from engine.saving.runs.effects import WEBHOOK
from engine.session import Session, run
from engine.settings import Settings
from engine.snapshots import Environment
from engine.store.platform import outbox
from engine.store.platform.enter import SystemCredential
from engine.store.platform.outbox import Taken
from engine.store.steps import at_step

LIVE = "production"  # the kind of environment whose effects leave the house
MAIL_SECONDS = 20  # that a mail may take
HOLD_MARGIN = 10  # seconds until a worker that says nothing is taken to be dead
LEAST_SPREAD, MOST_SPREAD = 0.75, 1.25  # of pauses between attempts
_LOG = logging.getLogger("patron.delivery")

Settle = Callable[[Session], None]


@dataclass(frozen=True, slots=True)
class _Ready:
    """An effect that a worker holds, and how it goes out."""

    effect: Taken
    send: Send


def lanes_to_deliver(environment: Environment, clock: Clock) -> list[str]:
    """Give the lanes with something due; what dead workers held is free again. One read."""
    now = clock.now()
    with environment.database.read() as tx:
        is_stuck = outbox.has_stuck(tx, at=now)
        lanes = outbox.due_lanes(tx, at=now)
    if not is_stuck:
        return lanes
    with environment.database.write() as tx:
        outbox.free_stuck(tx, at=now)
        return outbox.due_lanes(tx, at=now)


def deliver_environment(environment: Environment, settings: Settings, clock: Clock) -> None:
    """Deliver everything that is due, one lane after the other."""
    for lane in lanes_to_deliver(environment, clock):
        deliver_lane(environment, settings, clock, lane)


def deliver_lane(environment: Environment, settings: Settings, clock: Clock, lane: str) -> None:
    """Deliver what is due in one lane, one effect after the other, until nothing is."""
    settle: Settle = _nothing
    while True:
        ready = _next(environment, settings, clock, lane, settle)
        if ready is None:
            return
        settle = _send(ready)


def _nothing(_session: Session) -> None:
    """Settle nothing: the first of a lane has none before it."""


def _next(
    environment: Environment, settings: Settings, clock: Clock, lane: str, settle: Settle
) -> _Ready | None:
    """Note how the effect before ended, and take the next; those that cannot go are failed."""

    def work(session: Session) -> _Ready | None:
        settle(session)
        now = session.unit.now
        hold = _hold(session, lane)
        while taken := outbox.take(session.unit.tx, at=now, until=now + hold, limit=1, lane=lane):
            if environment.row.kind != LIVE:
                outbox.capture(session.unit.tx, taken[0], at=now)
                continue
            try:
                return _Ready(taken[0], prepare(session, settings, taken[0]))
            except DeliveryFailed as failed:
                (_postpone if failed.lacks_setup else _fail)(session, taken[0], failed)
        return None

    at_step("outbox.take")
    return run(environment, SystemCredential(), work, write=True, clock=clock)


def _hold(session: Session, lane: str) -> timedelta:
    """Say how long an effect of a lane is held: a little longer than its call may take."""
    kind, _, name = lane.partition(":")
    declared = session.snapshot.model.declared.get("endpoint", {}).get(name, {})
    longest = seconds_of(declared.get("timeout")) if kind == WEBHOOK else MAIL_SECONDS
    return timedelta(seconds=longest + HOLD_MARGIN)


def _send(ready: _Ready) -> Settle:
    """Send an effect; give what notes how it ended."""
    effect = ready.effect
    try:
        ready.send()
    except DeliveryFailed as failed:
        reason = failed  # the name of the clause ends with it
        return lambda session: _fail(session, effect, reason)
    at_step("outbox.sent")
    return lambda session: outbox.finish(session.unit.tx, effect, at=session.unit.now)


def _postpone(session: Session, effect: Taken, failed: DeliveryFailed) -> None:
    """Let everything of the lane wait for what is lacking; the log says it once."""
    is_news = outbox.postpone(session.unit.tx, effect, error=_told(failed), at=session.unit.now)
    if is_news:
        _LOG.warning(
            "effect %s (%s) and what is behind it wait: %s", effect.id, effect.kind, failed
        )


def _told(failed: DeliveryFailed) -> str:
    return f"{failed} ({failed.hint})" if failed.hint else str(failed)


def _fail(session: Session, effect: Taken, failed: DeliveryFailed) -> None:
    _LOG.warning("effect %s (%s) failed: %s", effect.id, effect.kind, failed)
    outbox.fail(
        session.unit.tx,
        effect,
        error=_told(failed),
        at=session.unit.now,
        is_final=failed.is_final,
        no_sooner=failed.retry_after,
        spread=random.uniform(LEAST_SPREAD, MOST_SPREAD),  # noqa: S311  # no secret depends on it
    )
