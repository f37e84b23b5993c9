"""Runs in Setup: which there are, what each of their steps did, trying again and cancelling."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from admin.rights import ensure
from engine.errors import Conflict, NotFound
from engine.model.fields.links import MAX_ID
from engine.session import Session
from engine.store.platform.runs import STATES, RunRow, StepRow, Wanted
from web.answers import go
from web.frame import Frame, declared_label, make_frame, object_label, page
from web.texts import later, say
from web.visit import visit

PAGE = 50
COLORS = {"waiting": "amber", "done": "green", "failed": "red", "cancelled": "", "undone": ""}
SAID = {
    "waiting": later("waiting"),
    "done": later("done"),
    "failed": later("failed"),
    "cancelled": later("cancelled"),
    "undone": later("undone"),
}
# Why a run began, in the words of somebody who has never read a workflow's file.
CAUSES = {
    "created": later("when a record was created"),
    "updated": later("when a record was saved"),
    "rolled_up": later("when a total of the record changed"),
    "deleted": later("when a record was deleted"),
    "at": later("on a date of the record"),
    "every": later("at its regular time"),
    "button": later("by a button"),
    "sla": later("when a deadline was missed"),
    "submit": later("when the record was submitted"),
    "approve": later("when the record was approved"),
    "reject": later("when the record was rejected"),
    "recall": later("when the request was recalled"),
}
ACTIONS = {
    "set": later("sets values"),
    "create": later("creates a record"),
    "update": later("changes other records"),
    "delete": later("deletes other records"),
    "note": later("writes a note"),
    "for_each": later("goes through records"),
    "wait": later("waits"),
    "email": later("sends a mail"),
    "notify": later("notifies people"),
    "webhook": later("calls another system"),
    "assign": later("chooses an owner"),
    "approve": later("asks for an approval"),
}
KINDS = {
    "workflow": later("Workflow"),
    "approval": later("Approval"),
    "sla": later("Deadline"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A run as a page shows it."""

    run: RunRow
    label: str
    object: str
    href: str
    record: str
    title: str
    kind: str
    cause: str
    state: str
    color: str
    started: str
    ago: str
    waits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step as the page of its run shows it; input and output as name and text."""

    step: StepRow
    action: str
    object: str
    state: str
    color: str
    at: str
    input: Sequence[tuple[str, str]]
    output: Sequence[tuple[str, str]]


def show_runs() -> Response:
    """List runs, the newest first, of a state, a component or a record."""
    here = visit()
    asked = request.args
    record = asked.get("record", "").strip()
    wanted = Wanted(
        record=int(record) if record.isdecimal() and int(record) <= MAX_ID else None,
        state=asked.get("state", "") if asked.get("state", "") in STATES else "",
        component=asked.get("component", "").strip(),
        before=_number(asked.get("after", "")),
    )

    def work(session: Session) -> Mapping[str, object]:
        ensure(session, "customize")
        frame = make_frame(session, here)
        found = session.runs.list(wanted, limit=PAGE + 1)
        names = _titles(session, found[:PAGE])
        lines = [_line(session, frame, run, names) for run in found[:PAGE]]
        more = _more(wanted, found[PAGE - 1].id) if len(found) > PAGE else ""
        told = {"lines": lines, "more": more, "wanted": wanted}
        keys = sorted({str(key) for key, _ in session.snapshot.model.programs})
        components = [(key, _component(session, key)) for key in keys]
        states = [(name, say(SAID[name])) for name in STATES]
        return {"frame": frame, **told, "components": components, "states": states}

    return page("admin/runs.html", dict(here.read(work)))


def show_run(run: int) -> Response:
    """Show one run with its steps."""
    return _shown(run)


def act(run: int, deed: str) -> Response:
    """Try a failed run again, or cancel one."""
    here = visit()

    def work(session: Session) -> None:
        ensure(session, "customize")
        deeds = {"retry": session.runs.retry, "cancel": session.runs.cancel}
        if deed not in deeds:
            raise NotFound(say("There is no such page."))
        deeds[deed](run)

    try:
        here.write(work)
    except Conflict as refused:
        return _shown(run, say(refused.message), status=refused.status)
    return go(f"{here.root}/setup/runs/{run}")


def _shown(run: int, problem: str = "", status: int = 200) -> Response:
    here = visit()

    def work(session: Session) -> Mapping[str, object]:
        ensure(session, "customize")
        frame = make_frame(session, here)
        shown = session.runs.get(run)
        return {
            "frame": frame,
            "line": _line(session, frame, shown.run, _titles(session, [shown.run])),
            "input": _pairs(shown.run.input),
            "steps": [_step(session, frame, step) for step in shown.steps],
            "problem": problem,
        }

    return page("admin/run.html", dict(here.read(work)), status=status)


def _titles(session: Session, found: Sequence[RunRow]) -> Mapping[int, str]:
    """Name the records of runs, as far as the visitor sees them: one statement."""
    ids = [run.record for run in found if run.record]
    named = session.titles((run.object for run in found), ids) if ids else {}
    return {record: title for record, (_, title) in named.items()}


def _component(session: Session, key: str) -> str:
    """Say in words what ran: `Workflow: Hot deal`."""
    kind, _, name = key.partition(":")
    declared = session.snapshot.model.declared.get(kind, {}).get(name, {})
    otherwise = str(declared.get("label") or name)
    label = declared_label(session.snapshot, f"{kind}s", name, otherwise)
    return f"{say(KINDS[kind])}: {label}" if kind in KINDS else label


def _cause(cause: str) -> str:
    """Say why a run began; of what follows an approval, which decision: `approval:x.on_submit`."""
    name = cause.rpartition(".on_")[2]
    return say(CAUSES[name]) if name in CAUSES else cause


def _line(session: Session, frame: Frame, run: RunRow, names: Mapping[int, str]) -> Line:
    fmt, kind = frame.formats, run.component.partition(":")[0]
    label = _component(session, run.component)
    is_known = run.object in session.snapshot.model.objects
    waits = {"time": say("a time"), "condition": say("a condition")}.get(run.waits_for, "")
    return Line(
        run=run,
        label=label.partition(": ")[2] if kind in KINDS else label,
        kind=say(KINDS[kind]) if kind in KINDS else kind,
        cause=_cause(run.cause),
        title=names.get(run.record) or str(run.record),
        object=object_label(session.snapshot, run.object) if is_known else run.object,
        href=f"{frame.root}/setup/runs/{run.id}",
        record=f"{frame.root}/o/{run.object}/{run.record}" if is_known else "",
        state=say(SAID[run.state]),
        color=COLORS[run.state],
        started=fmt.moment(run.started_at),
        ago=fmt.ago(run.started_at, session.unit.now),
        waits=_waits(frame, run, waits),
    )


def _waits(frame: Frame, run: RunRow, what: str) -> str:
    """Say what a run waits for."""
    if run.state != "waiting":
        return ""
    if run.waits_for.startswith("approval:"):
        return say("Waits for a decision.")
    if run.due_at is None or run.waits_for == "condition":
        return say("Waits for {what}.", what=what)
    return say("Waits until {moment}.", moment=frame.formats.moment(run.due_at))


def _step(session: Session, frame: Frame, step: StepRow) -> StepLine:
    is_known = step.object in session.snapshot.model.objects
    return StepLine(
        step=step,
        action=say(ACTIONS[step.action]) if step.action in ACTIONS else step.action,
        object=object_label(session.snapshot, step.object) if is_known else step.object,
        state=say(SAID[step.state]),
        color=COLORS[step.state],
        at=frame.formats.moment(step.moment),
        input=_pairs(step.input),
        output=_pairs(step.output),
    )


def _pairs(values: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(name, _text(value)) for name, value in values.items()]


def _text(value: object) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _more(wanted: Wanted, last: int) -> str:
    given = {"state": wanted.state, "component": wanted.component, "record": wanted.record}
    kept = {name: value for name, value in given.items() if value}
    return urlencode({**kept, "after": last})


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and int(text) <= MAX_ID else None
