"""Shares by hand: single records opened to somebody, for good or until an instant."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from engine.names import ObjectName
from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One share. `principal` as rules write groups ("role:emea"), or "user:12"."""

    id: int
    record: int
    principal: str
    access: str  # read | edit
    until: datetime | None
    created_at: datetime
    created_by: int


_PUT = """
INSERT INTO patron_share (record, object, principal, access, until, created_at, created_by)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (record, principal) DO UPDATE SET access = excluded.access, until = excluded.until,
    created_at = excluded.created_at, created_by = excluded.created_by
RETURNING id
"""
_LIST = """
SELECT id, record, principal, access, until, created_at, created_by FROM patron_share
WHERE record = ? ORDER BY id
"""
_DELETE = "DELETE FROM patron_share WHERE record = ? AND id = ?"


def put_share(
    tx: Tx,
    *,
    record: int,
    object: ObjectName,
    principal: str,
    access: str,
    until: datetime | None,
    at: datetime,
    by: int,
) -> int:
    """Share a record; an older share with the same group is replaced. Give its id."""
    end = None if until is None else milliseconds(until)
    row = (record, object, principal, access, end, milliseconds(at), by)
    return int(tx.rows(native(tx, _PUT), row)[0][0])


def list_shares(tx: Tx, record: int) -> list[Share]:
    """Give the shares of a record, those that have ended included."""
    return [
        Share(
            id=int(row[0]),
            record=int(row[1]),
            principal=str(row[2]),
            access=str(row[3]),
            until=None if row[4] is None else instant_of(row[4]),
            created_at=instant_of(row[5]),
            created_by=int(row[6]),
        )
        for row in tx.rows(native(tx, _LIST), (record,))
    ]


def delete_share(tx: Tx, record: int, share: int) -> bool:
    """End a share; False when the record has no such one."""
    return tx.run(native(tx, _DELETE), (record, share)) == 1


def queue_ids(tx: Tx, names: Collection[str]) -> frozenset[int]:
    """Give the ids of queues by API name; costs nothing for none."""
    if not names:
        return frozenset()
    marks = ", ".join("?" * len(names))
    sql = f"SELECT id FROM patron_queue WHERE api_name IN ({marks})"
    return frozenset(int(row[0]) for row in tx.rows(native(tx, sql), tuple(names)))
