"""A list as a month: records on the days of a date field, Monday first.

Three statements at most: enter and one read; what does not fit a day is a link to its list.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from babel.dates import format_date, get_day_names

from engine.model.fields.base import Value
from engine.session import Record
from ui.columns import Column, find_column
from ui.listing.asked import Asked
from ui.listing.found import Listing
from ui.listing.page import Row
from web.formats import Formats

MOST = 500  # records of a month
EACH = 4  # of one day
_DATES = frozenset({"date", "datetime"})
_EARLIEST, _LATEST = 1900, 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of a month's sheet. `more`: how many are not shown, as text, "" for none."""

    number: int
    label: str
    is_in_month: bool
    is_today: bool
    rows: tuple[Row, ...]
    more: str
    address: str


def month_field(listing: Listing) -> Column | None:
    """Give the date at which records stand: the view's, else none."""
    path = listing.view.date
    column = find_column(listing.session, listing.compiled.name, path) if path else None
    return column if column is not None and column.type in _DATES else None


def gather_month(listing: Listing, at: Column) -> dict[str, object]:
    """Gather the days of the month that the address names, else of the present one."""
    today = listing.fmt.local(listing.session.unit.now).date()
    first = _month(listing.asked.month, today)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    start, end = weeks[0][0], weeks[-1][-1] + timedelta(days=1)
    filters = listing.read_filters()
    bounds = _between(at, start, end, listing.fmt)
    request = listing.request((at,), filters, bounds)
    page = listing.read_page(replace(request, limit=MOST, sort=(at.path,), after=None))
    by_day: dict[date, list[Record]] = {}
    for record in page.records:
        day = _day(record.get(at.path), listing.fmt)
        if day is not None:
            by_day.setdefault(day, []).append(record)
    return {
        "weeks": [
            [_sheet(listing, at, day, first, today, by_day.get(day, [])) for day in week]
            for week in weeks
        ],
        "day_names": _day_names(listing.fmt),
        "month_label": format_date(first, "LLLL y", locale=listing.fmt.locale),
        "month_before": _to_month(listing.asked, first - timedelta(days=1)),
        "month_after": _to_month(listing.asked, first + timedelta(days=31)),
        "month_now": listing.asked.but(month="").address(),
        "filters": filters,
        "view_words": listing.view_words(),
        "is_cut": page.next is not None,
    }


def _sheet(
    listing: Listing, at: Column, day: date, first: date, today: date, records: list[Record]
) -> Day:
    bounds = _between(at, day, day + timedelta(days=1), listing.fmt)
    left = len(records) - EACH
    return Day(
        number=day.day,
        label=listing.fmt.day(day),
        is_in_month=day.month == first.month,
        is_today=day == today,
        rows=tuple(_row(listing, record) for record in records[:EACH]),
        more=listing.fmt.number(left) if left > 0 else "",
        address=listing.asked.but(shape="table", month="").with_filter(bounds).address(),
    )


def _row(listing: Listing, record: Record) -> Row:
    number = int(str(record["id"]))
    return Row(
        id=number,
        href=listing.cells.record_link(listing.compiled.name, number),
        name=listing.cells.title(listing.compiled, record),
        cells=(),
    )


def _between(at: Column, start: date, end: date, fmt: Formats) -> str:
    return f"{at.path} >= {_start(at, start, fmt)} AND {at.path} < {_start(at, end, fmt)}"


def _start(at: Column, day: date, fmt: Formats) -> str:
    """Write the beginning of a day in the visitor's zone, as the field compares."""
    if at.type == "date":
        return f"DATE({day.year}, {day.month}, {day.day})"
    local = datetime.combine(day, time(), fmt.zone)
    utc = local - (local.utcoffset() or timedelta())
    return f'DATETIMEVALUE("{utc:%Y-%m-%d %H:%M:%S}")'


def _day(value: Value, fmt: Formats) -> date | None:
    if isinstance(value, datetime):
        return fmt.local(value).date()
    return value if isinstance(value, date) else None


def _month(text: str, today: date) -> date:
    year, _, month = text.partition("-")
    is_written = year.isascii() and year.isdigit() and month.isascii() and month.isdigit()
    if not is_written or len(text) > len("2026-12"):
        return today.replace(day=1)
    is_there = _EARLIEST <= int(year) <= _LATEST and 1 <= int(month) <= len(calendar.month_name) - 1
    return date(int(year), int(month), 1) if is_there else today.replace(day=1)


def _to_month(asked: Asked, day: date) -> str:
    return asked.but(month=f"{day:%Y-%m}").address()


def _day_names(fmt: Formats) -> list[str]:
    names = get_day_names("abbreviated", locale=fmt.locale)
    return [names[day] for day in range(7)]
