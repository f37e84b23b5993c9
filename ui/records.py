"""The addresses of records, below /e/<environment>/o/<name>: pages, and what changes them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from engine.errors import AccessDenied, NotFound, PatronError
from engine.model.fields.links import MAX_ID
from engine.session import Seen, Session
from ui import record_forms
from ui.layouts import look_at
from ui.links import Links
from ui.record_page import RecordPage
from ui.submitting import Submission
from web.answers import go, is_part
from web.frame import HTML, make_frame, page, show
from web.visit import visit

# Larger than any form that people fill in by hand, long texts included.
FORM_BYTES, FORM_PARTS = 8_000_000, 5_000


def add_records(blueprint: Blueprint) -> None:
    """Name the addresses; raise the limits of forms to what a record may hold."""
    blueprint.record_once(
        lambda state: state.app.config.update(
            MAX_FORM_MEMORY_SIZE=FORM_BYTES, MAX_FORM_PARTS=FORM_PARTS
        )
    )
    one = "/o/<name>/<int:record>"
    add = blueprint.add_url_rule
    add(one, "record", show_record)
    add(f"{one}/field/<field>", "field", show_field)
    add(f"{one}/field/<field>", "save_field", save_field, methods=["POST"])
    add(f"{one}/delete", "ask_delete", ask_delete)
    add(f"{one}/delete", "delete", delete, methods=["POST"])
    add(f"{one}/restore", "restore", restore, methods=["POST"])
    add("/o/<name>/suggest/<field>", "suggest", suggest)
    record_forms.add_forms(blueprint)


def show_record(name: str, record: int) -> AnyResponse:
    """Show a record; to htmx only its open tab."""
    template = "ui/record_tab.html" if _is_tab() else "ui/record.html"
    return _record_page(name, record, template, request.args.get("tab", ""))


def show_field(name: str, record: int, field: str) -> AnyResponse:
    """Give the editor of one field, in its place on the page; without a script, the whole form."""
    if not is_part():
        visit().read(lambda session: find_seen(session, name, record))
        return go(f"{visit().root}/o/{name}/{record}/edit#f-{field}")
    if request.args.get("cancel"):
        return _cell(name, record, field)
    return record_forms.field_editor(name, record, field)


def save_field(name: str, record: int, field: str) -> AnyResponse:
    """Save one field and give the page anew, for others may have changed with it."""
    sent = Submission(request.form, record)
    try:
        visit().write(lambda session: record_forms.save_in(session, name, sent))
    except PatronError as error:
        if not record_forms.gives_form_back(error, sent):
            raise
        if not is_part():
            return record_forms.refused(name, sent, error)
        return record_forms.field_refused(name, record, field, sent, error)
    if not is_part():
        return go(f"{visit().root}/o/{name}/{record}")
    response = _record_page(name, record, "ui/record_body.html", _tab_of_page())
    response.headers["HX-Retarget"] = "#record"
    response.headers["HX-Reswap"] = "outerHTML"
    return response


def ask_delete(name: str, record: int) -> AnyResponse:
    """Ask before a record is deleted: for browsers without a script."""

    def work(session: Session) -> dict[str, object]:
        shown = _open(session, name, record)
        head = shown.head()
        if not head["may_delete"]:
            raise AccessDenied("You may see this record, but not delete or restore it.")
        return {**head, "object_name": str(shown.object.name)}

    return show("ui/record_delete.html", work)


def delete(name: str, record: int) -> AnyResponse:
    """Put a record into the bin and show it there, with the way back."""
    ensure_id(record)
    visit().write(lambda session: session.delete(name, record))
    return go(f"{visit().root}/o/{name}/{record}")


def restore(name: str, record: int) -> AnyResponse:
    """Take a record out of the bin."""
    ensure_id(record)
    visit().write(lambda session: session.restore(name, record))
    return go(f"{visit().root}/o/{name}/{record}")


def suggest(name: str, field: str) -> AnyResponse:
    """Give the records that a lookup may mean, as options of its list."""

    def work(session: Session) -> dict[str, object]:
        frame = make_frame(session, visit())
        compiled = session.compiled(name)
        maker = record_forms.maker_of(session, frame, compiled)
        column = maker.cells.column(compiled.name, field)
        if column is None or not column.is_link:
            raise NotFound
        typed = request.args.get(f"{field}.text", request.args.get("q", ""))
        if typed == request.args.get(f"{field}.shown", ""):
            typed = ""  # nothing was typed yet: the first few
        links = Links(session, maker.cells, maker.values)
        wanted = request.args.get(f"{field}.object", "")
        return {"options": links.suggest(column, typed, wanted), "field": field}

    text = render_template("ui/suggestions.html", **visit().read(work))
    return Response(text, content_type=HTML)


def ensure_id(record: int) -> None:
    """Refuse a number that no record can have. Raises: NotFound N100."""
    if not 0 < record <= MAX_ID:
        raise NotFound


def find_seen(session: Session, name: str, record: int) -> Seen:
    """Read a record, in the bin too. Raises: NotFound N100 when hidden or absent."""
    ensure_id(record)
    compiled = session.compiled(name)
    seen = look_at(session, compiled, record) or look_at(session, compiled, record, is_bin=True)
    if seen is None:
        raise NotFound
    return seen


def _open(session: Session, name: str, record: int) -> RecordPage:
    return RecordPage(session, make_frame(session, visit()), find_seen(session, name, record))


def _record_page(name: str, record: int, template: str, tab: str) -> AnyResponse:
    upper = record_forms.number_of(request.args.get("before", "")) or None

    def work(session: Session) -> dict[str, object]:
        shown = _open(session, name, record)
        frame = {"frame": shown.frame, "fmt": shown.frame.formats}
        if template == "ui/record_tab.html":
            return {**frame, "href": shown.href, **shown.tab(tab, upper)}
        return {**frame, **shown.gather(tab, upper)}

    values = visit().read(work)
    if template == "ui/record.html":
        return page(template, values)
    return Response(render_template(template, **values), content_type=HTML)


def _cell(name: str, record: int, field: str) -> AnyResponse:
    """Give a field as it is shown, after its editor was left."""

    def work(session: Session) -> dict[str, object]:
        shown = _open(session, name, record)
        fact = shown.fact(field)
        if fact is None:
            raise NotFound
        return {"fact": fact}

    text = render_template("ui/record_fact.html", **visit().read(work))
    return Response(text, content_type=HTML)


def _is_tab() -> bool:
    return is_part() and request.args.get("part") == "tab"


def _tab_of_page() -> str:
    """Give the tab that is open on the page which sent a part of itself."""
    query = urlsplit(request.headers.get("HX-Current-URL", "")).query
    return parse_qs(query).get("tab", [""])[0]
