"""Undo: the inverse of one version, laid over what runs now. Only where nothing is lost by it."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from admin.rights import ensure
from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.plans.planning import Incoming, Planned, plan_deployment
from deploy_tool.sources.trees import past_tree, read_running
from engine.clock import SystemClock
from engine.diff import Risk
from engine.errors import Conflict
from engine.session import Session
from web.answers import go, safe_address
from web.texts import say
from web.visit import visit

PATIENCE_SECONDS = 10.0


def undo(version: int) -> Response:
    """Take one version back. Raises: AccessDenied A100; NotFound N102; Conflict D101, D106."""
    visited = visit()
    planned = visited.read(lambda session: _inverse(session, version))
    if not planned.operations:
        return go(_back(request.referrer, "same=1"))
    losing = [each for each in planned.operations if each.cls is not Risk.ADDITIVE]
    if losing or planned.plan.conflicts:
        why = "; ".join(f"{each.component}: {each.explain()}" for each in losing)
        raise Conflict(
            say("Version {number} cannot simply be undone.", number=version),
            code="D101" if losing else "D106",
            hint=why or say("somebody has changed the same since"),
        )
    order = Order(actor=visited.email, reason=f"undo of version {version}", source="rollback")
    database = visited.environment.database
    made = apply_plan(database, planned, order, SystemClock(), patience=PATIENCE_SECONDS)
    return go(_back(request.referrer, f"undone={made.number}"))


def _inverse(session: Session, version: int) -> Planned:
    ensure(session, "customize")
    tx, environment = session.unit.tx, visit().environment
    running = read_running(tx)
    after, before = past_tree(tx, version), past_tree(tx, max(version - 1, 0))
    incoming = Incoming(tree=before, name=f"undo of {version}", base=after, base_version=version)
    dialect = environment.database.dialect
    previous = session.snapshot.model
    return plan_deployment(environment.name, dialect, running, incoming, previous=previous)


def _back(referrer: str | None, query: str) -> str:
    path = "/" + (referrer or "").split("//", 1)[-1].partition("/")[2].partition("?")[0]
    return f"{safe_address(path, f'{visit().root}/setup/')}?{query}"
