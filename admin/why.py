"""Why, and why not: one record and one workflow or rule; the traces; the switches that keep them.

A page of Setup for who may customize. The address says what is asked, so that it can be sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import request
from werkzeug.wrappers import Response

from admin.rights import ensure
from engine.compiled import Switch
from engine.errors import NotFound, PatronError
from engine.expr import watching
from engine.names import label_from
from engine.saving.explaining.answers import Point, Why
from engine.saving.explaining.criteria import Part
from engine.saving.explaining.why import askable
from engine.session import Session
from engine.store.platform.traces import TraceRow
from web.answers import go
from web.frame import show
from web.texts import later, say
from web.visit import visit

MINUTES = (15, 60, 480)
MOST_DIGITS = 15  # of an id
OUTCOMES = {
    watching.FIRED: later("ran"),
    watching.NOT_HELD: later("its criteria do not hold"),
    watching.UNCHANGED: later("what it waits for has not changed"),
    watching.ONCE: later("it ran for this record already"),
    watching.OTHER_TRIGGER: later("it starts at something else"),
    watching.REFUSED: later("it reads a field that was refused"),
    watching.ENTERED: later("submitted the record"),
    watching.WAITS: later("the record waits for it already"),
    watching.CHOSEN: later("was taken"),
    watching.NOBODY: later("nobody can take it"),
    watching.STARTED: later("the clock started"),
    watching.PAUSED: later("the clock stands still"),
    watching.RESUMED: later("the clock goes on"),
    watching.STOPPED: later("the clock stopped"),
    watching.PASSED: later("passes"),
    watching.FAILED: later("refuses the record"),
}
# Of what is asked about without a trace: whether a workflow ran is in the history and in traces.
ASKED = {
    **OUTCOMES,
    watching.FIRED: later("its criteria hold"),
    watching.ENTERED: later("its criteria hold"),
    watching.UNKNOWN: later("follows from what you may not read"),
    watching.HOLDS: later("holds"),
    watching.NOT_HELD: later("its criteria do not hold"),
    watching.BY_HAND: later("its criteria hold; it is submitted by hand"),
    watching.WAITS: later("waits for a decision"),
    watching.RUNS: later("the clock runs"),
    watching.IN_BIN: later("the clock stands still while the record is in the bin"),
    watching.OVER: later("no clock: what stops it holds already"),
    watching.CHOSEN: later("would be taken"),
    watching.AFTER: later("an entry before it is taken"),
}
PEOPLE = {
    watching.ASKED: later("is asked"),
    watching.WOULD_BE: later("would be asked"),
    watching.ANSWERED: later("has answered"),
    watching.LATER: later("came later; is asked with the next reminder"),
    watching.AUTHOR: later("is not asked: they submitted it"),
    watching.INACTIVE: later("may not enter any more"),
    watching.BLANK: later("names nobody"),
    watching.UNKNOWN: later("follows from what you may not read"),
    watching.INSTEAD: later("is asked as administrator: the step finds too few"),
    watching.ESCALATED: later("is asked because others stayed silent"),
    watching.STANDS_IN: later("stands in"),
    watching.TAKES: later("can take it"),
    watching.AWAY: later("is away"),
    watching.LAST: later("had the last turn"),
    watching.OWNS: later("has the record"),
}
POINTS = {
    "start_if": later("Starts when"),
    "pause_if": later("Stands still while"),
    "stop_if": later("Stops when"),
}
KINDS = {
    "workflow": later("Workflows"),
    "approval": later("Approvals"),
    "sla": later("Deadlines"),
    "assignment": later("Assignments"),
    "validation_rule": later("Rules"),
}
GROUPS = {
    "queue": later("Queue"),
    "role": later("Role"),
    "team": later("Team"),
    "user": later("User"),
}
STATES = {
    "pending": later("Submitted {moment}."),
    "approved": later("Approved {moment}."),
    "rejected": later("Rejected {moment}."),
    "recalled": later("Recalled {moment}."),
    "running": later("The clock began {moment}."),
    "paused": later("The clock began {moment}."),
    "in_bin": later("The clock began {moment}."),
    "met": later("The clock ended in time {moment}."),
    "missed": later("The clock ended late {moment}."),
    "cancelled": later("The clock was given up {moment}."),
    "chose": later("A run chose an owner by it {moment}."),
}
TONES = {
    **dict.fromkeys((watching.FIRED, watching.ENTERED, watching.CHOSEN, watching.PASSED), "green"),
    **dict.fromkeys((watching.HOLDS, watching.RUNS), "green"),
    watching.FAILED: "red",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A part of a condition on the page: how deep, what it says, whether it held, upon what."""

    depth: int
    sign: str
    text: str
    held: bool | None
    values: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Why one workflow or rule did what it did."""

    label: str
    said: str
    tone: str
    lines: tuple[Line, ...]
    note: str = ""
    sets: str = ""
    steps: tuple[str, ...] = ()
    state: str = ""
    since: datetime | None = None
    due_at: datetime | None = None
    points: tuple[Answer, ...] = ()
    people: tuple[str, ...] = ()
    is_whole: bool = False  # of a workflow or rule: without lines it has no criteria


def show_why() -> Response:
    """Show the form, the answer to what the address asks, the newest traces and the switches."""
    return show("admin/why.html", _work)


def switch() -> Response:
    """Keep traces of a person for some minutes, or stop all."""
    minutes = request.form.get("minutes", "")
    user, record = _number(request.form.get("user", "")), _number(request.form.get("record", ""))

    def work(session: Session) -> None:
        ensure(session, "customize")
        if not minutes:
            session.tracing.switch_off()
            return
        length = timedelta(minutes=min(_number(minutes) or MINUTES[0], MINUTES[-1]))
        until = session.unit.now + length
        person = None if record else user or session.unit.me
        session.tracing.switch_on(Switch(until=until, user=person, record=record))

    visit().write(work)
    return go(f"{visit().root}/setup/why#traces")


def _work(session: Session) -> Mapping[str, object]:
    ensure(session, "customize")
    name, component = request.args.get("object", ""), request.args.get("component", "")
    number = _number(request.args.get("record", ""))
    answer, problem = _asked(session, name, number, component)
    rows = _traces(session, name, number)
    return {
        "objects": _objects(session),
        "components": _components(session, name),
        "asked": {"object": name, "record": number or "", "component": component},
        "answer": answer,
        "problem": problem,
        "traces": [_trace(row) for row in rows],
        "switches": session.tracing.switches(),
        "minutes": MINUTES,
    }


def _asked(
    session: Session, name: str, number: int | None, component: str
) -> tuple[Answer | None, str]:
    if not (name and number and component):
        return None, ""
    try:
        return _answer(session, session.tracing.why(name, number, component)), ""
    except PatronError as refused:
        return None, str(refused.message)


def _traces(session: Session, name: str, number: int | None) -> list[TraceRow]:
    if not name or number is None:
        return session.tracing.newest()
    try:
        return session.tracing.of_record(name, number)
    except NotFound:
        return []


def _objects(session: Session) -> list[tuple[str, str]]:
    model, access = session.snapshot.model, session.unit.access
    return [
        (str(name), model.objects[name].label)
        for name in model.objects
        if access.of(name).may("read")
    ]


def _components(session: Session, name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Give what can be asked about, by kind."""
    found: dict[str, list[tuple[str, str]]] = {}
    for key, label in askable(session.snapshot.model, name).items():
        kind, _, own = key.partition(":")
        shown = label_from(label) if label == own else label
        found.setdefault(say(KINDS[kind]), []).append((key, shown))
    return list(found.items())


def _answer(session: Session, told: Why) -> Answer:
    note = ""
    if told.waits_for:
        note = say("It waits for a change of: {fields}", fields=", ".join(told.waits_for))
    return Answer(
        label=_label(told.component.partition(":")[2], told.label),
        said=say(ASKED[told.outcome]),
        tone=TONES.get(told.outcome, "amber"),
        lines=tuple(_lines(told.criteria)),
        note=note,
        state=STATES.get(told.state, ""),
        since=told.since,
        due_at=told.due_at,
        points=tuple(_point(session, one) for one in told.points),
        is_whole=not told.points,
    )


def _label(name: str, label: str) -> str:
    """Give a label; one that nobody wrote is made of the name."""
    return label_from(label) if label in ("", name.rpartition(".")[2]) else label


def _group(session: Session, text: str) -> str:
    """Say a group in words: `queue:second_level` is "Queue: Second level"."""
    sort, sign, name = text.partition(":")
    if not sign or sort not in GROUPS:
        return text
    data = session.snapshot.model.declared.get(sort, {}).get(name, {})
    return f"{say(GROUPS[sort])}: {data.get('label') or label_from(name)}"


def _point(session: Session, point: Point) -> Answer:
    label = _group(session, point.label) or label_from(point.name)
    if point.name in POINTS:
        label = say(POINTS[point.name])
    said = (" ".join((one.by, one.name, "·", say(PEOPLE[one.outcome]))) for one in point.people)
    return Answer(
        label=label,
        said=say(ASKED[point.outcome]),
        tone=TONES.get(point.outcome, ""),
        lines=tuple(_lines(point.criteria)),
        people=tuple(one.strip() for one in said),
    )


def _trace(row: TraceRow) -> dict[str, object]:
    return {"row": row, "answers": [_looked(entry) for entry in row.entries]}


def _looked(entry: Mapping[str, object]) -> Answer:
    part, given, steps = entry["criteria"], entry["set"], entry["steps"]
    assert isinstance(given, Mapping)  # as it was kept
    assert isinstance(steps, list)  # likewise
    outcome = str(entry["outcome"])
    return Answer(
        label=str(entry["name"]),
        said=say(OUTCOMES[outcome]),
        tone=TONES.get(outcome, ""),
        lines=tuple(_lines(part if isinstance(part, Part) else None)),
        sets=_values(given),
        steps=tuple(f"{s['step']} ({s['action']}) {_values(s['input'])}".strip() for s in steps),
    )


def _lines(part: Part | None, depth: int = 0) -> Iterator[Line]:
    if part is None:
        return
    yield Line(
        depth=depth,
        sign=part.sign,
        text=part.text,
        held=part.held,
        values=_values(part.values),
        reason=part.reason,
    )
    for each in part.parts:
        yield from _lines(each, depth + 1)


def _values(given: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {_said(value)}" for name, value in given.items())


def _said(value: object) -> str:
    """Write a value as an expression would."""
    if value is None or isinstance(value, bool):
        return {None: "–", True: "TRUE", False: "FALSE"}[value]
    return str(value)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) <= MOST_DIGITS else None
