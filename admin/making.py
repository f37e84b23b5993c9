"""A new sandbox, or its records anew: the form, and the page that tells how far it is.

Separate from the list of environments. The answer is sent while the records are carried over, a
line at a time; who closes the page ends it, and all is as it was before.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic

from flask import request, stream_template
from werkzeug.wrappers import Response

from admin.promotion import environments, visit_of_parent
from admin.rights import ensure
from engine.clock import SystemClock
from engine.errors import AccessDenied, PatronError, RequestInvalid
from engine.locale import translate
from engine.session import Session
from engine.store.platform.control import EnvironmentRow
from sandbox.bringing.carrying import Progress
from sandbox.bringing.choosing import PEOPLE
from sandbox.bringing.rights import ensure_reads_all
from sandbox.bringing.wanted import NONE, SAMPLE, Wanted, read_wanted
from sandbox.sandboxes import NewSandbox, making_sandbox, reseeding
from web.answers import go
from web.frame import HTML, make_frame, object_label
from web.texts import language, say
from web.visit import visit

Making = Generator[Progress, None, EnvironmentRow]
_PAUSE_SECONDS = 1.0
_FEW = 4  # digits of a size that a person types


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed into the form."""

    name: str = ""
    data: str = NONE
    root: str = ""
    where: str = ""
    most: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that the page tells: how far an object is, that it is done, or that it failed."""

    label: str = ""
    done: int = 0
    total: int = 0
    made: str = ""
    refused: PatronError | None = None


def read_asked() -> Asked:
    """Read the form."""
    names = ("name", "data", "root", "where", "most")
    return Asked(**{name: request.form.get(name, "").strip() for name in names})


def wanted_of(asked: Asked) -> Wanted:
    """Give the records that are asked for. Raises: RequestInvalid Q121."""
    if asked.data != SAMPLE:
        return read_wanted(asked.data or NONE, {})
    if asked.most and not (asked.most.isdecimal() and len(asked.most) <= _FEW):
        message = say("Say with a number how many records of an object a sample has.")
        raise RequestInvalid(message, code="Q121")
    roots = {asked.root: asked.where} if asked.root else {}
    return read_wanted(SAMPLE, roots, int(asked.most) if asked.most else None)


def make(asked: Asked) -> Response:
    """Begin; what is refused at once is raised, then the page is sent as the work goes on.

    Raises: as `making_sandbox`; AccessDenied A105.
    """
    here, wanted = visit(), wanted_of(asked)
    if wanted.brings:
        here.read(ensure_reads_all)
    new = NewSandbox(
        name=asked.name,
        actor=here.email,
        parent=here.environment.name,
        maker=here.email,
        wanted=wanted,
    )
    known = environments()
    making = making_sandbox(known.settings, known, new, at=SystemClock().now())
    try:
        first = next(making)
    except StopIteration as done:
        return go(f"/e/{done.value.name}/setup/")
    return _told(asked.name, first, making)


def reseed_here() -> Response:
    """Bring the records of this sandbox anew, once its name was typed; told as a making is.

    Raises: RequestInvalid Q121, AccessDenied A105, and as `reseeding` what is refused at once.
    """
    here = visit()
    name = here.environment.name
    here.read(lambda session: ensure(session, "deploy"))
    there = visit_of_parent()
    if isinstance(there, str):
        raise AccessDenied(there)
    there.read(ensure_reads_all)
    if request.form.get("confirm", "").strip() != name:
        message = say("Type the name {name} to take its records away.", name=name)
        raise RequestInvalid(message, code="Q121")
    making = _named(name, reseeding(environments(), name, actor=here.email, at=SystemClock().now()))
    return _told(name, next(making), making)


def _named(name: str, work: Iterator[Progress]) -> Making:
    """Let work on a sandbox that is there end as a making does: with its line."""
    yield from work
    return environments().open(name).row


def _told(name: str, first: Progress, making: Making) -> Response:
    here = visit()
    is_new = name != here.environment.name

    def work(session: Session) -> tuple[dict[str, object], Mapping[str, str]]:
        ensure(session, "customize", "deploy")
        frame = make_frame(session, here)
        return {"frame": frame, "fmt": frame.formats}, labels_of(session, people=True)

    values, labels = here.read(work)
    lines = _lines(first, making, labels, language())
    source = here.environment.name if is_new else here.environment.row.parent
    told = {"name": name, "lines": lines, "is_new": is_new, "source": source}
    page = stream_template("admin/making.html", **values, **told)
    response = Response(page, content_type=HTML, headers={"X-Accel-Buffering": "no"})
    response.call_on_close(making.close)  # who goes away ends it
    return response


def _lines(
    first: Progress, making: Making, labels: Mapping[str, str], reader: str
) -> Iterator[Line]:
    """Give what there is to tell: each object when it is done, and a line a second meanwhile."""
    said, progress = 0.0, first
    while True:
        if progress.done >= progress.total or monotonic() - said >= _PAUSE_SECONDS:
            said = monotonic()
            label = labels.get(progress.object, progress.object)
            yield Line(label=label, done=progress.done, total=progress.total)
        try:
            progress = next(making)
        except StopIteration as done:
            yield Line(made=done.value.name)
            return
        except PatronError as error:
            translate(error, reader)
            yield Line(refused=error)
            return


def labels_of(session: Session, *, people: bool = False) -> dict[str, str]:
    """Give the objects that have records, by name, with what many of them are called."""
    snapshot = session.snapshot
    names = [name for name in snapshot.physical if name in snapshot.model.objects]
    found = {
        str(name): object_label(snapshot, name, "plural")
        for name in names
        if people or name not in PEOPLE
    }
    return dict(sorted(found.items(), key=lambda pair: pair[1].casefold()))
