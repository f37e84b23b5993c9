"""Related lists of a record page: the first rows of each, one statement a list.

A list shows only for an object that the visitor may read, over a lookup that they may read too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from engine.compiled import CompiledObject
from engine.errors import RequestInvalid
from engine.model.fields.base import Value
from engine.session import ListRequest, Session
from ui.cells import Cell, Cells
from ui.columns import Column, paths_of
from ui.layouts import RelatedList
from ui.links import fill_in
from web.frame import object_label
from web.texts import say

ROWS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A related record: where it is, what it is called, its cells."""

    href: str
    name: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """The rows of a related list. `all`: the address of the whole list; `new`: "" for who may not.

    `problem`: why there are no rows to show, in a sentence.
    """

    label: str
    one: str
    icon: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    has_more: bool
    all: str
    new: str
    problem: str = ""


def is_open(session: Session, related: RelatedList) -> bool:
    """Tell whether the visitor may see a related list at all."""
    access = session.unit.access.of(related.object)
    via = session.snapshot.model.objects[related.object].fields.get(related.via)
    return via is not None and access.may("read") and bool(access.readable & via.bit)


def gather_related(
    session: Session,
    cells: Cells,
    root: str,
    related: RelatedList,
    record: Mapping[str, Value],
) -> Related:
    """Read the first rows of a related list: one statement, and one for lookups to several."""
    compiled = session.compiled(related.object)
    columns = cells.columns(compiled.name, related.fields)
    where = f"{related.via} = {record['id']}"
    if related.where:
        where = f"{where} AND ({fill_in(related.where, compiled, record)})"
    base = f"{root}/o/{compiled.name}"
    may_add = session.unit.access.of(compiled.name).may("create")
    query = urlencode([(str(related.via), str(record["id"]))])
    rows, has_more, problem = _rows(session, cells, compiled, columns, related, where)
    return Related(
        label=related.label,
        one=object_label(session.snapshot, compiled.name),
        icon=compiled.icon or "box",
        columns=columns,
        rows=rows,
        has_more=has_more,
        all=f"{base}?{urlencode({'where': where})}",
        new=f"{base}/new?{query}" if may_add else "",
        problem=problem,
    )


def _rows(
    session: Session,
    cells: Cells,
    compiled: CompiledObject,
    columns: Sequence[Column],
    related: RelatedList,
    where: str,
) -> tuple[list[Row], bool, str]:
    title = () if compiled.title is None else (str(compiled.title),)
    named = cells.columns(compiled.name, title)
    access = session.unit.planner
    sort = tuple(
        path
        for path in related.sort
        if access.follow(compiled.name, path.removeprefix("-")) is not None
    )
    request = ListRequest(
        object=compiled.name,
        where=where,
        fields=paths_of((*columns, *named)),
        sort=sort,
        limit=ROWS,
    )
    try:
        page = session.list(request)
    except RequestInvalid:
        return [], False, say("This list looks at a field that you may not read.")
    cells.load(columns, page.records)
    rows = [
        Row(
            href=cells.record_link(compiled.name, record["id"]),
            name=cells.title(compiled, record),
            cells=[cells.cell(column, record) for column in columns],
        )
        for record in page.records
    ]
    return rows, page.next is not None, ""
