"""Locks of records in SQL: which request for approval keeps a record as it is.

Separate, because reading asks it for what is about to be changed, and writing once more: on
PostgreSQL a statement that waited for a row sees what was committed meanwhile only in that row.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

# Any: a column holds what its field holds.
_REQUEST = sa.table("patron_approval_request", *map(sa.column, ("id", "record", "status", "locks")))


def locking_request(record: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """Give the request that locks a record, NULL where none does."""
    return _locking(sa.func.min(_REQUEST.c.id), record).scalar_subquery()


def pending_request(record: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """Give a request that waits on a record, whether it locks it or not; NULL where none does."""
    waiting = (_REQUEST.c.record == record, _REQUEST.c.status == sa.literal_column("'pending'"))
    return sa.select(sa.func.min(_REQUEST.c.id)).where(*waiting).scalar_subquery()


def is_unlocked(record: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Tell whether no request locks a record."""
    return ~_locking(sa.literal_column("1"), record).exists()


def _locking(wanted: sa.ColumnElement[Any], record: sa.ColumnElement[Any]) -> sa.Select[Any]:
    # The status stands in the text, so that the index over what waits can be used.
    return sa.select(wanted).where(
        _REQUEST.c.record == record,
        _REQUEST.c.status == sa.literal_column("'pending'"),
        _REQUEST.c.locks == sa.literal_column("1"),
    )
