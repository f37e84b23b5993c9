"""Search: records of every searchable object by their name, number, e-mail or phone.

One statement per object, over at most `MOST_OBJECTS` of them: those of the visitor's app first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from engine.compiled import CompiledObject
from engine.errors import RequestInvalid
from engine.names import FieldName, ObjectName
from engine.session import ListRequest, Record, Session
from ui.cells import Cell, Cells
from ui.columns import Column, paths_of
from ui.listing.asked import Asked
from ui.listing.filters import quoted
from ui.listing.views import usual_paths
from web.answers import is_part
from web.frame import HTML, Frame, make_frame, object_label, page
from web.visit import visit

MOST_OBJECTS = 10
EACH = 6
SHORTEST, LONGEST = 2, 100
_BY_TYPE = frozenset({"auto_number", "email", "phone"})
_TEXTS = frozenset({"text", "email", "phone", "url", "auto_number"})
_MOST_FIELDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A record that was found: its name, where its page is, and what else a line tells of it."""

    name: str
    href: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What was found of one object. `all`: the address of the list of all of it, "" if complete."""

    label: str
    icon: str
    hits: tuple[Hit, ...]
    all: str


def add_search(blueprint: Blueprint) -> None:
    """Name the address of the search."""
    blueprint.add_url_rule("/search", "search", show_search)


def show_search() -> Response:
    """Show what a text finds; a part of it to htmx."""
    visited = visit()
    wanted = " ".join(request.args.get("q", "").split())[:LONGEST]

    def work(session: Session) -> dict[str, object]:
        frame = make_frame(session, visited)
        names = list(searchable(session, frame))
        groups = find(session, frame, names, wanted) if len(wanted) >= SHORTEST else []
        labels = [object_label(session.snapshot, name, "plural") for name in names]
        return {"frame": frame, "q": wanted, "groups": groups, "objects": labels}

    values = visited.read(work)
    if is_part():
        return Response(render_template("ui/search_part.html", **values), content_type=HTML)
    return page("ui/search.html", values)


def searchable(session: Session, frame: Frame) -> Iterator[ObjectName]:
    """Name the objects that are looked through, those of the app first."""
    model, access = session.snapshot.model, session.unit.access
    first = [ObjectName(item.object) for item in frame.items if item.object]
    found = 0
    for name in dict.fromkeys([*first, *model.objects]):
        is_declared = "search" in model.objects[name].features
        if is_declared and access.of(name).may("read") and _fields(session, model.objects[name]):
            yield name
            found += 1
        if found == MOST_OBJECTS:
            return


def find(session: Session, frame: Frame, names: list[ObjectName], wanted: str) -> list[Group]:
    """Look through objects; one whose name cannot be searched is left out."""
    cells = Cells(session, frame.formats, frame.root)
    groups = []
    for name in names:
        compiled = session.snapshot.model.objects[name]
        where = " OR ".join(
            f"CONTAINS(UPPER({path}), UPPER({quoted(wanted)}))"
            for path in _fields(session, compiled)
        )
        columns = _beside(session, cells, compiled)
        fields = tuple(dict.fromkeys([*_title(compiled), *paths_of(columns)]))
        try:
            found = session.list(
                ListRequest(
                    object=name, where=where, fields=fields, limit=EACH, sort=("-updated_at",)
                )
            )
        except RequestInvalid:
            continue
        if found.records:
            more = Asked(root=frame.root, name=name, where=(where,)).address()
            hits = tuple(_hit(cells, compiled, columns, record) for record in found.records)
            label = object_label(session.snapshot, name, "plural")
            icon = compiled.icon or "box"
            groups.append(Group(label=label, icon=icon, hits=hits, all=more if found.next else ""))
    return groups


def _fields(session: Session, compiled: CompiledObject) -> list[str]:
    """Name the fields that are searched: the title, then numbers, e-mails and phones."""
    readable = session.unit.access.of(compiled.name).readable
    named = [*_title(compiled)]
    named += [str(n) for n, f in compiled.fields.items() if f.decl.type in _BY_TYPE]
    return [
        name
        for name in dict.fromkeys(named)
        if compiled.fields[FieldName(name)].bit & readable and _is_text(compiled, name)
    ][:_MOST_FIELDS]


def _is_text(compiled: CompiledObject, name: str) -> bool:
    declared = compiled.fields[FieldName(name)].decl
    return str(declared.option("returns", declared.type)) in _TEXTS


def _title(compiled: CompiledObject) -> list[str]:
    return [str(compiled.title)] if compiled.title else []


def _beside(session: Session, cells: Cells, compiled: CompiledObject) -> tuple[Column, ...]:
    """Give two columns that tell records of one name apart."""
    paths = [path for path in usual_paths(session, compiled) if path != compiled.title]
    return cells.columns(compiled.name, paths)[:2]


def _hit(
    cells: Cells, compiled: CompiledObject, columns: tuple[Column, ...], record: Record
) -> Hit:
    shown = (cells.cell(column, record) for column in columns)
    return Hit(
        name=cells.title(compiled, record),
        href=cells.record_link(compiled.name, record["id"]),
        cells=tuple(cell for cell in shown if cell.kind != "blank"),
    )
