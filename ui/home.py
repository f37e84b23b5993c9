"""The home page: the visitor's own work, out of what their app declares. No object by name.

Views of the app's items become tiles with counts and totals and lists of what is first; a board
becomes bars; what changed lately stands beside. Statements are bounded by the constants below.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from babel.dates import format_date
from werkzeug.wrappers import Response

from engine.errors import PatronError
from engine.session import ListRequest, Record, Session
from ui.cells import Cell
from ui.columns import paths_of
from ui.listing.asked import Asked
from ui.listing.board import board_field, measure_lanes
from ui.listing.counts import Counted, measure
from ui.listing.found import Listing
from ui.listing.page import Row, make_listing
from ui.listing.views import visible_views
from web.formats import Formats
from web.frame import Frame, Item, make_frame, object_label, page
from web.texts import say
from web.visit import visit

MOST_VIEWS = 4  # tiles: one statement each
MOST_LISTS = 2  # of these views with their first rows: one more each
MOST_RECENT = 4  # objects whose last changes are looked at: one each
ROWS = 5
RECENT = 8
_MORNING, _EVENING = 5, 18  # hours of the day
_NOON = 12
_BESIDE = 3  # cells of a row beside its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A view of the app: how much is in it."""

    label: str
    address: str
    count: str
    total: Cell | None
    total_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A view of the app with its first records."""

    label: str
    icon: str
    address: str
    count: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One value of a board: its sum or count, and its length in percent of the longest."""

    label: str
    color: str
    text: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A record that was changed lately."""

    name: str
    href: str
    icon: str
    object: str
    ago: str


def show_home() -> Response:
    """Show the first page after signing in."""
    visited = visit()

    def work(session: Session) -> dict[str, object]:
        frame = make_frame(session, visited)
        return {"frame": frame, "fmt": frame.formats, **gather_home(session, frame)}

    return page("ui/home.html", visited.read(work))


def gather_home(session: Session, frame: Frame) -> dict[str, object]:
    """Gather the visitor's work: at most 1 + 4 + 2 + 4 + 1 statements beside entering."""
    listings = list(_views(session, frame))
    counted = [(listing, _measured(session, listing)) for listing in listings]
    filled = [one for one in counted if one[1] is not None and one[1].count]
    creatable = [item for item in frame.items if item.object and _may_create(session, item)]
    return {
        "greeting": _greeting(frame.formats, frame.now, frame.user_name),
        "today": format_date(
            frame.formats.local(frame.now), "EEEE d MMMM", locale=frame.formats.locale
        ),
        "tiles": [_tile(listing, found) for listing, found in counted],
        "works": [_work(session, *one) for one in (filled or counted)[:MOST_LISTS]],
        "bars": _bars(session, frame),
        "recent": _recent(session, frame),
        "creatable": [(item, object_label(session.snapshot, item.object)) for item in creatable],
    }


def _views(session: Session, frame: Frame) -> list[Listing]:
    """Begin the lists of the app's items that name a view."""
    found: list[Listing] = []
    for item in frame.items:
        if item.object and "?view=" in item.address and len(found) < MOST_VIEWS:
            name = item.address.partition("?view=")[2]
            asked = Asked(root=frame.root, name=item.object, view=name)
            listing, _all = make_listing(session, frame, asked)
            if listing.view.name == name:
                found.append(listing)
    return found


def _measured(session: Session, listing: Listing) -> Counted | None:
    follow = session.unit.planner.follow
    name = listing.compiled.name
    totals = [(p, how) for p, how in listing.view.totals.items() if follow(name, p) is not None]
    try:
        return measure(session, name, listing.whole(()), dict(totals[:1]))
    except PatronError:
        return None  # a view that filters by what the visitor may not read


def _tile(listing: Listing, counted: Counted | None) -> Tile:
    path, value = next(iter(counted.totals.items()), ("", None)) if counted else ("", None)
    column = listing.cells.column(listing.compiled.name, path) if path else None
    return Tile(
        label=listing.view.label,
        address=listing.asked.address(),
        count=listing.fmt.number(counted.count) if counted else "–",
        total=None if column is None else listing.cells.cell(column, {path: value}),
        total_label="" if column is None else column.label,
    )


def _work(session: Session, listing: Listing, counted: Counted | None) -> Work:
    view = listing.view.view
    paths = view.fields if view is not None else ()
    columns = [c for c in listing.cells.columns(listing.compiled.name, paths) if not c.is_title]
    kept = columns[:_BESIDE]
    rows: tuple[Row, ...] = ()
    if counted is not None and counted.count:
        records = session.list(replace(listing.request(kept, ()), limit=ROWS)).records
        listing.cells.load(kept, records)
        rows = tuple(
            Row(
                id=int(str(record["id"])),
                href=listing.cells.record_link(listing.compiled.name, record["id"]),
                name=listing.cells.title(listing.compiled, record),
                cells=tuple(
                    cell
                    for cell in (listing.cells.cell(column, record) for column in kept)
                    if cell.kind != "blank"
                ),
            )
            for record in records
        )
    return Work(
        label=listing.view.label,
        icon=listing.compiled.icon or "box",
        address=listing.asked.address(),
        count=listing.fmt.number(counted.count) if counted else "",
        rows=rows,
    )


def _bars(session: Session, frame: Frame) -> dict[str, object] | None:
    """Give the first board of the app's objects, as bars."""
    for item in frame.items:
        if not item.object:
            continue
        views = visible_views(session, session.compiled(item.object))
        board = next((view for view in views if view.shape == "board" and view.sum), None)
        if board is None:
            continue
        asked = Asked(root=frame.root, name=item.object, view=board.name)
        listing, _all = make_listing(session, frame, asked)
        bars = _lengths(session, listing)
        if bars:
            return {"label": board.label, "address": asked.address(), "bars": bars}
    return None


def _lengths(session: Session, listing: Listing) -> list[Bar]:
    by = board_field(listing)
    sums = listing.cells.column(listing.compiled.name, listing.view.sum)
    if by is None or sums is None:
        return []
    try:
        lanes = measure_lanes(session, listing.compiled.name, by, sums.path, listing.whole(()))
    except PatronError:
        return []
    filled = [lane for lane in lanes if lane.count]
    values = [float(str(lane.sum or 0)) for lane in filled]
    longest = max([abs(value) for value in values], default=0)
    return [
        Bar(
            label=lane.choice.label,
            color=lane.choice.color,
            text=listing.cells.cell(sums, {sums.path: lane.sum}).text or "–",
            length=round(100 * abs(value) / longest) if longest else 0,
        )
        for lane, value in zip(filled, values, strict=True)
    ]


def _recent(session: Session, frame: Frame) -> list[Recent]:
    """Give what changed last among the first objects of the app."""
    found: list[tuple[datetime, Recent]] = []
    for item in [one for one in frame.items if one.object][:MOST_RECENT]:
        asked = Asked(root=frame.root, name=item.object)
        listing, _all = make_listing(session, frame, asked)
        columns = listing.cells.columns(item.object, ["updated_at"])
        title = [str(listing.compiled.title)] if listing.compiled.title else []
        titles = listing.cells.columns(item.object, title)
        request = ListRequest(
            object=item.object,
            fields=paths_of((*columns, *titles)),
            sort=("-updated_at",),
            limit=ROWS,
        )
        if not columns:
            continue
        for record in session.list(request).records:
            at = record.get("updated_at")
            if isinstance(at, datetime):
                found.append((at, _recent_one(listing, item, record, at, frame)))
    found.sort(key=lambda pair: pair[0], reverse=True)
    return [recent for _, recent in found[:RECENT]]


def _recent_one(listing: Listing, item: Item, record: Record, at: datetime, frame: Frame) -> Recent:
    return Recent(
        name=listing.cells.title(listing.compiled, record),
        href=listing.cells.record_link(item.object, record["id"]),
        icon=item.icon,
        object=object_label(listing.session.snapshot, item.object),
        ago=frame.formats.ago(at, frame.now),
    )


def _may_create(session: Session, item: Item) -> bool:
    compiled = session.compiled(item.object)
    return session.unit.access.of(compiled.name).may("create") and not compiled.is_platform


def _greeting(fmt: Formats, now: datetime, name: str) -> str:
    first = name.partition(" ")[0]
    hour = fmt.local(now).hour
    if _MORNING <= hour < _NOON:
        return say("Good morning, {name}", name=first)
    if _NOON <= hour < _EVENING:
        return say("Good afternoon, {name}", name=first)
    return say("Good evening, {name}", name=first)
