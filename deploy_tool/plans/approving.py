"""Approves a plan: by a member who may deploy, never by its author. Enforced where it is kept."""

from __future__ import annotations

from datetime import datetime

from deploy_tool.plans.plan import Plan
from deploy_tool.plans.planning import ensure_fresh
from engine.errors import AccessDenied
from engine.store.database import Database
from engine.store.platform import audit, members
from engine.store.platform.evidence import APPROVED, add_evidence, load_evidence
from engine.store.platform.head import read_head


def approve_plan(database: Database, plan: Plan, *, actor: str, at: datetime) -> int:
    """Note an approval; give how many the plan has, its author's left out.

    Approving twice counts once. Raises: AccessDenied A110 (exit 6) for the author and for who is no
    active member; DeploymentFailed D102 (exit 7) when the environment has moved since.
    """
    if actor == plan.author:
        message = f"{actor} planned this; somebody else has to approve it."
        raise AccessDenied(message, code="A110", hint="patron approve PLAN --as EMAIL")
    with database.write() as tx:
        ensure_fresh(plan, read_head(tx))
        member = members.find_member(tx, email=actor)
        if member is None or not member.is_active:
            message = f"{actor} is no active member of {plan.environment}."
            raise AccessDenied(message, code="A110", hint="patron approve PLAN --as EMAIL")
        known = {e.actor for e in load_evidence(tx, plan.digest) if e.kind == APPROVED}
        if actor not in known:
            add_evidence(tx, plan.digest, APPROVED, actor=actor, at=at)
            detail = {"plan": plan.digest}
            target = str(plan.environment)
            audit.note(tx, at=at, actor=actor, action="plan.approve", target=target, detail=detail)
    return len((known | {actor}) - {plan.author})
