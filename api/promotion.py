"""The part of the table of routes that is about environments, plans and deployments.

The scope `metadata` of a narrowed token reads and plans; `deploy` changes. A pipeline that comments
on changes gets the first, one that delivers the second.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

from api.calls import Calls
from api.change_sets import ChangeSetRoutes
from api.changing import ChangingRoutes
from api.deployments import DeploymentRoutes
from api.environments import EnvironmentRoutes
from api.inside import Inside
from api.mending import MendingRoutes
from api.plans import PlanRoutes
from engine.snapshots import Environments

View = Callable[..., Response]
ENVIRONMENT, PLAN = "/environments/<named>", "/plans/<digest>"
READS, CHANGES = "metadata", "deploy"


def promotion_routes(
    calls: Calls, environments: Environments
) -> tuple[tuple[str, str, View, str], ...]:
    """Give method, address, view and scope of each."""
    inside = Inside(calls, environments)
    around = EnvironmentRoutes(calls, environments, inside)
    plans, deployments = PlanRoutes(inside), DeploymentRoutes(inside)
    changing, sets = ChangingRoutes(inside, plans), ChangeSetRoutes(inside)
    mending = MendingRoutes(inside)
    return (
        ("GET", "/environments", around.environments, READS),
        ("POST", "/environments", changing.create, CHANGES),
        ("GET", ENVIRONMENT, around.environment, READS),
        ("DELETE", ENVIRONMENT, changing.delete, CHANGES),
        ("GET", f"{ENVIRONMENT}/versions", around.versions, READS),
        ("GET", f"{ENVIRONMENT}/tree", around.tree, READS),
        ("GET", f"{ENVIRONMENT}/blame", around.blame, READS),
        ("GET", f"{ENVIRONMENT}/drift", around.drift, READS),
        ("GET", f"{ENVIRONMENT}/policy", around.policy, READS),
        ("PATCH", f"{ENVIRONMENT}/policy", changing.change_policy, CHANGES),
        ("GET", f"{ENVIRONMENT}/values", around.values, READS),
        ("PATCH", f"{ENVIRONMENT}/values", changing.change_values, CHANGES),
        ("POST", f"{ENVIRONMENT}/rollback", changing.rollback, CHANGES),
        ("POST", f"{ENVIRONMENT}/reseed", changing.reseed, CHANGES),
        ("POST", f"{ENVIRONMENT}/restore", changing.restore, CHANGES),
        ("POST", f"{ENVIRONMENT}/resume", mending.resume, CHANGES),
        ("POST", f"{ENVIRONMENT}/abort", mending.abort, CHANGES),
        ("GET", f"{ENVIRONMENT}/doctor", mending.examine, READS),
        ("POST", f"{ENVIRONMENT}/doctor", mending.repair, CHANGES),
        ("GET", f"{ENVIRONMENT}/retired", mending.retired, READS),
        ("POST", f"{ENVIRONMENT}/purge", mending.purge, CHANGES),
        ("GET", f"{ENVIRONMENT}/change-sets", sets.list, READS),
        ("POST", f"{ENVIRONMENT}/change-sets", sets.keep, CHANGES),
        ("DELETE", f"{ENVIRONMENT}/change-sets/<name>", sets.drop, CHANGES),
        ("POST", "/plans", plans.create, READS),
        ("GET", PLAN, plans.read, READS),
        ("POST", f"{PLAN}/validate", plans.validate, READS),
        ("POST", f"{PLAN}/approve", plans.approve, CHANGES),
        ("POST", f"{PLAN}/apply", plans.apply, CHANGES),
        ("GET", "/deployments", deployments.list, READS),
        ("GET", "/deployments/<id>", deployments.read, READS),
    )
