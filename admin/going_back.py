"""A deployment taken back in the browser: what that does, what it cannot undo, and doing it.

The plan of `patron rollback --deployment`, made now and carried out when it still does what was
looked at. Whatever came after the deployment stays; what both changed is a conflict, and nothing is
taken back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from flask import request
from werkzeug.wrappers import Response

from admin.change_rows import change_row, decision_rows
from admin.promotion import CONSENTS, installation, is_what_was_seen
from admin.rights import SEES, ensure, may
from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.deploying.taking_back import TakenBack, propose_rollback
from deploy_tool.exits import UsageWrong
from deploy_tool.plans.kept_plans import keep
from deploy_tool.plans.plan import Plan
from engine.clock import SystemClock
from engine.errors import MetadataInvalid, PatronError, Problem
from engine.saving.noting import not_in_their_name
from engine.session import Session
from engine.store.platform.evidence import APPROVED, load_evidence
from web.answers import go
from web.frame import make_frame, page
from web.texts import say
from web.visit import visit

PATIENCE_SECONDS = 20.0
LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingBack:
    """What taking a deployment back would do, or why it cannot be."""

    deployment: int
    taken: TakenBack | None = None
    refusal: str = ""
    problems: tuple[Problem, ...] = ()


def show_going_back(deployment: int) -> Response:
    """Show what taking a deployment back would do."""
    values = visit().read(_local)
    return _shown(values, _found(deployment))


def go_back(deployment: int) -> Response:
    """Take it back, if that still does what was looked at."""
    values = visit().read(_local)
    found = _found(deployment)
    if found.taken is None or not values["may_go"]:
        return _shown(values, found, status=403 if found.taken else 422)
    planned = found.taken.planned
    if request.form.get("do") == "keep":
        return _kept(found, planned.plan)
    if not is_what_was_seen(planned.plan):
        text = say("The plan has changed since you looked at it. Look at it again.")
        return _shown(values, replace(found, refusal=text), status=409)
    order = Order(
        actor=visit().email,
        reason=request.form.get("reason", "").strip()[:LONGEST_REASON],
        source="rollback",
        accepted=frozenset(request.form.getlist("accept")) & CONSENTS,
    )
    database = visit().environment.database
    try:
        made = apply_plan(database, planned, order, SystemClock(), patience=PATIENCE_SECONDS)
    except PatronError as failed:
        return _shown(values, replace(found, refusal=failed.message), status=409)
    place = f"{visit().root}/setup/platform/deployments/details/"
    return go(f"{place}?id={made.deployment}")


def _kept(found: GoingBack, plan: Plan) -> Response:
    """Keep the plan, so that somebody else can approve it; it is carried out from here."""
    here = visit()
    at = SystemClock().now()
    database = here.environment.database
    keep(database, plan, person=here.person, at=at, source="rollback")
    return go(f"{here.root}/setup/deployments/{found.deployment}/back?kept=1")


def _approvers(plan: Plan | None) -> frozenset[str]:
    """Give who approved it, its author left out."""
    if plan is None or not plan.approvals:
        return frozenset()
    with visit().environment.database.read() as tx:
        known = load_evidence(tx, plan.digest)
    return frozenset(one.actor for one in known if one.kind == APPROVED) - {plan.author}


def _local(session: Session) -> dict[str, object]:
    ensure(session, *SEES)
    return {"frame": make_frame(session, visit()), "may_go": may(session, "deploy")}


def _found(deployment: int) -> GoingBack:
    """Plan it, as the visitor."""
    here = visit()
    if here.helper:
        return GoingBack(deployment=deployment, refusal=not_in_their_name().message)
    try:
        taken = propose_rollback(installation(), here.environment.name, deployment=deployment)
    except MetadataInvalid as invalid:
        return GoingBack(deployment=deployment, refusal=invalid.message, problems=invalid.problems)
    except UsageWrong:
        sentence = "Deployment {number} became no version that could be taken back."
        return GoingBack(deployment=deployment, refusal=say(sentence, number=deployment))
    return GoingBack(deployment=deployment, taken=taken)


def _shown(values: dict[str, object], found: GoingBack, *, status: int = 200) -> Response:
    planned = found.taken.planned if found.taken else None
    plan = planned.plan if planned else None
    told = {
        "back": found,
        "plan": plan,
        "rows": [change_row(planned, each) for each in planned.plan.changes] if planned else [],
        "decisions": decision_rows(plan),
        "stays": found.taken.stays if found.taken else (),
        "seen": json.dumps(dict(plan.counts)) if plan else "{}",
        "accepted": request.form.getlist("accept"),
        "approvers": _approvers(plan),
        "is_kept": "kept" in request.args,
        "reason": request.form.get("reason", ""),
    }
    return page("admin/going_back.html", {**values, **told}, status=status)
