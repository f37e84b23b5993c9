"""Validates a plan: plays the examples and tests of its result, somewhere aside.

Separate from the command, because a pipeline asks for it over REST too. What passed is noted for
the plan's digest where it will be applied.
"""

from __future__ import annotations

from deploy_tool.installation import Installation
from deploy_tool.plan import Plan
from deploy_tool.proposing import propose_again
from deploy_tool.testing import Report, run_tests
from engine.store.platform.evidence import VALIDATED, add_evidence


def validate_plan(installation: Installation, plan: Plan) -> Report:
    """Play the examples and tests; note it for the plan where nothing failed.

    Raises: DeploymentFailed D102 (exit 7) when the environment has moved since.
    """
    planned = propose_again(installation, plan)
    report = run_tests(planned.result, planned.model, installation.clock, None)
    if not report.has_failed:
        with installation.environment(plan.environment).database.write() as tx:
            at = installation.clock.now()
            add_evidence(tx, plan.digest, VALIDATED, actor=installation.actor, at=at)
    return report
