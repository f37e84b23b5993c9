"""The plan from a sandbox to its parent as a visitor may see it: made now, or kept by its digest.

Separate from the page that shows it, because what is carried out, validated and approved is decided
here: a plan made a moment ago for the same result, or the very plan that lies on the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from flask import current_app, request

from admin.rights import SEES, may
from deploy_tool.exits import UsageWrong
from deploy_tool.installation import Installation
from deploy_tool.plans.kept_plans import find_known, keep, no_such_plan
from deploy_tool.plans.plan import Plan
from deploy_tool.plans.planning import AS_IT_COMES, Incoming, Planned, Wishes, plan_again
from deploy_tool.plans.promoting import plan_promotion
from deploy_tool.sources.trees import read_running
from engine.clock import SystemClock
from engine.errors import DeploymentFailed, MetadataInvalid, NotFound, Problem
from engine.saving.noting import not_in_their_name
from engine.session import Session
from engine.snapshots import Environment, Environments
from engine.store.platform.evidence import APPROVED, VALIDATED, Evidence, load_evidence
from web.texts import say
from web.visit import Visit, visit

CONSENTS = frozenset({"retire", "narrowing"})
MARK = 64  # digits of what stands for a conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What there is to promote: the plan, or why there is none.

    `is_kept`: it lies on the server, so that it can be validated and approved by its digest.
    `is_review`: it is looked at where it will be applied, not where it was made.
    `author`: who may not approve it. `evidence`: who approved or validated it, oldest first.
    """

    parent: str
    planned: Planned | None = None
    problems: tuple[Problem, ...] = ()
    refusal: str = ""
    may_deploy: bool = False
    is_kept: bool = False
    is_review: bool = False
    is_author: bool = True
    evidence: tuple[Evidence, ...] = ()

    @property
    def plan(self) -> Plan | None:
        """The plan."""
        return self.planned.plan if self.planned else None

    @property
    def approvers(self) -> frozenset[str]:
        """Who approved it, its author left out."""
        author = self.plan.author if self.plan else ""
        return frozenset(e.actor for e in self.evidence if e.kind == APPROVED) - {author}

    @property
    def missing_approvals(self) -> int:
        """How many more have to approve it."""
        return max((self.plan.approvals if self.plan else 0) - len(self.approvers), 0)

    @property
    def validation(self) -> Mapping[str, object] | None:
        """What the last validation looked at; None without one."""
        found = [e for e in self.evidence if e.kind == VALIDATED]
        if not found:
            return None
        known = json.loads(found[-1].detail) if found[-1].detail else {}
        return cast("Mapping[str, object]", known)


def environments() -> Environments:
    """Give the environments of this installation."""
    return cast("Environments", current_app.extensions["patron"])


def installation() -> Installation:
    """Give the installation, with the visitor as who acts."""
    known = environments()
    return Installation(known.settings, visit().email, opened=known)


def parent() -> Environment:
    """Give the environment that the sandbox was made from. Raises: NotFound N100."""
    return environments().open(str(visit().environment.row.parent))


def visit_of_parent() -> Visit | str:
    """Give the visitor in the parent of this sandbox, or why they may not look into it."""
    here = visit()
    if here.helper:
        return not_in_their_name().message
    try:
        target = parent()
        return replace(here, environment=target, user=target.user_of(here.person))
    except NotFound:
        name = str(here.environment.row.parent)
        return say("You are no member of {name}, so its plan is not shown to you.", name=name)


def unseen(name: str) -> str:
    """Say that somebody may not see the plans of an environment."""
    return say("Your permissions in {name} do not let you see its plans.", name=name)


def promotion(incoming: Incoming, digest: str = "", wishes: Wishes = AS_IT_COMES) -> Promotion:
    """Plan in the parent, as the visitor: who is no member there sees no plan.

    `wishes` are those of a change set. With a digest, the plan that is kept under it; where the
    parent has moved since, or none is kept, the plan as it would be now, and a sentence about it.
    """
    there = visit_of_parent()
    if isinstance(there, str):
        return Promotion(parent=str(visit().environment.row.parent), refusal=there)
    if digest:
        kept = there.read(lambda session: _kept(session, there, digest))
        if kept is not None:
            return kept
        text = say("The plan has changed since you looked at it. Look at it again.")
        return replace(
            there.read(lambda session: _made(session, there, incoming, wishes)), refusal=text
        )
    return there.read(lambda session: _made(session, there, incoming, wishes))


def kept_here(session: Session, digest: str) -> Promotion:
    """Give the plan that is kept in the visited environment, for whoever reviews it there.

    Raises: NotFound D161 where none is kept, or it no longer fits.
    """
    found = _kept(session, visit(), digest)
    if found is None:
        raise no_such_plan(digest)
    return found


def keep_plan(plan: Plan) -> None:
    """Keep a plan of the visitor in the parent, under its digest."""
    at = SystemClock().now()
    keep(parent().database, plan, person=visit().person, at=at, source="deploy")


def _made(session: Session, there: Visit, incoming: Incoming, wishes: Wishes) -> Promotion:
    name = there.environment.name
    if not may(session, *SEES):
        return Promotion(parent=name, refusal=unseen(name))
    tx = session.unit.tx
    try:
        planned = plan_promotion(
            there.environment,
            tx,
            read_running(tx),
            incoming,
            session.snapshot.model,
            replace(wishes, author=there.email),
        )
    except MetadataInvalid as invalid:
        return Promotion(parent=name, problems=invalid.problems, refusal=invalid.message)
    except UsageWrong as refused:  # a treatment of a change set that fits nothing any more
        return Promotion(parent=name, refusal=refused.message)
    return Promotion(parent=name, planned=planned, may_deploy=may(session, "deploy"))


def _kept(session: Session, there: Visit, digest: str) -> Promotion | None:
    """Give a kept plan that still fits; None for any other, and for who may see none."""
    known = find_known(there.environment.database, digest) if may(session, *SEES) else None
    is_review = there.environment.name == visit().environment.name
    if known is None or not (is_review or known.plan.source == visit().environment.name):
        return None
    tx = session.unit.tx
    try:
        planned = plan_again(known.plan, read_running(tx))
    except (DeploymentFailed, MetadataInvalid):
        return None
    return Promotion(
        parent=there.environment.name,
        planned=planned,
        may_deploy=may(session, "deploy"),
        is_kept=True,
        is_review=is_review,
        is_author=known.person == there.person or known.plan.author == there.email,
        evidence=tuple(load_evidence(tx, digest)),
    )


def is_what_was_seen(plan: Plan) -> bool:
    """Tell whether a plan made now writes what was shown, and concerns no more records."""
    if request.form.get("digest") != plan.intent:
        return False
    try:
        seen = json.loads(request.form.get("counts", "{}"))
    except ValueError:
        return False
    known = seen if isinstance(seen, dict) else {}
    return all(count <= known.get(key, 0) for key, count in plan.counts.items())
