"""Validates a plan: plays the examples and tests of its result, and tries it on a masked copy.

Separate from the command, because a pipeline asks for it over REST too. What passed is noted for
the plan's digest where it will be applied, with how much was looked at.
"""

from __future__ import annotations

from deploy_tool.installation import Installation
from deploy_tool.plans.plan import Plan
from deploy_tool.plans.proposing import propose_again
from deploy_tool.testing import Report, State, Tried, run_tests, try_on_shadow
from engine.source import canonical
from engine.store.platform.evidence import VALIDATED, add_evidence


def validate_plan(installation: Installation, plan: Plan) -> Report:
    """Play the examples and tests, then carry the plan out on a throw-away copy with records.

    Noted for the plan where nothing failed. Raises: DeploymentFailed D102 (exit 7) when the
    environment has moved since.
    """
    planned = propose_again(installation, plan)
    environment = installation.environment(plan.environment)
    report = run_tests(planned.result, planned.model, installation.clock, None)
    tried = try_on_shadow(environment, planned, installation.clock)
    report = Report(outcomes=(*report.outcomes, *tried.outcomes))
    if not report.has_failed:
        with environment.database.write() as tx:
            add_evidence(
                tx,
                plan.digest,
                VALIDATED,
                actor=installation.actor,
                at=installation.clock.now(),
                detail=canonical(_evidence(report, tried)),
            )
    return report


def _evidence(report: Report, tried: Tried) -> dict[str, object]:
    """Say what was looked at, in numbers."""
    counts = {str(state): report.count(state) for state in State}
    return {**counts, "records": dict(tried.records), "refused": dict(tried.refused)}
