"""A list as a page shows it: everything the templates need, gathered in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.compiled import CompiledObject
from engine.names import did_you_mean
from engine.session import Page, Record, Session
from ui.cells import Cell, Cells
from ui.columns import Column
from ui.listing.asked import SIZES, Asked
from ui.listing.counts import Counted, Counts
from ui.listing.filters import Operator, operators_of
from ui.listing.found import Listing
from ui.listing.own import label_of
from ui.listing.views import Shown, all_records, usual_paths, usual_view, visible_views
from web.frame import Frame, object_label
from web.texts import later, say

_UNSORTED = frozenset({"json", "address", "location", "file", "image", "rich_text", "long_text"})
_WIDTHS = {
    "number": "w-num",
    "currency": "w-num",
    "percent": "w-num",
    "rating": "w-num",
    "version": "w-num",
    "id": "w-num",
    "date": "w-date",
    "time": "w-date",
    "datetime": "w-moment",
    "checkbox": "w-check",
    "picklist": "w-tag",
    "long_text": "w-long",
    "rich_text": "w-long",
}
MEASURES = {
    "sum": later("Sum of {field}"),
    "avg": later("Average of {field}"),
    "min": later("Least {field}"),
    "max": later("Greatest {field}"),
    "count": later("Number of {field}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A column's head. `sorted`: ascending, descending or "" (as `aria-sort` has it)."""

    column: Column
    width: str
    sorted: str
    address: str
    is_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A record in a list: where its page is, its name, and its cells in the order of the heads."""

    id: int
    href: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the visitor may do with the object of a list."""

    create: bool
    edit: bool
    delete: bool


def make_listing(
    session: Session, frame: Frame, asked: Asked, problems: Iterable[str] = ()
) -> tuple[Listing, tuple[Shown, ...]]:
    """Begin a list: its object, its view, and all views that the visitor may open.

    Raises: NotFound N100 for an object that the visitor may not read.
    """
    compiled = session.compiled(asked.name)
    views = visible_views(session, compiled)
    view = next((v for v in views if v.name == asked.view), None)
    listing = Listing(
        session=session,
        fmt=frame.formats,
        asked=replace(asked, name=compiled.name),
        compiled=compiled,
        view=view or usual_view(session, compiled, views),
        cells=Cells(session, frame.formats, frame.root),
        problems=list(problems),
    )
    if asked.view and view is None:
        _no_view(listing, views)
    return listing, views


def gather_table(listing: Listing, counts: Counts) -> dict[str, object]:
    """Read one page of rows, with the count and totals of the whole filter."""
    asked = listing.asked
    columns = shown_columns(listing)
    filters = listing.read_filters()
    measures = _measures(listing)
    request = listing.request(columns, filters)
    is_further = bool(asked.after)
    known = counts.recent(listing.count_key(filters), listing.session.unit.now)
    known = known if is_further else None
    by_list = known is None and (not measures or asked.is_bin)
    page = listing.read_page(replace(request, count=by_list))
    counted = known or listing.count(counts, filters, page, measures)
    listing.names_of(page.records, columns)
    heads = _heads(listing, columns)
    return {
        "heads": heads,
        "rows": [_row(listing, heads, record) for record in page.records],
        "filters": filters,
        "view_words": listing.view_words(),
        "counted": counted,
        "totals": _totals(listing, counted),
        "pager": _pager(listing, page, counted),
        "sizes": [(size, asked.but(size=size).address()) for size in SIZES],
    }


def gather_common(listing: Listing, frame: Frame, views: Sequence[Shown]) -> dict[str, object]:
    """Give what every shape of a list shows around its records. Costs no statement."""
    session, compiled, asked = listing.session, listing.compiled, listing.asked
    return {
        "frame": frame,
        "fmt": frame.formats,
        "compiled": compiled,
        "label": object_label(session.snapshot, compiled.name),
        "plural": object_label(session.snapshot, compiled.name, "plural"),
        "description": compiled.description,
        "view": listing.view,
        "views": _menu(listing, views),
        "own_label": label_of(session, compiled, asked),
        "own_address": asked.but().address("/views"),
        "asked": asked,
        "rights": _rights(session, compiled),
        "form": _form(listing),
        "is_filtered": bool(asked.where),
        "object_name": compiled.name,
        "choosable": _choosable(listing),
        "bin_address": Asked(root=asked.root, name=compiled.name, is_bin=True).address(),
        "list_address": asked.but(is_bin=False, where=()).address(),
    }


def _menu(listing: Listing, views: Sequence[Shown]) -> list[tuple[Shown, str, bool]]:
    """List the views, each with its address and whether it is the one shown."""
    everything = all_records(listing.session, listing.compiled)
    has_whole = any(v.view is not None and v.view.where is None for v in views)
    offered = [*views] if has_whole else [*views, everything]
    plain = Asked(root=listing.asked.root, name=listing.compiled.name)
    return [
        (one, plain.but(view=one.name).address(), one.name == listing.view.name) for one in offered
    ]


def _no_view(listing: Listing, views: Sequence[Shown]) -> None:
    hint = did_you_mean(listing.asked.view, [view.name for view in views])
    sentence = say(
        "There is no view “{name}”, or it is not shared with you. Here is another one.",
        name=listing.asked.view[:80],
    )
    listing.problems.append(f"{sentence} {hint}".strip())
    listing.status = 404


def _rights(session: Session, compiled: CompiledObject) -> Rights:
    may = session.unit.access.of(compiled.name).may
    is_ours = compiled.is_platform
    return Rights(
        create=may("create") and not is_ours,
        edit=may("edit") and not is_ours,
        delete=may("delete") and not is_ours,
    )


def shown_columns(listing: Listing) -> tuple[Column, ...]:
    """Give the columns: the visitor's choice, else the view's, else the usual ones."""
    name, asked = listing.compiled.name, listing.asked
    if asked.columns:
        columns = listing.cells.columns(name, asked.columns)
        known = {column.path for column in columns}
        unknown = [path for path in asked.columns if path not in known]
        if unknown:
            listing.problems.append(
                say("There is no field “{name}” to show.", name=unknown[0][:80])
            )
            listing.status = 422
        if columns:
            return columns
    own = listing.view.view.fields if listing.view.view is not None else ()
    columns = listing.cells.columns(name, own) if own else ()
    return columns or listing.cells.columns(
        name, [*usual_paths(listing.session, listing.compiled), "id"][:7]
    )


def _heads(listing: Listing, columns: Sequence[Column]) -> list[Header]:
    view_sort = listing.view.view.sort if listing.view.view is not None else ()
    order = listing.asked.sort or view_sort
    first = order[0] if order else ""
    titles = [place for place, column in enumerate(columns) if column.is_title]
    plain = [place for place, column in enumerate(columns) if not column.is_link]
    key = (titles or plain or [-1])[0]
    return [
        _head(listing, column, first, is_key=place == key) for place, column in enumerate(columns)
    ]


def _head(listing: Listing, column: Column, first: str, *, is_key: bool) -> Header:
    path = column.title_path if column.is_link and column.title_path else column.path
    is_by_it = first.removeprefix("-") in {path, column.path}
    is_down = is_by_it and first.startswith("-")
    wanted = path if is_down or not is_by_it else f"-{path}"
    is_sortable = column.type not in _UNSORTED
    return Header(
        column=column,
        width="w-key" if is_key else _WIDTHS.get(column.type, "w-text"),
        sorted=("descending" if is_down else "ascending") if is_by_it else "",
        address=listing.asked.but(sort=(wanted,)).address() if is_sortable else "",
        is_key=is_key,
    )


def _row(listing: Listing, heads: Sequence[Header], record: Record) -> Row:
    number = int(str(record["id"]))
    return Row(
        id=number,
        href=listing.cells.record_link(listing.compiled.name, number),
        name=listing.cells.title(listing.compiled, record),
        cells=tuple(listing.cells.cell(head.column, record) for head in heads),
    )


def _measures(listing: Listing) -> dict[str, str]:
    """Give the view's totals over fields that the visitor may read."""
    follow = listing.session.unit.planner.follow
    name = listing.compiled.name
    given = listing.view.totals.items()
    return {path: how for path, how in given if how in MEASURES and follow(name, path) is not None}


def _totals(listing: Listing, counted: Counted | None) -> list[tuple[str, Cell]]:
    shown = []
    for path, value in (counted.totals if counted else {}).items():
        column = listing.cells.column(listing.compiled.name, path)
        how = listing.view.totals.get(path, "sum")
        if column is not None:
            label = say(MEASURES[how], field=column.label.lower())
            shown.append((label, listing.cells.cell(column, {path: value})))
    return shown


def _pager(listing: Listing, page: Page, counted: Counted | None) -> dict[str, object]:
    asked, fmt = listing.asked, listing.fmt
    is_first = page.previous is None
    before = 0 if is_first else asked.start
    first, last = before + 1, before + len(page.records)
    following = previous = None
    if page.next is not None:
        following = asked.but(after=page.next, start=last).address()
    if page.previous is not None:
        previous = asked.but(after=page.previous, start=max(0, before - asked.size)).address()
    return {
        "first": fmt.number(first),
        "last": fmt.number(last),
        "count": _said(counted, fmt.number) if counted else "",
        "many": fmt.number(len(page.records)),
        "next": following,
        "previous": previous,
    }


def _said(counted: Counted, number: object) -> str:
    text = number(counted.count) if callable(number) else str(counted.count)
    return f"{text}+" if counted.is_at_least else str(text)


def _choosable(listing: Listing) -> list[Column]:
    """Give every field that may be a column or filtered by, by label."""
    session, compiled = listing.session, listing.compiled
    readable = session.unit.access.of(compiled.name).readable
    names = [str(n) for n, f in compiled.fields.items() if readable & f.bit and n != "version"]
    found = listing.cells.columns(compiled.name, names)
    return sorted(found, key=lambda column: column.label.casefold())


def _form(listing: Listing) -> Mapping[str, object] | None:
    """Give the filter that is being written: its field, operators and what they ask for."""
    wanted = listing.asked.filter
    if not wanted:
        return None
    if wanted == "expression":
        return {"column": None}
    column = listing.cells.column(listing.compiled.name, wanted)
    if column is None:
        return None
    operators: tuple[Operator, ...] = operators_of(column)
    return {
        "column": column,
        "operators": operators,
        "asks": sorted({one.asks for one in operators if one.asks}),
        "choices": list(column.choices.values()),
    }
