"""A sandbox brought up to its parent in the browser: what comes in, what both sides changed.

The plan of `patron sandbox refresh`, made for whoever may see both environments. It is carried out
when it still does what was looked at. Conflicts are decided in the form itself: a choice belongs to
its three values, so nothing has to be kept of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from flask import request
from werkzeug.wrappers import Response

from admin.change_rows import change_row, decision_rows
from admin.promotion import (
    CONSENTS,
    MARK,
    environments,
    is_what_was_seen,
    parent,
    unseen,
    visit_of_parent,
)
from admin.rights import SEES, ensure, may
from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.deploying.settling import settle_deployed
from deploy_tool.exits import UsageWrong
from deploy_tool.plans.deciding import SIDES
from deploy_tool.plans.planning import Planned, Wishes
from deploy_tool.plans.promoting import parents_incoming
from deploy_tool.plans.proposing import plan_incoming
from engine.clock import SystemClock
from engine.errors import MetadataInvalid, NotFound, PatronError, Problem
from engine.session import Session
from sandbox.bringing.seeding import wanted_of
from web.answers import go
from web.frame import make_frame, page
from web.texts import say
from web.visit import visit

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """What would come in: the plan, or why there is none.

    `is_new`: the parent has moved on, whether or not anything of that is new here.
    """

    planned: Planned | None = None
    is_new: bool = False
    refusal: str = ""
    problems: tuple[Problem, ...] = ()
    choices: dict[str, str] = field(default_factory=dict)  # mark of a conflict -> side

    @property
    def undecided(self) -> int:
        """How many conflicts nobody has decided."""
        return len(self.planned.plan.conflicts) if self.planned else 0


def show_refresh() -> Response:
    """Show what the parent changed and this sandbox has not got yet."""
    values = visit().read(_local)
    return _shown(values, _found({}))


def refresh_here() -> Response:
    """Bring it in; or, where a side of a conflict was chosen, show what then comes in."""
    values = visit().read(_local)
    found = _found(_choices())
    planned = found.planned
    if planned is None or not values["may_go"]:
        return _shown(values, found, status=403 if planned else 422)
    if request.form.get("decide") or found.undecided:
        return _shown(values, found, status=422 if not request.form.get("decide") else 200)
    if not is_what_was_seen(planned.plan):
        text = say("The plan has changed since you looked at it. Look at it again.")
        return _shown(values, replace(found, refusal=text), status=409)
    accepted = frozenset(request.form.getlist("accept")) & CONSENTS
    try:
        _carry_out(planned, Order(actor=visit().email, source="refresh", accepted=accepted))
    except PatronError as failed:
        return _shown(values, replace(found, refusal=failed.message), status=409)
    return go(f"{visit().root}/setup/refresh?done=1")


def _carry_out(planned: Planned, order: Order) -> None:
    if planned.plan.changes:
        database = visit().environment.database
        apply_plan(database, planned, order, SystemClock(), patience=PATIENCE_SECONDS)
    settle_deployed(environments(), planned.plan)


def _local(session: Session) -> dict[str, object]:
    """Read the sandbox's side. Raises: NotFound N100 where there is no parent."""
    ensure(session, *SEES)
    here = visit()
    if not here.environment.row.parent:
        raise NotFound(say("Only a sandbox is brought up to its parent."))
    data = wanted_of(here.environment).data
    return {"frame": make_frame(session, here), "may_go": may(session, "deploy"), "data": data}


def _choices() -> dict[str, str]:
    """Read the sides chosen so far, the latest last."""
    given = (*request.form.getlist("choice"), request.form.get("decide", ""))
    pairs = (text.partition(":") for text in given)
    return {mark: side for mark, _, side in pairs if len(mark) == MARK and side in SIDES}


def _found(choices: dict[str, str]) -> Refresh:
    """Plan it, for who may see the parent's configuration."""
    here = visit()
    refusal = _refusal()
    if refusal:
        return Refresh(refusal=refusal)
    incoming = parents_incoming(parent(), here.environment)
    decided = replace(incoming, decided=choices)
    try:
        planned = plan_incoming(here.environment, decided, Wishes(author=here.email))
    except MetadataInvalid as invalid:
        return Refresh(refusal=invalid.message, problems=invalid.problems, choices=choices)
    except UsageWrong as refused:
        return Refresh(refusal=refused.message, choices=choices)
    is_new = incoming.tree.digest != here.environment.row.baseline
    return Refresh(planned=planned, is_new=is_new, choices=choices)


def _refusal() -> str:
    """Say why somebody may not see what the parent changed; "" where they may."""
    there = visit_of_parent()
    if isinstance(there, str):
        return there
    is_seen = there.read(lambda session: may(session, *SEES))
    return "" if is_seen else unseen(there.environment.name)


def _shown(values: dict[str, object], found: Refresh, *, status: int = 200) -> Response:
    planned = found.planned
    plan = planned.plan if planned else None
    told = {
        "refresh": found,
        "plan": plan,
        "parent": str(visit().environment.row.parent),
        "rows": [change_row(planned, each) for each in planned.plan.changes] if planned else [],
        "decisions": decision_rows(plan),
        "seen": json.dumps(dict(plan.counts)) if plan else "{}",
        "accepted": request.form.getlist("accept"),
        "is_done": "done" in request.args,
    }
    return page("admin/refresh.html", {**values, **told}, status=status)
