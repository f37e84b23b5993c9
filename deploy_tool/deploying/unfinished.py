"""Deployments whose process has died: gone on with at the first unfinished step, or given up.

Shared by `patron resume`, `patron abort` and the worker's job. Whoever does it owns the environment
meanwhile; a deployment whose process lives is left alone.
"""

from __future__ import annotations

from dataclasses import replace

import orjson

from deploy_tool.deploying.applying import apply_with_copy
from deploy_tool.deploying.counting_after import count_after
from deploy_tool.deploying.following import follow_up
from deploy_tool.deploying.phasing import Phased
from deploy_tool.deploying.switching import Carrying, Order
from deploy_tool.exits import Exit
from deploy_tool.plans.plan_files import plan_of
from deploy_tool.plans.planning import plan_again
from deploy_tool.sources.trees import read_running
from engine.clock import Clock
from engine.errors import DeploymentFailed
from engine.names import EnvironmentName
from engine.snapshots import Environment
from engine.store.database import Database
from engine.store.failures import Busy
from engine.store.platform import audit, deployments
from engine.store.platform.deployments import RUNNING, Unfinished
from engine.store.platform.fence import switching
from engine.store.platform.head import touch_head
from engine.store.platform.owning import owning
from engine.store.platform.physical import abandon_places
from engine.store.tx import Tx

PATIENCE_SECONDS = 30.0
_A_MOMENT = 1.0  # seconds: a lock that is held belongs to somebody who lives


def find(database: Database) -> list[Unfinished]:
    """Give the deployments that were begun and are not done, oldest first."""
    with database.read() as tx:
        return deployments.find_unfinished(tx)


def resume(environment: Environment, clock: Clock) -> list[int]:
    """Go on with everything unfinished; give the versions it became.

    Raises: DeploymentFailed with exit 8 when its process lives, 10 when something still waits, or
    as `apply_plan`.
    """
    database = environment.database
    return [_resume_one(database, environment.name, one, clock) for one in find(database)]


def follow(environment: Environment, clock: Clock) -> None:
    """Go on with what follows a switch, where its process has died; count what it left."""
    for found in find(environment.database):
        if found.state != RUNNING:
            try:
                with owning(environment.database, patience=0):
                    follow_up(environment.database, environment.name, found, clock)
            except Busy:
                return
    count_after(environment.database, environment.name)


def abort(environment: Environment, clock: Clock, *, actor: str) -> list[int]:
    """Give up what has not switched yet; give the deployments that were given up.

    Raises: DeploymentFailed D132, exit 6, for what has switched; D103, exit 8, while it runs.
    """
    database = environment.database
    found = find(database)
    running = [one for one in found if one.state == RUNNING]
    if found and not running:
        raise _switched(environment.name, found[-1])
    if not running:
        return []
    try:
        with owning(database, patience=_A_MOMENT):
            return switching(database, lambda tx: _abandon(tx, environment.name, clock, actor))
    except Busy as busy:
        raise _alive(environment.name) from busy


def _resume_one(database: Database, name: EnvironmentName, found: Unfinished, clock: Clock) -> int:
    if found.state == RUNNING and database.path is not None:
        return apply_with_copy(_carrying(database, found, clock), patience=_A_MOMENT).number
    try:
        with owning(database, patience=_A_MOMENT):
            if found.state == RUNNING:
                carrying = _carrying(database, found, clock)
                return Phased(carrying, PATIENCE_SECONDS, found).out().number
            follow_up(database, name, found, clock)
            count_after(database, name)
            return found.version or 0
    except Busy as busy:
        raise _alive(name) from busy


def _carrying(database: Database, found: Unfinished, clock: Clock) -> Carrying:
    """Read the sealed plan that was noted, and who ordered it. Raises: DeploymentFailed D102."""
    plan = plan_of(orjson.loads(found.plan))
    with database.read() as tx:
        planned = plan_again(plan, read_running(tx))
    kept = dict(found.ordered)
    order = Order(**{**kept, "accepted": frozenset(kept.get("accepted", ()))})
    return Carrying(database, replace(planned, plan=plan), order, clock, deployment=found.id)


def _abandon(tx: Tx, name: EnvironmentName, clock: Clock, actor: str) -> list[int]:
    now = clock.now()
    given_up = [one.id for one in deployments.find_unfinished(tx) if one.state == RUNNING]
    deployments.give_up(tx, at=now)
    if abandon_places(tx):
        touch_head(tx)
    for number in given_up:
        detail = {"deployment": number}
        audit.note(tx, at=now, actor=actor, action="deploy.aborted", target=name, detail=detail)
    return given_up


def _alive(name: EnvironmentName) -> DeploymentFailed:
    return DeploymentFailed(
        message=f"A deployment to {name} is running, and its process is alive.",
        code="D103",
        step="lock",
        exit_code=Exit.BUSY,
        status=503,
        hint="wait for it, or end that process: its lock dies with it",
    )


def _switched(name: EnvironmentName, found: Unfinished) -> DeploymentFailed:
    return DeploymentFailed(
        message=f"Deployment {found.id} has switched: {name}@{found.version} runs already.",
        code="D132",
        step="abort",
        exit_code=Exit.NOT_ALLOWED,
        status=409,
        hint=f"patron rollback {name} takes it back; patron resume {name} finishes it",
    )
