"""Notifications on screens: the bell's number, the page, and noting what was read.

The number is asked by the page for itself, after it stands: no page waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from engine.errors import NotFound
from engine.session import Session
from engine.store.platform.notifications import (
    Told,
    count_unread,
    list_notifications,
    mark_read,
)
from web.answers import go
from web.frame import make_frame, object_label, page
from web.visit import visit

SIZE = 50
MOST_SHOWN = 99  # beside the bell


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A notification as the page shows it; `object` is "" where it leads to no record."""

    id: int
    text: str
    object: str
    ago: str
    at: str
    is_read: bool


def add_notifications(blueprint: Blueprint) -> None:
    """Name the addresses of notifications."""
    add = blueprint.add_url_rule
    add("/notifications", "notifications", show_notifications)
    add("/notifications", "read_notifications", read_notifications, methods=["POST"])
    add("/notifications/count", "unread", show_unread)


def show_notifications() -> Response:
    """Show the visitor's notifications, newest first."""
    visited = visit()
    before = request.args.get("before", "")

    def work(session: Session) -> Mapping[str, object]:
        unit, frame = session.unit, make_frame(session, visited)
        found = list_notifications(
            unit.tx, unit.me, limit=SIZE + 1, before=int(before) if before.isdecimal() else None
        )
        lines = list(_lines(session, found[:SIZE]))
        return {
            "frame": frame,
            "lines": [
                Line(**one, ago=frame.formats.ago(at, frame.now), at=frame.formats.moment(at))  # type: ignore[arg-type]  # by name, in their types
                for one, at in lines
            ],
            "unread": sum(not one.is_read for one in found),
            "older": found[SIZE - 1].id if len(found) > SIZE else None,
        }

    return page("ui/notifications.html", visited.read(work))


def read_notifications() -> Response:
    """Note that one was read, and lead to its record; or that all of them were.

    Raises: NotFound N100 for one that is not the visitor's.
    """
    number = request.form.get("open", "")

    def work(session: Session) -> Told | None:
        unit = session.unit
        if not number.isdecimal():
            mark_read(unit.tx, unit.me, None, at=unit.now)
            return None
        found = list_notifications(unit.tx, unit.me, limit=1, before=int(number) + 1)
        if not found or found[0].id != int(number):
            raise NotFound
        mark_read(unit.tx, unit.me, found[0].id, at=unit.now)
        return found[0]

    told = visit().write(work)
    root = visit().root
    if told is None or told.object is None or told.record is None:
        return go(f"{root}/notifications")
    return go(f"{root}/o/{told.object}/{told.record}")


def show_unread() -> Response:
    """Answer with the number beside the bell."""

    def work(session: Session) -> int:
        return count_unread(session.unit.tx, session.unit.me, most=MOST_SHOWN + 1)

    number = visit().read(work)
    shown = f"{MOST_SHOWN}+" if number > MOST_SHOWN else str(number)
    text = render_template("ui/unread.html", number=number, shown=shown)
    return Response(text, content_type="text/html; charset=utf-8")


def _lines(session: Session, found: Sequence[Told]) -> Iterator[tuple[dict[str, object], object]]:
    """Give what the page shows of each, and its instant."""
    known = session.snapshot.model.objects
    for one in found:
        is_there = one.object in known and one.record is not None
        label = object_label(session.snapshot, str(one.object)) if is_there else ""
        yield {"id": one.id, "text": one.text, "object": label, "is_read": one.is_read}, one.at
