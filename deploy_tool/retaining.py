"""What the worker removes for good, as the policy of each environment says: `retention`.

Retired components that have been kept long enough, with their values; records that have been in the
bin long enough, with their history. Never part of an apply, and not while a deployment is under
way. What a rollback could bring back was retired by a deployment of its window, and is not due.
"""

from __future__ import annotations

from datetime import timedelta

from deploy_tool.deploying.purging import purge_retired
from deploy_tool.plans.policy import load_policy
from engine.jobs import Job, Work
from engine.names import ObjectName
from engine.session import Session, run
from engine.snapshots import Environment
from engine.store.emptying import empty_bin
from engine.store.failures import Busy
from engine.store.platform import audit
from engine.store.platform.deployments import list_deployments
from engine.store.platform.enter import SystemCredential
from engine.store.platform.plans import forget_plans

ACTOR = "system"
UNFINISHED = frozenset({"running", "switched"})
KEPT_PLANS = timedelta(days=30)
_LOOKED_AT = 50  # of the newest deployments, for one that is under way


def retain(work: Work) -> None:
    """Remove what is due in every environment; one that cannot be reached is left for next time.

    Raises: the error of the last one that could not.
    """
    work.in_every_environment(lambda one: _retain_in(one, work))


def _retain_in(environment: Environment, work: Work) -> None:
    database = environment.database
    with database.write() as tx:
        forget_plans(tx, before=work.clock.now() - KEPT_PLANS)
        deployments = list_deployments(tx, limit=_LOOKED_AT)
    if any(deployment.state in UNFINISHED for deployment in deployments):
        return
    try:
        purge_retired(database, work.clock, actor=ACTOR, only_due=True)
    except Busy:
        return  # somebody deploys: next time
    for name in _objects(environment, work):
        while _empty(environment, name, work):
            pass


def _objects(environment: Environment, work: Work) -> list[ObjectName]:
    def names(session: Session) -> list[ObjectName]:
        objects = session.snapshot.model.objects.values()
        return [one.name for one in objects if not one.is_platform]

    return run(environment, SystemCredential(), names, write=False, clock=work.clock)


def _empty(environment: Environment, name: ObjectName, work: Work) -> int:
    """Empty a part of an object's bin in a transaction of its own; give how many went."""

    def within(session: Session) -> int:
        tx, now = session.unit.tx, session.unit.now
        if name not in session.snapshot.model.objects:
            return 0  # retired meanwhile
        before = now - timedelta(days=load_policy(tx).retention_bin)
        gone = empty_bin(tx, session.snapshot, name, before=before)
        if gone:
            detail = {"records": gone}
            audit.note(tx, at=now, actor=ACTOR, action="bin.empty", target=name, detail=detail)
        return gone

    return run(environment, SystemCredential(), within, write=True, clock=work.clock)


JOBS: tuple[Job, ...] = (Job(name="deploy_tool.retain", run=retain, every=timedelta(hours=1)),)
