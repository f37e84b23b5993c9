"""Approvals on screens: the card of a record, deciding from it, and the page of what waits.

Whoever decides sees what is asked, by whom, and what led to it, old and new values side by side, as
far as they may read the fields. What a click decides about is the question that was on the screen:
one that was decided meanwhile is not decided again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, request
from werkzeug.wrappers import Response

from engine.compiled import CompiledField, CompiledObject
from engine.errors import AccessDenied, Conflict, NotFound, PatronError, RequestInvalid
from engine.model.fields.base import Value
from engine.model.fields.links import MAX_ID
from engine.session import Record, Seen, Session, Shown, Told, Waiting
from ui.cells import Cell, Cells
from web.answers import go
from web.formats import Formats
from web.frame import Frame, make_frame, object_label, page, show
from web.texts import language, later, say
from web.visit import visit

DEEDS = ("submit", "approve", "reject", "recall")
ANSWERS = {"approve": "approved", "reject": "rejected"}
STATES = {
    "pending": later("waiting"),
    "approved": later("approved"),
    "rejected": later("rejected"),
    "recalled": later("recalled"),
}
COLORS = {"pending": "amber", "approved": "green", "rejected": "red", "recalled": ""}
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A field that an approver looks at: before, where it is known, and now."""

    label: str
    before: Cell | None
    now: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A request that waits, on its record's page. `mark` names the question on the screen."""

    name: str
    title: str
    step: str
    place: str
    submitter: str
    ago: str
    at: str
    comment: str
    waits_for: str
    said: Sequence[str]
    abouts: Sequence[About]
    mark: str
    may_answer: bool
    may_recall: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An approval that the visitor may submit the record for."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the page of what waits."""

    mark: str
    href: str
    name: str
    object: str
    icon: str
    title: str
    step: str
    ago: str
    at: str
    comment: str
    state: str
    color: str
    waits_for: str
    abouts: Sequence[About]


def add_approvals(blueprint: Blueprint) -> None:
    """Name the addresses of approvals."""
    add = blueprint.add_url_rule
    add("/o/<name>/<int:record>/approval/<deed>", "approval", decide, methods=["POST"])
    add("/approvals", "approvals", show_waiting)
    add("/approvals", "decide_several", decide_several, methods=["POST"])


# --- the card of a record -------------------------------------------------------------------------


def gather_cards(session: Session, cells: Cells, fmt: Formats, seen: Seen) -> dict[str, object]:
    """Give what a record's page shows of approvals: one statement where something waits."""
    if seen.is_bin:
        return {"cards": [], "offers": []}
    shown = session.approvals.shown(seen.object, int(str(seen.record["id"]))) if seen.waits else []
    waiting = {one.told.request.approval for one in shown}
    own = session.unit.language
    return {
        "cards": [_card(session, cells, fmt, seen, one) for one in shown],
        "offers": [
            Offer(name=one.name, title=one.title(language() or own))
            for one in session.approvals.offered(seen)
            if one.name not in waiting
        ],
    }


def _card(session: Session, cells: Cells, fmt: Formats, seen: Seen, shown: Shown) -> Card:
    told, asked = shown.told, shown.told.request
    names = list(told.steps(language()))
    place = names.index(asked.step) + 1 if asked.step in names else 1
    return Card(
        name=asked.approval,
        title=told.title,
        step=told.steps(language()).get(asked.step, asked.step),
        place=say("Step {place} of {most}", place=place, most=max(len(names), 1)),
        submitter=_submitter(shown),
        ago=fmt.ago(asked.submitted_at, session.unit.now),
        at=fmt.moment(asked.submitted_at),
        comment=asked.comment,
        waits_for=_waits_for(told),
        said=list(_said(told)),
        abouts=list(_abouts(cells, seen, shown)),
        mark=mark_of(told),
        may_answer=bool(told.mine),
        may_recall=told.may_recall,
    )


def _submitter(shown: Shown) -> str:
    """Name who submitted; both names where somebody worked as somebody else."""
    name = shown.submitter or say("Patron")
    return say("{helper} as {name}", helper=shown.helper, name=name) if shown.helper else name


def mark_of(told: Told) -> str:
    """Name the question of a request as it stands: whom it asks, and in which round."""
    asked = told.request
    person = told.mine[0].user if told.mine else 0
    return f"{asked.object}-{asked.record}-{asked.id}-{asked.round}-{person}"


def _waits_for(told: Told) -> str:
    """Name those whose answer is missing."""
    names = [one.name for one in told.now if one.answer is None]
    if not names:
        return say("Nobody can be asked. Recall the request, or ask an administrator.")
    return say("Waits for {names}.", names=", ".join(names))


def _said(told: Told) -> Iterator[str]:
    """Say what has been answered so far, in order."""
    for one in told.asked:
        if one.answer is None:
            continue
        pattern = "{name} approved." if one.answer == "approved" else "{name} rejected."
        yield say(pattern, name=one.name) + (f" “{one.comment}”" if one.comment else "")


def _abouts(cells: Cells, seen: Seen, shown: Shown) -> Iterator[About]:
    """Give the fields that led here: those that changed, then those that the criteria read."""
    is_new = shown.told.request.record_version == 1  # then everything has changed
    changes = () if is_new else shown.changes
    changed = {field.name: (before, after) for field, before, after in changes}
    known = {field.name: field for field, _, _ in changes}
    for field in (*known.values(), *(f for f in shown.about if f.name not in known)):
        now = seen.record.get(field.name)
        before = changed[field.name][0] if field.name in changed else None
        if now is None and before is None:
            continue
        about = _about(cells, seen.object, seen.record, field, before)
        if about is not None:
            yield about


def _about(
    cells: Cells,
    compiled: CompiledObject,
    record: Record,
    field: CompiledField,
    before: Value = None,
) -> About | None:
    column = cells.column(compiled.name, str(field.name))
    if column is None or column.is_link:
        return None  # links are shown on the page itself, with their names
    shown = None if before is None else cells.cell(column, {column.path: before})
    return About(label=column.label, before=shown, now=cells.cell(column, record))


def decide(name: str, record: int, deed: str) -> Response:
    """Submit, approve, reject or recall from a record's page, and lead back to it."""
    if deed not in DEEDS or not 0 < record <= MAX_ID:
        raise NotFound
    form = request.form
    approval, comment = form.get("approval") or None, form.get("comment", "").strip()

    def work(session: Session) -> None:
        compiled, approvals = session.compiled(name), session.approvals
        if deed == "submit":
            approvals.submit(compiled, record, approval, comment)
        elif deed == "recall":
            approvals.recall(compiled, record, approval, comment)
        else:
            question = _read_mark(form.get("mark", ""))
            answer = ANSWERS[deed]
            approvals.decide(
                compiled, record, answer, approval, comment, question=question and question[2:]
            )

    href = f"{visit().root}/o/{name}/{record}"
    try:
        visit().write(work)
    except (AccessDenied, Conflict, RequestInvalid) as refused:
        return _refused(href, refused)
    return go(href)


def _refused(href: str, refused: PatronError) -> Response:
    """Say why nothing was decided, with the way back."""

    def work(_session: Session) -> Mapping[str, object]:
        return {"problem": say(refused.message), "hint": say(refused.hint), "href": href}

    return show("ui/approval_refused.html", work, status=refused.status)


# --- what waits -----------------------------------------------------------------------------------


def show_waiting() -> Response:
    """Show what waits for the visitor's decision, and what they have submitted."""
    return _waiting_page([], 0)


def decide_several() -> Response:
    """Decide about all that was picked; what is refused says why, the others are done."""
    answer = ANSWERS.get(request.form.get("deed", ""))
    picked = [m for m in map(_read_mark, request.form.getlist("pick")) if m][:MOST_AT_ONCE]
    comment = request.form.get("comment", "").strip()
    if answer is None:
        raise NotFound
    refused: list[str] = []

    def work(session: Session) -> int:
        done = 0
        refused.clear()
        for name, record, *question in picked:
            try:
                with session.unit.tx.savepoint():
                    session.approvals.decide(
                        session.compiled(name),
                        record,
                        answer,
                        None,
                        comment,
                        question=(question[0], question[1], question[2]),
                    )
                done += 1
            except PatronError as error:
                refused.append(say(error.message))
        return done

    done = visit().write(work) if picked else 0
    if not picked:
        refused.append(say("Choose at least one."))
    return _waiting_page(refused, done)


def _waiting_page(refused: Sequence[str], done: int) -> Response:
    visited = visit()

    def work(session: Session) -> Mapping[str, object]:
        frame = make_frame(session, visited)
        return {
            "frame": frame,
            "fmt": frame.formats,
            "rows": [_row(session, frame, one) for one in session.approvals.waiting()],
            "submitted": [_row(session, frame, one) for one in session.approvals.submitted()],
            "refused": list(dict.fromkeys(refused)),
            "notice": say("{count} decided.", count=done) if done else "",
        }

    return page("ui/approvals.html", visited.read(work), status=409 if refused else 200)


def _row(session: Session, frame: Frame, waiting: Waiting) -> Row:
    told, asked = waiting.told, waiting.told.request
    fmt, compiled = frame.formats, session.snapshot.model.objects[asked.object]
    cells = Cells(session, fmt, frame.root)
    abouts = (_about(cells, compiled, waiting.record, field) for field in waiting.about)
    return Row(
        mark=mark_of(told),
        href=f"{frame.root}/o/{asked.object}/{asked.record}",
        name=waiting.name or f"{object_label(session.snapshot, asked.object)} {asked.record}",
        object=object_label(session.snapshot, asked.object),
        icon=session.snapshot.model.objects[asked.object].icon or "box",
        title=told.title,
        step=told.steps(language()).get(asked.step, asked.step),
        ago=fmt.ago(asked.submitted_at, session.unit.now),
        at=fmt.moment(asked.submitted_at),
        comment=asked.comment or asked.ended_comment,
        state=say(STATES[asked.status]),
        color=COLORS[asked.status],
        waits_for=_waits_for(told) if asked.status == "pending" else "",
        abouts=[about for about in abouts if about is not None],
    )


def _read_mark(text: str) -> tuple[str, int, int, int, int] | None:
    """Read the name of a question: object, record, request, round, person; None when it is none."""
    name, *numbers = text.split("-")
    if len(numbers) != 4 or not all(one.isascii() and one.isdigit() for one in numbers):  # noqa: PLR2004
        return None
    record, asked, round_, person = map(int, numbers)
    return (name, record, asked, round_, person) if 0 < record <= MAX_ID else None
