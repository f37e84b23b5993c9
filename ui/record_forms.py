"""Forms of new and present records: shown, reacting while somebody types, saved, refused."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from engine.compiled import CompiledObject
from engine.errors import AccessDenied, Conflict, NotFound, PatronError, RecordInvalid
from engine.model.fields.base import Value
from engine.saving.drafting import read_value
from engine.session import Seen, Session
from ui import inputs
from ui.actions import first_values
from ui.cells import Cells
from ui.conflicts import gather_conflict
from ui.forms import FormMaker, Problems
from ui.layouts import look_at
from ui.record_page import RecordPage
from ui.submitting import KEY, Submission
from ui.typed import Mistyped
from web.answers import go
from web.frame import HTML, Frame, make_frame, object_label, page
from web.texts import say
from web.visit import visit

STALE, USED_KEY, BUSY = "C100", "C103", "S102"
RESTORE = "_restore"


def add_forms(blueprint: Blueprint) -> None:
    """Name the addresses of forms."""
    one = "/o/<name>/<int:record>"
    add = blueprint.add_url_rule
    add("/o/<name>/new", "new", show_new)
    add("/o/<name>/new", "create", create, methods=["POST"])
    add("/o/<name>/new/form", "react_new", react, methods=["POST"])
    add(f"{one}/edit", "edit", show_edit)
    add(f"{one}/edit", "save", save, methods=["POST"])
    add(f"{one}/form", "react", react, methods=["POST"])


# --- showing ------------------------------------------------------------------------------------


def show_new(name: str) -> AnyResponse:
    """Show the form of a new record, filled with defaults and what the address says."""

    def work(session: Session) -> dict[str, object]:
        frame, compiled = make_frame(session, visit()), session.compiled(name)
        ensure_may_create(session, compiled)
        maker = maker_of(session, frame, compiled, given=given_values(session, frame, compiled))
        return form_values(frame, maker)

    return page("ui/form.html", visit().read(work))


def show_edit(name: str, record: int) -> AnyResponse:
    """Show the form of a record, for those who may change it."""

    def work(session: Session) -> dict[str, object]:
        frame, seen = make_frame(session, visit()), seen_to_edit(session, name, record)
        return form_values(frame, maker_of(session, frame, seen.object, seen=seen))

    return page("ui/form.html", visit().read(work))


def react(name: str, record: int | None = None) -> AnyResponse:
    """Draw the fields anew while somebody types, for conditions look at what is typed."""
    sent = Submission(request.form, record)

    def work(session: Session) -> dict[str, object]:
        frame, compiled = make_frame(session, visit()), session.compiled(name)
        seen = None if record is None else seen_to_edit(session, name, record)
        sent.read(session, compiled)
        maker = maker_of(session, frame, compiled, seen=seen, sent=sent)
        return form_values(frame, maker, sent)

    return Response(render_template("ui/form_fields.html", **visit().read(work)), content_type=HTML)


def field_editor(name: str, record: int, field: str) -> AnyResponse:
    """Give the editor of one field of a record."""
    return _field(name, record, field, None, 200)


def field_refused(
    name: str, record: int, field: str, sent: Submission, error: PatronError
) -> AnyResponse:
    """Give the editor of one field back with what is wrong; a conflict leads to its page."""
    if error.code == BUSY:
        sent.note_busy()
    if error.code == STALE or isinstance(error, NotFound):
        place = "#record" if error.code == STALE else "#main"
        response = refused(name, sent, error)
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = place, "outerHTML"
        response.headers["HX-Reselect"] = place
        return response
    return _field(name, record, field, sent, error.status)


def _field(name: str, record: int, asked: str, sent: Submission | None, status: int) -> AnyResponse:
    def work(session: Session) -> dict[str, object]:
        frame, seen = make_frame(session, visit()), seen_to_edit(session, name, record)
        maker = maker_of(session, frame, seen.object, seen=seen, sent=sent)
        problems = Problems() if sent is None else sent.problems
        # An old page asks for a field by the name that it had.
        field = seen.object.aka.get(asked, asked)
        box = maker.one(field, problems)
        if box is None:
            raise NotFound
        apart = [*problems.form]
        apart += [one for name, found in problems.fields.items() if name != field for one in found]
        href = f"{frame.root}/o/{seen.object.name}/{record}"
        mark = inputs.mark_of(box.parts) if sent is None else ""
        return {
            "frame": frame,
            "box": box,
            "href": href,
            "base": f"{frame.root}/o/{seen.object.name}",
            "version": seen.record["version"] if sent is None else sent.version,
            "was": f"{field}:{mark}" if sent is None else sent.was,
            "problems": apart,
        }

    text = render_template("ui/record_editor.html", **visit().read(work))
    return Response(text, status, content_type=HTML)


# --- saving -------------------------------------------------------------------------------------


def create(name: str) -> AnyResponse:
    """Save a new record, once however often the form is sent."""
    sent = Submission(request.form)

    def work(session: Session) -> int:
        frame, compiled = make_frame(session, visit()), session.compiled(name)
        ensure_may_create(session, compiled)
        return sent.create_once(session, compiled, frame.formats)[0]

    try:
        made = visit().write(work)
    except (RecordInvalid, Conflict) as error:
        return refused(name, sent, error)
    except PatronError as error:
        if error.code == BUSY:
            return refused(name, sent, error)
        if error.code != "S101":
            raise
        made = visit().write(work)  # the same form was sent twice at once: the other one made it
    return go(f"{visit().root}/o/{name}/{made}")


def save(name: str, record: int) -> AnyResponse:
    """Save what was touched in the form of a record."""
    sent = Submission(request.form, record)
    try:
        visit().write(lambda session: save_in(session, name, sent))
    except PatronError as error:
        if not gives_form_back(error, sent):
            raise
        return refused(name, sent, error)
    return go(f"{visit().root}/o/{name}/{record}")


def gives_form_back(error: PatronError, sent: Submission) -> bool:
    """Tell whether a refusal is answered by the form with what was typed, and not by a page."""
    if isinstance(error, NotFound):
        return bool(sent.marks)
    return isinstance(error, RecordInvalid | Conflict) or error.code == BUSY


def save_in(session: Session, name: str, sent: Submission) -> None:
    """Save a submission of a present record, taking it out of the bin first if that is asked."""
    frame, compiled = make_frame(session, visit()), session.compiled(name)
    if sent.record_id is None or not 0 < sent.record_id < 2**53:
        raise NotFound
    if not session.unit.access.of(compiled.name).may("edit"):
        seen_to_edit(session, name, sent.record_id)  # it says whether it is hidden or closed
    if sent.wants(RESTORE):
        session.restore(name, sent.record_id)
        sent.forget_version()
    sent.save(session, compiled, frame.formats)


def refused(name: str, sent: Submission, error: PatronError) -> AnyResponse:
    """Give the form back with everything that was typed and every reason why it was not saved."""
    found: dict[str, object] = {}

    def work(session: Session) -> dict[str, object]:
        frame, compiled = make_frame(session, visit()), session.compiled(name)
        seen = None if sent.record_id is None else look_at(session, compiled, sent.record_id)
        if not sent.typed:
            sent.read(session, compiled)
        if sent.record_id is not None and seen is None:
            found["template"] = "ui/form_gone.html"
            return gone_values(session, frame, compiled, sent)
        if error.code == STALE and seen is not None:
            found["template"] = "ui/conflict.html"
            return conflict_values(session, frame, seen, sent)
        if error.code == BUSY:
            sent.note_busy()
        if error.code == USED_KEY:
            sent.note_used(session, compiled)
        maker = maker_of(session, frame, compiled, seen=seen, sent=sent)
        return form_values(frame, maker, sent)

    values = visit().read(work)
    if found.get("template") == "ui/conflict.html" and not values["fields"]:
        return go(f"{visit().root}/o/{name}/{sent.record_id}")  # both say the same
    return page(str(found.get("template", "ui/form.html")), values, status=error.status)


# --- what the pages show ------------------------------------------------------------------------


def maker_of(
    session: Session,
    frame: Frame,
    compiled: CompiledObject,
    *,
    seen: Seen | None = None,
    given: Mapping[str, Value] | None = None,
    sent: Submission | None = None,
) -> FormMaker:
    """Make the maker of a form."""
    cells = Cells(session, frame.formats, frame.root)
    typed = {} if sent is None else sent.typed
    return FormMaker(session, cells, frame.formats, compiled, seen=seen, given=given, typed=typed)


def form_values(
    frame: Frame, maker: FormMaker, sent: Submission | None = None
) -> dict[str, object]:
    """Give what `ui/form.html` shows."""
    compiled, seen = maker.object, maker.seen
    form = maker.make(
        Problems() if sent is None else sent.problems, "" if sent is None else sent.was
    )
    base = f"{frame.root}/o/{compiled.name}"
    href = base if seen is None else f"{base}/{seen.record['id']}"
    version = "" if seen is None else str(seen.record["version"])
    if sent is not None and sent.version is not None:
        version = str(sent.version)
    return {
        "frame": frame,
        "fmt": frame.formats,
        "object_name": str(compiled.name),
        "compiled": compiled,
        "label": object_label(maker.session.snapshot, compiled.name),
        "plural": object_label(maker.session.snapshot, compiled.name, "plural"),
        "title": "" if seen is None else maker.cells.title(compiled, seen.record),
        "form": form,
        "is_new": seen is None,
        "base": base,
        "href": href,
        "action": f"{base}/new" if seen is None else f"{href}/edit",
        "reacts": f"{base}/new/form" if seen is None else f"{href}/form",
        "version": version,
        "key": key_of(sent),
        "passed": passed_on() if seen is None else [],
    }


def conflict_values(
    session: Session, frame: Frame, seen: Seen, sent: Submission
) -> dict[str, object]:
    """Give what `ui/conflict.html` shows."""
    shown = RecordPage(session, frame, seen)
    found = gather_conflict(shown.cells, frame.formats, seen, sent)
    who = shown.cells.column(seen.object.name, "updated_by")
    at = shown.cells.column(seen.object.name, "updated_at")
    return {
        "frame": frame,
        "fmt": frame.formats,
        **shown.head(),
        "object_name": str(seen.object.name),
        "fields": found.fields,
        "others": found.others,
        "was": found.was,
        "who": None if who is None else shown.cells.cell(who, seen.record),
        "when": None if at is None else shown.cells.cell(at, seen.record),
    }


def gone_values(
    session: Session, frame: Frame, compiled: CompiledObject, sent: Submission
) -> dict[str, object]:
    """Give what `ui/form_gone.html` shows: the form as that of a new record, and the way back."""
    record_id = sent.record_id or 0
    is_id = 0 < record_id < 2**53
    binned = look_at(session, compiled, record_id, is_bin=True) if is_id else None
    rights = session.unit.access.of(compiled.name)
    may_restore = binned is not None and binned.may_edit and rights.may("delete")
    maker = maker_of(session, frame, compiled, sent=sent)
    values = form_values(frame, maker, sent)
    return {
        **values,
        "may_create": rights.may("create"),
        "was_title": "" if binned is None else maker.cells.title(compiled, binned.record),
        "restores": f"{frame.root}/o/{compiled.name}/{record_id}/edit" if may_restore else "",
        "is_gone": True,
    }


def given_values(session: Session, frame: Frame, compiled: CompiledObject) -> dict[str, Value]:
    """Read first values out of the address: an action's, a copy's, single fields."""
    given: dict[str, Value] = {}
    source = number_of(request.args.get("_from", ""))
    if request.args.get("_action") and source:
        given |= first_values(session, compiled, request.args["_action"], source)
    copied = number_of(request.args.get("clone", ""))
    if copied:
        given |= copied_values(session, compiled, copied)
    sent = Submission(MultiDict(request.args))
    sent.read(session, compiled)
    for name, parts in sent.typed.items():
        column = sent.touched.get(name)
        if column is None:
            continue
        try:
            read = inputs.read(column, parts, frame.formats)
        except Mistyped:
            continue
        given[name] = read_value(compiled, name, read)
    return given


def copied_values(session: Session, compiled: CompiledObject, record: int) -> dict[str, Value]:
    """Give what a copy of a record starts with: what the visitor may read and type."""
    seen = look_at(session, compiled, record)
    if seen is None:
        raise NotFound
    return {
        str(name): seen.record.get(name)
        for name, known in compiled.fields.items()
        if seen.record.get(name) is not None
        and known.type.is_editable
        and not (known.decl.unique or known.decl.external_id)
        and name != "owner"
    }


def seen_to_edit(session: Session, name: str, record: int) -> Seen:
    """Read a record that the visitor may change. Raises: NotFound N100; AccessDenied A100."""
    if not 0 < record < 2**53:
        raise NotFound
    compiled = session.compiled(name)
    seen = look_at(session, compiled, record)
    if seen is None:
        raise NotFound
    if not session.unit.access.of(compiled.name).may("edit") or not seen.may_edit:
        raise AccessDenied(say("You may see this record, but not change it."))
    return seen


def ensure_may_create(session: Session, compiled: CompiledObject) -> None:
    """Refuse those who may not make records of an object. Raises: AccessDenied A100."""
    if not session.unit.access.of(compiled.name).may("create"):
        plural = object_label(session.snapshot, compiled.name, "plural").lower()
        raise AccessDenied(
            say("No permission set of yours lets you create {objects}.", objects=plural)
        )


def key_of(sent: Submission | None) -> str:
    """Give the key under which a form is saved once; a form that came back keeps its own."""
    kept = "" if sent is None else sent.key
    return kept or secrets.token_urlsafe(16)


def passed_on() -> list[tuple[str, str]]:
    """Give what links on the form of a new record must not lose."""
    source = request.args if request.method == "GET" else {}
    return [(key, value) for key, value in source.items() if key not in {"record_type", KEY}]


def number_of(text: str) -> int:
    """Read a whole number of an address; 0 for anything else."""
    is_id = text.isascii() and text.isdigit() and len(text) < len("9007199254740993")
    return int(text) if is_id else 0
