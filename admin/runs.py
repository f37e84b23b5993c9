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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A run as a page shows it."""

    run: RunRow
    label: str
    object: str
    href: str
    record: str
    state: str
    color: str
    started: str
    ago: str
    waits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step as the page of its run shows it; input and output as name and text."""

    step: StepRow
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
        lines = [_line(session, frame, run) for run in found[:PAGE]]
        more = _more(wanted, found[PAGE - 1].id) if len(found) > PAGE else ""
        told = {"lines": lines, "more": more, "wanted": wanted}
        components = sorted({key for key, _ in session.snapshot.model.programs})
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
            "line": _line(session, frame, shown.run),
            "input": _pairs(shown.run.input),
            "steps": [_step(frame, step) for step in shown.steps],
            "problem": problem,
        }

    return page("admin/run.html", dict(here.read(work)), status=status)


def _line(session: Session, frame: Frame, run: RunRow) -> Line:
    fmt, (kind, _, name) = frame.formats, run.component.partition(":")
    declared = session.snapshot.model.declared.get(kind, {}).get(name, {})
    is_known = run.object in session.snapshot.model.objects
    waits = {"time": say("a time"), "condition": say("a condition")}.get(run.waits_for, "")
    return Line(
        run=run,
        label=declared_label(
            session.snapshot, f"{kind}s", name, str(declared.get("label") or name)
        ),
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


def _step(frame: Frame, step: StepRow) -> StepLine:
    return StepLine(
        step=step,
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
