"""A list as a board: a column per value of a picklist, with its count and sum; cards link on.

Three statements at most: enter, one aggregate for all columns, one read for all cards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.errors import RequestInvalid
from engine.model.fields.base import Value
from engine.session import Record, Session
from ui.cells import Cell
from ui.columns import Choice, Column, find_column
from ui.listing.filters import quoted
from ui.listing.found import Listing
from ui.listing.page import Row, shown_columns
from web.texts import say

CARDS = 200  # of the whole board, by the view's order
EACH = 25  # of one column
_ON_A_CARD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One value of a picklist: how many records have it, and their sum (None without one)."""

    choice: Choice
    count: int
    sum: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A column of a board. `more`: the list of all its records, "" when all of them are shown."""

    choice: Choice
    count: str
    sum: Cell | None
    cards: tuple[Row, ...]
    more: str


def board_field(listing: Listing) -> Column | None:
    """Give the picklist whose values are the columns: the view's, else the path's, else none."""
    session, compiled = listing.session, listing.compiled
    wanted = [listing.view.by] if listing.view.by else []
    for name, data in session.snapshot.model.declared.get("layout", {}).items():
        path = data.get("path")
        if name.startswith(f"{compiled.name}.") and isinstance(path, Mapping):
            wanted.append(str(path.get("field")))
    found = (find_column(session, compiled.name, path) for path in wanted)
    return next((c for c in found if c is not None and c.type == "picklist"), None)


def measure_lanes(
    session: Session, name: str, by: Column, total: str, where: str | None
) -> list[Measured]:
    """Count and sum the records of each value, in one statement; values in their own order."""
    measures = {"count": "COUNT()", **({"sum": f"SUM({total})"} if total else {})}
    try:
        rows = session.aggregate(name, where=where, group=(by.path,), measures=measures)
    except RequestInvalid:
        measures.pop("sum", None)
        rows = session.aggregate(name, where=where, group=(by.path,), measures=measures)
    found = {row[by.path]: row for row in rows}
    blank = Choice(name="", label=say("None"), color="", is_active=False)
    choices = [*by.choices.values(), blank]
    lanes = []
    for choice in choices:
        row = found.get(choice.name or None)
        if row is None and not choice.is_active:
            continue
        count = 0 if row is None else int(str(row["count"]))
        lanes.append(Measured(choice=choice, count=count, sum=row.get("sum") if row else None))
    return lanes


def gather_board(listing: Listing, by: Column) -> dict[str, object]:
    """Gather the columns and cards of a board."""
    filters = listing.read_filters()
    total = listing.view.sum
    sums = listing.cells.column(listing.compiled.name, total) if total else None
    measured = measure_lanes(
        listing.session,
        listing.compiled.name,
        by,
        total if sums is not None else "",
        listing.whole(filters),
    )
    columns = tuple(column for column in shown_columns(listing) if column.path != by.path)
    request = replace(listing.request((*columns, by), filters), limit=CARDS, after=None)
    page = listing.read_page(request)
    listing.names_of(page.records, columns)
    return {
        "lanes": _lanes(listing, by, measured, sums, columns[:_ON_A_CARD], page.records),
        "filters": filters,
        "view_words": listing.view_words(),
        "by": by,
    }


def _lanes(
    listing: Listing,
    by: Column,
    measured: Sequence[Measured],
    sums: Column | None,
    columns: Sequence[Column],
    records: Sequence[Record],
) -> list[Lane]:
    by_value: dict[str, list[Record]] = {}
    for record in records:
        by_value.setdefault(str(record.get(by.path) or ""), []).append(record)
    return [
        _lane(listing, by, one, sums, columns, by_value.get(one.choice.name, []))
        for one in measured
    ]


def _lane(
    listing: Listing,
    by: Column,
    measured: Measured,
    sums: Column | None,
    columns: Sequence[Column],
    records: Sequence[Record],
) -> Lane:
    cards = tuple(_card(listing, columns, record) for record in records[:EACH])
    where = f"{by.path} = {quoted(measured.choice.name)}"
    if not measured.choice.name:
        where = f"ISBLANK({by.path})"
    more = listing.asked.but(shape="table").with_filter(where).address()
    total = None
    if sums is not None and measured.sum is not None:
        total = listing.cells.cell(sums, {sums.path: measured.sum})
    return Lane(
        choice=measured.choice,
        count=listing.fmt.number(measured.count),
        sum=total,
        cards=cards,
        more=more if measured.count > len(cards) else "",
    )


def _card(listing: Listing, columns: Sequence[Column], record: Record) -> Row:
    number = int(str(record["id"]))
    cells = (listing.cells.cell(column, record) for column in columns if not column.is_title)
    return Row(
        id=number,
        href=listing.cells.record_link(listing.compiled.name, number),
        name=listing.cells.title(listing.compiled, record),
        cells=tuple(cell for cell in cells if cell.kind != "blank"),
    )
