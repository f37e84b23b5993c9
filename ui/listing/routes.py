"""The addresses of lists, below /e/<environment>/o/<object>."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from engine.errors import NotFound, RequestInvalid
from engine.session import Session
from ui.columns import find_column
from ui.listing.asked import Asked, read_asked
from ui.listing.counts import Counts
from ui.listing.export import export_list
from ui.listing.filters import DAYS, BadFilter, operators_of, write_filter
from ui.listing.mass import DELETE, MERGE, RESTORE, carry_out, read_ids
from ui.listing.shapes import gather_list
from web.answers import go, is_part
from web.frame import HTML, make_frame, page
from web.texts import later, say
from web.visit import visit


class ListRoutes:
    """Views of a list. `counts` remembers what was counted lately in this process."""

    def __init__(self) -> None:
        self._counts = Counts()

    def add_to(self, blueprint: Blueprint) -> None:
        """Name the addresses."""
        blueprint.add_url_rule("/o/<object>", "list", self.show)
        blueprint.add_url_rule("/o/<object>/filter", "filter", self.add_filter)
        blueprint.add_url_rule("/o/<object>/columns", "columns", self.choose_columns)
        blueprint.add_url_rule("/o/<object>/export", "export", self.export)
        blueprint.add_url_rule("/o/<object>/mass", "mass", self.change_many, methods=["POST"])

    def show(self, object: str) -> Response:
        """Show a list; a part of it to htmx."""
        asked = read_asked(visit().root, object, request.args)
        return self._page(asked)

    def add_filter(self, object: str) -> Response:
        """Write a filter out of the form and lead to the list with it."""
        asked = read_asked(visit().root, object, request.args)
        expression = request.args.get("expression", "").strip()
        if expression:
            return go(asked.but(where=(*asked.where, expression)).address())
        try:
            text = visit().read(lambda session: _written(session, asked, request.args))
        except BadFilter as bad:
            return self._page(replace(asked, filter=request.args.get("field", "")), [str(bad)])
        return go(asked.with_filter(text).address())

    def choose_columns(self, object: str) -> Response:
        """Take the columns that somebody ticked, in the order of their numbers."""
        asked = read_asked(visit().root, object, MultiDict(request.args))
        chosen = request.args.getlist("column")
        places = {path: request.args.get(f"at.{path}", "") for path in chosen}
        order = sorted(chosen, key=lambda path: _place(places[path]))
        return go(asked.but(columns=tuple(order)).address())

    def export(self, object: str) -> Response:
        """Give what the list finds as a file."""
        visited = visit()
        asked = read_asked(visited.root, object, request.args)

        def work(session: Session) -> str:
            return export_list(session, make_frame(session, visited), asked)

        text = visited.write(work)
        answer = Response("\ufeff" + text, content_type="text/csv; charset=utf-8")
        answer.headers.set("Content-Disposition", "attachment", filename=f"{asked.name}.csv")
        return answer

    def change_many(self, object: str) -> Response:
        """Delete, restore or merge what is ticked; what was refused is told above the list."""
        visited, form = visit(), request.form
        asked = read_asked(visited.root, object, form)
        if form.get("op") == MERGE:
            ids = ",".join(map(str, read_ids(form.getlist("id"))))
            return go(f"{visited.root}/o/{asked.name}/merge?{urlencode({'ids': ids})}")
        op = RESTORE if form.get("op") == RESTORE else DELETE
        result = carry_out(visited, object, op, read_ids(form.getlist("id")))
        if result.refused:
            return self._page(asked, result.refused)
        done = ",".join(map(str, result.done))
        return go(_with(asked.address(), {op: done} if done else {}))

    def _page(self, asked: Asked, problems: Iterable[str] = ()) -> Response:
        visited = visit()

        def work(session: Session) -> dict[str, object]:
            frame = make_frame(session, visited)
            return {
                **gather_list(session, frame, asked, self._counts, problems),
                **_told(request.args),
            }

        values = visited.read(work)
        status = int(str(values["status"])) if not problems else RequestInvalid.status
        if is_part():
            return Response(render_template(str(values["part"]), **values), content_type=HTML)
        return page("ui/list.html", values, status=status)


def _told(given: MultiDict[str, str]) -> dict[str, object]:
    """Say what was just done to many records, and offer to undo it."""
    for op, undo in ((DELETE, RESTORE), (RESTORE, DELETE)):
        ids = read_ids(given.get(op, "").split(","))
        if ids:
            texts = {
                DELETE: later("{count} moved to the bin."),
                RESTORE: later("{count} restored."),
            }
            return {"notice": say(texts[op], count=len(ids)), "undo": undo, "undo_ids": ids}
    return {}


def _written(session: Session, asked: Asked, given: MultiDict[str, str]) -> str:
    compiled = session.compiled(asked.name)
    column = find_column(session, compiled.name, given.get("field", ""))
    if column is None:
        raise NotFound
    op = given.get("op", "")
    wanted = next((one.asks for one in operators_of(column) if one.name == op), "")
    values = given.getlist("days" if wanted == DAYS else "value")
    fmt = make_frame(session, visit()).formats
    return write_filter(column, op, values, fmt)


def _with(address: str, more: Mapping[str, str]) -> str:
    """Add parameters that are no part of what a list asks for."""
    query = urlencode(more)
    return f"{address}{'&' if '?' in address else '?'}{query}" if query else address


def _place(text: str) -> tuple[int, int]:
    """Order by number; what has none comes last, in the order of the form."""
    return (
        (0, int(text)) if text.isascii() and text.isdigit() and len(text) < len("12345") else (1, 0)
    )
