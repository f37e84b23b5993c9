"""Carries a plan out: the front door, which decides in how many transactions.

What is small and instant is one transaction (`switching`): lock -> verify -> record -> expand ->
fill -> switch -> commit. On SQLite everything is, with a copy kept before anything that narrows. On
PostgreSQL what would keep writers of large tables waiting goes in phases (`phasing`). Every step
says its name (`at_step`), so that tests can kill the process there. Before the switch commits
everybody sees the old configuration, after it the new one; there is nothing in between, and the
locks die with the process.
"""

from __future__ import annotations

import gc

from deploy_tool.deploying.counting_after import count_after
from deploy_tool.deploying.keeping_copies import keep_copy
from deploy_tool.deploying.phasing import carry_out_in_phases, needs_phases
from deploy_tool.deploying.switching import Carrying, Order, somebody_else
from deploy_tool.plans.consenting import ensure_consented, ensure_decided
from deploy_tool.plans.planning import Planned, ensure_fresh
from engine.clock import Clock
from engine.diff import Risk
from engine.errors import PatronError
from engine.store.database import Database
from engine.store.ddl import ConvertColumn
from engine.store.failures import Busy, ConnectionLost
from engine.store.platform.fence import switching
from engine.store.platform.owning import owning
from engine.store.platform.versions import Version
from engine.store.steps import at_step

__all__ = ["APPLY_STEPS", "PATIENCE_SECONDS", "Order", "apply_plan"]

PATIENCE_SECONDS = 30.0  # how long a deployment tries to get in
# Where an apply in one transaction may be killed in a test, in order; "apply.done" is after the
# commit.
APPLY_STEPS = (
    "apply.lock",
    "apply.verify",
    "apply.record",
    "apply.expand",
    "apply.fill",
    "apply.switch",
    "apply.commit",
    "apply.done",
)


def apply_plan(
    database: Database,
    planned: Planned,
    order: Order,
    clock: Clock,
    *,
    patience: float = PATIENCE_SECONDS,
) -> Version:
    """Carry out a plan on its environment; give the version that it became.

    Raises: DeploymentFailed with exit 4 (conflicts), 5 (consent), 7 (stale), 8 (somebody else is
    in), 9 (failed and undone), 10 (switched, a follow-up is pending) or 11 (the connection was
    lost, and nobody knows).
    """
    plan = planned.plan
    ensure_fresh(plan, planned.running.head)
    ensure_decided(plan)
    ensure_consented(planned, order.accepted)
    carrying = Carrying(database, planned, order, clock)
    gc.freeze()  # both trees stay: no full collection shall walk them while writers wait
    if needs_phases(database, planned, carrying):
        return carry_out_in_phases(carrying, patience=patience)
    if database.path is not None and any(o.cls is Risk.NARROWING for o in planned.operations):
        return apply_with_copy(carrying, patience=patience)
    return apply_at_once(carrying, patience=patience)


def apply_at_once(carrying: Carrying, *, patience: float) -> Version:
    """Carry a plan out in one transaction. Raises: DeploymentFailed."""
    at_step("apply.lock")
    try:
        if carrying.database.path is None and any(o.cls.word for o in carrying.planned.operations):
            carrying.count()  # on SQLite one transaction sees to it all
        version = switching(carrying.database, carrying.out, patience=patience)
    except Busy as busy:
        raise somebody_else(carrying.plan) from busy
    except ConnectionLost as lost:
        version = carrying.outcome(lost)
    except PatronError as error:
        raise carrying.failed(error) from error
    at_step("apply.done")
    count_after(carrying.database, carrying.plan.environment, carrying.planned)
    return version


def apply_with_copy(carrying: Carrying, *, patience: float) -> Version:
    """Do the same on SQLite after a copy; what converts is noted before, so it can be gone on with.

    Raises: DeploymentFailed.
    """
    try:
        with owning(carrying.database, patience=patience):
            keep_copy(carrying.database, carrying.plan.version)
            with carrying.database.read() as tx:
                converts = any(isinstance(s, ConvertColumn) for s in carrying.steps(tx))
            if converts and carrying.deployment is None:
                with carrying.database.write() as tx:
                    now = carrying.clock.now()
                    carrying.deployment = carrying.start(tx, now, is_kept=True)
            return apply_at_once(carrying, patience=patience)
    except Busy as busy:
        raise somebody_else(carrying.plan) from busy
