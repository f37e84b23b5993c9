"""A list in the shape that the address or the view asks for: table, board or calendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.session import Session
from ui.listing.asked import Asked
from ui.listing.board import board_field, gather_board
from ui.listing.counts import Counts
from ui.listing.export import may_export
from ui.listing.found import Listing
from ui.listing.months import gather_month, month_field
from ui.listing.page import gather_common, gather_table, make_listing
from web.frame import Frame
from web.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A shape that the list can take, and its address."""

    name: str
    label: str
    icon: str
    address: str


def gather_list(
    session: Session, frame: Frame, asked: Asked, counts: Counts, problems: Iterable[str] = ()
) -> dict[str, object]:
    """Gather a list. Raises: NotFound N100 for an object that the visitor may not read."""
    listing, views = make_listing(session, frame, asked, problems)
    by, at = board_field(listing), month_field(listing)
    wanted = "table" if asked.is_bin else asked.shape or listing.view.shape
    if wanted == "board" and by is not None:
        shown = {"shape": "board", "part": "ui/list_board.html", **gather_board(listing, by)}
    elif wanted == "calendar" and at is not None:
        shown = {"shape": "calendar", "part": "ui/list_month.html", **gather_month(listing, at)}
    else:
        if wanted != "table":
            listing.problems.append(
                say("This view cannot be drawn as it was meant to be; here it is as a table.")
            )
        table = gather_table(listing, counts)
        shown = {"shape": "table", "part": "ui/list_part.html", **table}
    return {
        **gather_common(listing, frame, views),
        **shown,
        "shapes": _shapes(listing, has_board=by is not None, has_month=at is not None),
        "export": asked.but().address("/export") if may_export(session) else "",
        "problems": listing.problems,
        "status": listing.status,
    }


def _shapes(listing: Listing, *, has_board: bool, has_month: bool) -> list[Shape]:
    offered = [("table", say("Table"), "table")]
    offered += [("board", say("Board"), "board")] if has_board else []
    offered += [("calendar", say("Calendar"), "calendar")] if has_month else []
    if len(offered) == 1 or listing.asked.is_bin:
        return []
    return [
        Shape(name=name, label=label, icon=icon, address=listing.asked.but(shape=name).address())
        for name, label, icon in offered
    ]
