"""What a sandbox would change in its parent, and promoting it: plan and apply as everywhere."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from flask import current_app, request
from werkzeug.wrappers import Response

from admin.rights import SEES, ensure, may
from admin.telling import ConflictRow, value_text
from admin.words import address, title_of
from deploy_tool.applying import Order, apply_plan
from deploy_tool.plan import Plan, PlannedChange
from deploy_tool.planning import Incoming, Planned
from deploy_tool.promoting import note_synchronised, plan_promotion, sandbox_incoming
from deploy_tool.trees import read_running
from engine.clock import SystemClock
from engine.diff import Risk
from engine.errors import DeploymentFailed, MetadataInvalid, NotFound, Problem
from engine.names import ComponentKey
from engine.session import Session
from engine.snapshots import Environments
from engine.source import SourceTree
from engine.source.sheets import head_text
from web.answers import go
from web.frame import make_frame, page
from web.texts import later, say
from web.visit import Visit, visit

PATIENCE_SECONDS = 20.0
SHOWN_LINES = 12  # of a difference
_SIGNS = {"add": "+", "restore": "+", "change": "~", "rename": "↷", "retire": "−"}
_LOOKS = {"+": "add", "~": "mod", "↷": "mod", "−": "del"}
_CLASSES: Mapping[Risk, tuple[str, str]] = {
    Risk.ADDITIVE: (later("safe"), "green"),
    Risk.REVERSIBLE: (later("hides"), "amber"),
    Risk.NARROWING: (later("review"), "amber"),
    Risk.PURGE: (later("purges"), "red"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change as the plan's page shows it. `lines` are those of its difference, with - and +."""

    sign: str
    look: str
    title: str
    address: str
    why: str
    impact: str
    word: str
    color: str
    lines: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What there is to promote: the plan, or why there is none."""

    parent: str
    planned: Planned | None = None
    problems: tuple[Problem, ...] = ()
    refusal: str = ""
    may_deploy: bool = False

    @property
    def plan(self) -> Plan | None:
        """The plan."""
        return self.planned.plan if self.planned else None


def show_changes() -> Response:
    """Show the plan from this sandbox to its parent."""
    values = visit().read(_local)
    return _shown(values, _promotion(cast("Incoming", values["incoming"])))


def apply_changes() -> Response:
    """Carry the plan out that somebody looked at, if it is still the same."""
    values = visit().read(_local)
    found = _promotion(cast("Incoming", values["incoming"]))
    if found.planned is None or not found.may_deploy:
        return _shown(values, found, status=403 if found.planned else 422)
    plan = found.planned.plan
    if request.form.get("digest") != plan.digest:
        text = say("The plan has changed since you looked at it. Look at it again.")
        return _shown(values, replace(found, refusal=text), status=409)
    order = Order(
        actor=visit().email,
        reason=request.form.get("reason", "").strip()[:1000],
        accepted=frozenset(request.form.getlist("accept")) & {"retire", "narrowing"},
    )
    parent = environments().open(found.parent)
    try:
        version = apply_plan(
            parent.database, found.planned, order, SystemClock(), patience=PATIENCE_SECONDS
        )
    except DeploymentFailed as failed:
        return _shown(values, replace(found, refusal=failed.message), status=409)
    note_synchronised(environments().control, visit().environment, found.planned)
    return go(f"{visit().root}/setup/changes?applied={version.number}")


def environments() -> Environments:
    """Give the environments of this installation."""
    return cast("Environments", current_app.extensions["patron"])


def _local(session: Session) -> dict[str, object]:
    """Read the sandbox's side. Raises: NotFound N100 where there is no parent."""
    ensure(session, *SEES)
    here = visit()
    if not here.environment.row.parent:
        raise NotFound(say("Only a sandbox has changes to promote."))
    incoming = sandbox_incoming(here.environment, session.unit.tx)
    return {"frame": make_frame(session, here), "incoming": incoming}


def _promotion(incoming: Incoming) -> Promotion:
    """Plan in the parent, as the visitor: who is no member there sees no plan."""
    here = visit()
    name = str(here.environment.row.parent)
    try:
        parent = environments().open(name)
        there = replace(here, environment=parent, user=parent.user_of(here.person))
    except NotFound:
        text = say("You are no member of {name}, so its plan is not shown to you.", name=name)
        return Promotion(parent=name, refusal=text)
    return there.read(lambda session: _planned(session, there, incoming))


def _planned(session: Session, there: Visit, incoming: Incoming) -> Promotion:
    name = there.environment.name
    if not may(session, *SEES):
        text = say("Your permissions in {name} do not let you see its plans.", name=name)
        return Promotion(parent=name, refusal=text)
    tx = session.unit.tx
    try:
        planned = plan_promotion(
            there.environment,
            tx,
            read_running(tx),
            incoming,
            session.snapshot.model,
            author=there.email,
        )
    except MetadataInvalid as invalid:
        return Promotion(parent=name, problems=invalid.problems, refusal=invalid.message)
    return Promotion(parent=name, planned=planned, may_deploy=may(session, "deploy"))


def _shown(values: Mapping[str, object], found: Promotion, *, status: int = 200) -> Response:
    planned = found.planned
    rows = [_row(planned, change) for change in planned.plan.changes] if planned else []
    applied = request.args.get("applied", "")
    told = {
        "promotion": found,
        "plan": found.plan,
        "rows": rows,
        "counts": Counter(row.look for row in rows),
        "concerned": _concerned(planned),
        "conflicts": _conflicts(planned),
        "applied": applied if applied.isdigit() else "",
        "accepted": request.form.getlist("accept"),
        "reason": request.form.get("reason", ""),
    }
    return page("admin/changes.html", {**values, **told}, status=status)


def _row(planned: Planned, change: PlannedChange) -> ChangeRow:
    sign = _SIGNS.get(change.op, "~")
    word, color = _CLASSES[change.cls]
    lines = _difference(planned.running.tree, planned.result, change.component)
    return ChangeRow(
        sign=sign,
        look=_LOOKS[sign],
        title=title_of(change.component, say),
        address=address(visit().root, change.component) if change.op != "retire" else "",
        why=change.why,
        impact=_impact(change),
        word=say("retires data") if change.op == "retire" and change.impact.values else say(word),
        color="red" if change.op == "retire" else color,
        lines=tuple(lines[:SHOWN_LINES]),
        more=max(len(lines) - SHOWN_LINES, 0),
    )


def _impact(change: PlannedChange) -> str:
    """Say how many records are concerned; nothing where none is."""
    found, said = change.impact, []
    if found.values:
        said.append(
            say("{count} values are kept and come back with a rollback.", count=found.values)
        )
    if found.would_fail:
        said.append(say("{count} records would fail at their next save.", count=found.would_fail))
    if found.less_visible:
        said.append(say("{count} records become invisible to some.", count=found.less_visible))
    if change.treatment:
        said.append(say("Treatment: {treatment}.", treatment=change.treatment))
    return " ".join(said)


def _difference(before: SourceTree, after: SourceTree, key: ComponentKey) -> list[str]:
    """Give the lines that go and come, with - and +; nothing for what is wholly new or gone."""
    if key not in before.docs or key not in after.docs:
        return []
    old, new = (head_text(tree, key).splitlines() for tree in (before, after))
    found = difflib.unified_diff(old, new, n=0, lineterm="")
    return [line for line in found if line[:1] in "+-" and line[:3] not in {"+++", "---"}]


def _concerned(planned: Planned | None) -> int:
    return sum(change.impact.concerned for change in planned.plan.changes) if planned else 0


def _conflicts(planned: Planned | None) -> list[ConflictRow]:
    return [
        ConflictRow(
            what=f"{found.component} {found.property}".strip(),
            base=value_text(found.base),
            theirs=value_text(found.target),
            mine=value_text(found.incoming),
        )
        for found in (planned.plan.conflicts if planned else ())
    ]
