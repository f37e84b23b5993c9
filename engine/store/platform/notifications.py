"""Notifications: short texts for one user about a record, read or not yet.

Rows of their own and no effects of the outbox: they leave nothing and need no delivery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.names import ObjectName
from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Something to tell a user; `key` is the same however often it is told."""

    user: int
    object: ObjectName | None
    record: int | None
    text: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notification as it is kept."""

    id: int
    object: ObjectName | None
    record: int | None
    text: str
    at: datetime
    is_read: bool


_PUT = """
INSERT INTO patron_notification (user_id, object, record, text, key, created_at)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
"""
_LIST = """
SELECT id, object, record, text, created_at, read_at FROM patron_notification
WHERE user_id = ? AND id < ? {} ORDER BY id DESC LIMIT ?
"""
_COUNT = """
SELECT count(*) FROM (SELECT 1 FROM patron_notification
                      WHERE user_id = ? AND read_at IS NULL LIMIT ?) AS unread
"""
_READ = "UPDATE patron_notification SET read_at = ? WHERE user_id = ? AND read_at IS NULL"
_FORGET = "DELETE FROM patron_notification WHERE created_at < ?"
_NEWEST = 2**62  # above every id


def put_notifications(tx: Tx, rows: Sequence[Notification], *, at: datetime) -> None:
    """Write notifications; one with a known key is left out. One statement, or none."""
    now = milliseconds(at)
    if rows:
        params = [(one.user, one.object, one.record, one.text, one.key, now) for one in rows]
        tx.many(native(tx, _PUT), params)


def list_notifications(
    tx: Tx, user: int, *, limit: int, before: int | None = None, only_unread: bool = False
) -> list[Told]:
    """Give a user's notifications, newest first; `before` is the last id of the page before."""
    sql = _LIST.format("AND read_at IS NULL" if only_unread else "")
    rows = tx.rows(native(tx, sql), (user, _NEWEST if before is None else before, limit))
    return [
        Told(
            id=int(row[0]),
            object=None if row[1] is None else ObjectName(row[1]),
            record=None if row[2] is None else int(row[2]),
            text=str(row[3]),
            at=instant_of(row[4]),
            is_read=row[5] is not None,
        )
        for row in rows
    ]


def count_unread(tx: Tx, user: int, *, most: int) -> int:
    """Count what a user has not read, up to `most`."""
    found = tx.row(native(tx, _COUNT), (user, most))
    return 0 if found is None else int(found[0])


def mark_read(tx: Tx, user: int, notification: int | None, *, at: datetime) -> int:
    """Note that a user has read one of their notifications, or all of them. Gives how many."""
    sql, params = _READ, [milliseconds(at), user]
    if notification is not None:
        sql, params = f"{_READ} AND id = ?", [*params, notification]
    return tx.run(native(tx, sql), params)


def is_told(tx: Tx, user: int, notification: int) -> bool:
    """Tell whether a notification is this user's."""
    sql = "SELECT 1 FROM patron_notification WHERE user_id = ? AND id = ?"
    return tx.row(native(tx, sql), (user, notification)) is not None


def forget_notifications(tx: Tx, *, before: datetime) -> int:
    """Forget notifications from before an instant. Gives how many."""
    return tx.run(native(tx, _FORGET), (milliseconds(before),))
