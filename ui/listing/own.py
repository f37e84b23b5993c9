"""Views of the visitor's own: what a list shows, kept under a name, opened and deleted again.

A list is its address, and so is a view of one's own: opening it leads to the address that it keeps,
with its number beside, so that chips, columns and order are changed as on any list. The menu of
views asks for them when it is opened; a list that is opened costs no statement for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from engine.errors import RequestInvalid
from engine.names import ObjectName
from engine.saving.own_views import Asks, OwnView
from engine.session import Session
from ui.listing.asked import SHAPES, Asked, read_asked
from ui.listing.wording import Speaker
from web.answers import go, is_part
from web.frame import HTML, make_frame, object_label, page
from web.texts import say
from web.visit import visit

if TYPE_CHECKING:
    from engine.compiled import CompiledObject
    from web.formats import Formats


def add_own_views(blueprint: Blueprint) -> None:
    """Name the addresses."""
    add = blueprint.add_url_rule
    add("/o/<object>/views", "own_views", show_own)
    add("/o/<object>/views", "keep_view", keep_own, methods=["POST"])
    add("/o/<object>/views/<int:view>", "own_view", open_own)
    add("/o/<object>/views/<int:view>/delete", "drop_view", drop_own, methods=["POST"])


def show_own(object: str) -> AnyResponse:
    """Show the visitor's views of an object, and the form that keeps what the address asks for."""
    asked = read_asked(visit().root, object, request.args)
    if is_part():
        values = visit().read(lambda session: _gather(session, asked))
        return Response(render_template("ui/own_views_part.html", **values), content_type=HTML)
    return _shown(asked)


def keep_own(object: str) -> AnyResponse:
    """Keep what the list asks for under a name, and lead back to it."""
    asked, label = read_asked(visit().root, object, request.form), request.form.get("label", "")

    def work(session: Session) -> OwnView:
        return session.own_views.keep(session.compiled(object), label, asks_of(asked))

    try:
        kept = visit().write(work)
    except RequestInvalid as refused:
        said = [one.message for one in refused.errors] or [refused.message]
        return _shown(asked, label=label, problems=said, status=refused.status)
    return go(asked.but(own=kept.id).address())


def open_own(object: str, view: int) -> AnyResponse:
    """Lead to the address that a view keeps. Raises: NotFound N100 for one of somebody else."""

    def work(session: Session) -> str:
        found = session.own_views.get(session.compiled(object), view)
        return address_of(visit().root, found)

    return go(visit().read(work))


def drop_own(object: str, view: int) -> AnyResponse:
    """Forget a view. Raises: NotFound N100."""
    visit().write(lambda session: session.own_views.drop(session.compiled(object), view))
    return go(f"{visit().root}/o/{object}/views")


def asks_of(asked: Asked) -> Asks:
    """Give what an address asks for as a view keeps it."""
    return Asks(
        where=asked.where,
        fields=asked.columns,
        sort=asked.sort,
        view=asked.view,
        shape=asked.shape,
    )


def address_of(root: str, own: OwnView) -> str:
    """Give the address that a view keeps."""
    asks = own.asks
    return Asked(
        root=root,
        name=own.object,
        view=asks.view,
        columns=asks.fields,
        sort=asks.sort,
        where=asks.where,
        shape=asks.shape if asks.shape in SHAPES else "",
        own=own.id,
    ).address()


def label_of(session: Session, compiled: CompiledObject, asked: Asked) -> str:
    """Name the view of one's own that a list was opened by, as far as it still shows that.

    One statement, none where the address names no such view. Whoever was sent somebody else's
    address reads the list without its name.
    """
    mine = session.own_views.of_object(compiled) if asked.own else []
    found = next((one for one in mine if one.id == asked.own), None)
    if found is None:
        return ""
    if found.asks == asks_of(asked):
        return found.label
    return say("{view}, changed", view=found.label)


def _shown(
    asked: Asked, *, label: str = "", problems: list[str] | None = None, status: int = 200
) -> AnyResponse:
    values = visit().read(lambda session: _gather(session, asked))
    told = {"typed": label, "problems": problems or []}
    return page("ui/own_views.html", {**values, **told}, status=status)


def _gather(session: Session, asked: Asked) -> Mapping[str, object]:
    compiled = session.compiled(asked.name)
    frame = make_frame(session, visit())
    mine = session.own_views.of_object(compiled)
    return {
        "frame": frame,
        "compiled": compiled,
        "plural": object_label(session.snapshot, compiled.name, "plural"),
        "asked": asked,
        "base": asked.base,
        "current": asked.own,
        "views": [(one, f"{asked.base}/views/{one.id}") for one in mine],
        "words": _words(session, frame.formats, compiled, asked),
        "share": _sharing(session, asked),
    }


def _words(session: Session, fmt: Formats, compiled: CompiledObject, asked: Asked) -> list[str]:
    """Put what would be kept into words; a filter that is wrong stands as it was typed."""
    speaker, found = Speaker(session, compiled.name, fmt), []
    for text in asked.where:
        try:
            made = session.unit.planner.expression(compiled.name, text, "where", [])
        except RequestInvalid:
            found.append(text)
        else:
            found.append(speaker.whole(made))
    return found


def _sharing(session: Session, asked: Asked) -> list[tuple[str, str]]:
    """Give what a view for everybody would begin with, to who may customize.

    The view that the list stands on is part of what it shows.
    """
    if "customize" not in session.unit.access.permissions:
        return []
    view = session.snapshot.model.views.get(ObjectName(asked.name), {}).get(asked.view)
    own = [] if view is None or view.where is None else [view.where.text]
    texts = [*own, *asked.where]
    given = [
        ("parent", asked.name),
        ("where", " AND ".join(f"({text})" for text in texts) if texts[1:] else "".join(texts)),
        ("fields", ",".join(asked.columns or (() if view is None else view.fields))),
        ("sort", ",".join(asked.sort or (() if view is None else view.sort))),
    ]
    return [(name, text) for name, text in given if text]
