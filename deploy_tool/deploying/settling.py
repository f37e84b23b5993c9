"""What a deployment means to sandboxes, once it is through: where their own work begins now.

Separate from carrying out, which knows one environment; this looks at the directory of all. Who was
killed before it has lost nothing: the next deployment settles the same.
"""

from __future__ import annotations

from deploy_tool.plans.plan import Plan
from engine.snapshots import Environments
from sandbox.baselines import settle_baselines, settle_refreshed


def settle_deployed(environments: Environments, plan: Plan) -> None:
    """Move the baselines on that a plan concerns: of a refreshed sandbox, of sandboxes made here.

    A plan without changes counts too: the sandbox had all of its parent in it already.
    """
    if plan.refresh:
        settle_refreshed(environments, plan.environment, plan.refresh)
    settle_baselines(environments, plan.environment)
