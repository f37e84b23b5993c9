"""What a sandbox would change in its parent, and promoting it: plan, decide, validate, apply.

The same plan and the same steps as on the command line. What is carried out is what was looked at:
either the plan that lies on the server under its digest, or one made now that writes the same and
concerns no more records.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import cast
from urllib.parse import quote

from flask import request
from werkzeug.wrappers import Response

from admin.change_rows import access_rows, change_row, decision_rows, since_rows
from admin.change_sets import chosen_set
from admin.exporting import archive
from admin.promotion import (
    CONSENTS,
    MARK,
    Promotion,
    environments,
    installation,
    is_what_was_seen,
    keep_plan,
    kept_here,
    parent,
    promotion,
)
from admin.rights import SEES, ensure, may
from admin.treating import NotTreated, Typed, keep, place_of, read_typed, treatment_of
from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.deploying.settling import settle_deployed
from deploy_tool.plans.approving import approve_plan
from deploy_tool.plans.change_sets import with_sets
from deploy_tool.plans.deciding import SIDES, keep_decision
from deploy_tool.plans.planning import AS_IT_COMES, Incoming, Planned, Wishes
from deploy_tool.plans.promoting import sandbox_incoming
from deploy_tool.sources.telling_trees import changed_files
from deploy_tool.testing import Report, State
from deploy_tool.testing.validating import validate_plan
from engine.clock import SystemClock
from engine.errors import DeploymentFailed, NotFound, PatronError
from engine.session import Session
from engine.store.platform.change_sets import ChangeSet
from web.answers import go
from web.frame import make_frame, page
from web.texts import say
from web.visit import visit

PATIENCE_SECONDS = 20.0
_TREATS = ("customize", "deploy")  # either is enough to choose a treatment


def show_changes() -> Response:
    """Show the plan from this sandbox to its parent; with `plan`, the one kept by that digest."""
    values = visit().read(_local)
    return _shown(values, _found(values, request.args.get("plan", "")))


def decide_conflict() -> Response:
    """Keep which side of a conflict stands, in the sandbox whose change it is."""
    mark, _, side = request.form.get("decide", "").partition(":")

    def work(session: Session) -> None:
        ensure(session, "customize")
        if len(mark) != MARK or side not in SIDES:
            raise NotFound(say("There is no such conflict."))
        keep_decision(session.unit.tx, mark, side)

    visit().write(work)
    return _back("", "both")


def treat_change() -> Response:
    """Keep what happens to the records that a change concerns, and plan again."""
    values = visit().read(_local)
    found, typed = _found(values, ""), read_typed(request.form)
    if found.planned is None or not values["may_treat"]:
        return _shown(values, found, status=403 if found.planned else 422)
    try:
        treatment = treatment_of(found.planned, typed)
    except NotTreated as refused:
        return _shown(values, found, status=422, typed=replace(typed, refused=str(refused)))
    chosen = cast("ChangeSet | None", values["set"])

    def work(session: Session) -> None:
        ensure(session, *_TREATS)
        keep(session, chosen, typed.component, treatment)

    visit().write(work)
    return _back("", place_of(typed.component))


def export_changes() -> Response:
    """Give the files that the plan changes, as they would be committed."""
    values = visit().read(_local)
    found = _found(values, request.args.get("plan", ""))
    if found.planned is None:
        return _shown(values, found, status=422)
    planned, chosen = found.planned, cast("ChangeSet | None", values["set"])
    name = f"{visit().environment.name}-{chosen.name}" if chosen else visit().environment.name
    return archive(name, changed_files(planned.running.tree, planned.result))


def validate_changes() -> Response:
    """Keep the plan, and try it on a copy; what passed is noted for its digest."""
    values = visit().read(_local)
    found = _found(values, request.form.get("plan", ""))
    if found.plan is None:
        return _shown(values, found, status=422)
    if not found.is_kept:
        keep_plan(found.plan)
    try:
        report = validate_plan(installation(), found.plan)
    except PatronError as refused:
        return _shown(values, replace(found, refusal=refused.message), status=409)
    if report.has_failed:
        text = say("The plan did not pass on a copy:") + "".join(_failures(report))
        return _shown(values, replace(found, refusal=text), status=422)
    return _back(f"plan={found.plan.digest}")


def keep_changes() -> Response:
    """Keep the plan, so that somebody else can be sent to it and approve it."""
    values = visit().read(_local)
    found = _found(values, "")
    if found.plan is None:
        return _shown(values, found, status=422)
    keep_plan(found.plan)
    return _back(f"plan={found.plan.digest}")


def apply_changes() -> Response:
    """Carry the plan out that somebody looked at, if it still does the same."""
    values = visit().read(_local)
    found = _found(values, request.form.get("plan", ""))
    if found.planned is None or not found.may_deploy:
        return _shown(values, found, status=403 if found.planned else 422)
    if not found.is_kept and not is_what_was_seen(found.planned.plan):
        text = say("The plan has changed since you looked at it. Look at it again.")
        return _shown(values, replace(found, refusal=text), status=409)
    return _carried_out(values, found, found.planned)


def show_plan(digest: str) -> Response:
    """Show a kept plan where it will be applied: its reviewers need not enter the sandbox."""
    values, found = visit().read(lambda session: _review(session, digest))
    return _shown(values, found)


def approve_plan_here(digest: str) -> Response:
    """Approve the plan of somebody else. Without the right, or as its author: 403."""
    values, found = visit().read(lambda session: _review(session, digest))
    if not found.may_deploy or found.is_author or found.plan is None:
        text = say("You planned this; somebody else has to approve it.")
        if not found.may_deploy:
            text = say("Your permissions do not let you deploy here.")
        return _shown(values, replace(found, refusal=text), status=403)
    database = visit().environment.database
    try:
        approve_plan(database, found.plan, actor=visit().email, at=SystemClock().now())
    except PatronError as refused:
        return _shown(values, replace(found, refusal=refused.message), status=403)
    return go(f"{visit().root}/setup/plans/{digest}")


def _review(session: Session, digest: str) -> tuple[dict[str, object], Promotion]:
    ensure(session, *SEES)
    return {"frame": make_frame(session, visit())}, kept_here(session, digest)


def _carried_out(values: Mapping[str, object], found: Promotion, planned: Planned) -> Response:
    order = Order(
        actor=visit().email,
        reason=request.form.get("reason", "").strip()[:1000],
        accepted=frozenset(request.form.getlist("accept")) & CONSENTS,
    )
    try:
        version = apply_plan(
            parent().database, planned, order, SystemClock(), patience=PATIENCE_SECONDS
        )
    except DeploymentFailed as failed:
        return _shown(values, replace(found, refusal=failed.message), status=409)
    settle_deployed(environments(), planned.plan)
    return _back(f"applied={version.number}")


def _local(session: Session) -> dict[str, object]:
    """Read the sandbox's side. Raises: NotFound N100 where there is no parent."""
    ensure(session, *SEES)
    here = visit()
    if not here.environment.row.parent:
        raise NotFound(say("Only a sandbox has changes to promote."))
    incoming = sandbox_incoming(here.environment, session.unit.tx)
    frame = make_frame(session, here)
    known = {"set": chosen_set(session), "may_treat": may(session, *_TREATS)}
    return {"frame": frame, "incoming": incoming, **known}


def _found(values: Mapping[str, object], digest: str) -> Promotion:
    """Plan everything of the sandbox, or the change set that was chosen."""
    chosen = cast("ChangeSet | None", values["set"])
    wishes = Wishes(patterns=(f"@{chosen.name}",)) if chosen else AS_IT_COMES
    wishes = with_sets(visit().environment, wishes)
    return promotion(cast("Incoming", values["incoming"]), digest, wishes)


def _back(query: str, place: str = "") -> Response:
    """Lead to the page again, with the change set that was chosen."""
    name = request.values.get("set", "")
    words = "&".join(filter(None, (query, f"set={quote(name)}" if name else "")))
    asked, shown = f"?{words}" if words else "", f"#{place}" if place else ""
    return go(f"{visit().root}/setup/changes{asked}{shown}")


def _failures(report: Report) -> list[str]:
    failed = [outcome for outcome in report.outcomes if outcome.state is State.FAILED]
    return [f"\n{outcome.name}: {outcome.found}" for outcome in failed]


def _shown(
    values: Mapping[str, object],
    found: Promotion,
    *,
    status: int = 200,
    typed: Typed | None = None,
) -> Response:
    planned, plan = found.planned, found.plan
    changes = planned.plan.changes if planned else ()
    rows = [change_row(planned, change, typed) for change in changes] if planned else []
    applied = request.args.get("applied", "")
    chosen = cast("ChangeSet | None", values.get("set"))
    told = {
        "promotion": found,
        "plan": plan,
        "rows": rows,
        "counts": Counter(row.look for row in rows),
        "concerned": sum(plan.counts.values()) if plan else 0,
        "lost": sum(change.impact.values or 0 for change in plan.changes) if plan else 0,
        "seen": json.dumps(dict(plan.counts)) if plan else "{}",
        "decisions": decision_rows(plan),
        "undecided": len(plan.conflicts) if plan else 0,
        "access": access_rows(plan),
        "since": since_rows(plan),
        "blocked": any(row.is_blocked for row in rows),
        "applied": applied if applied.isdigit() else "",
        "accepted": request.form.getlist("accept"),
        "set": chosen,
        "reason": request.form.get("reason", chosen.reason if chosen else ""),
    }
    return page("admin/changes.html", {**values, **told}, status=status)
