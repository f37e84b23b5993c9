"""Views of lists that users keep for themselves: rows of their own, which nobody else reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from engine.names import ObjectName
from engine.store.instants import milliseconds
from engine.store.jsontext import from_json, to_json
from engine.store.text import native
from engine.store.tx import Row, Tx

Asks = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnViewRow:
    """One view as it is kept; `asks` says what of the object's list."""

    id: int
    object: ObjectName
    label: str
    asks: Asks


_COLUMNS = "id, object, label, asks"
_KEEP = """
INSERT INTO patron_own_view (user_id, object, label, asks, kept_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (user_id, object, label) DO UPDATE SET asks = excluded.asks, kept_at = excluded.kept_at
RETURNING id
"""


def keep(tx: Tx, user: int, name: ObjectName, label: str, asks: Asks, *, at: datetime) -> int:
    """Keep a view of a user under a name; what was kept under it before is replaced."""
    row = (user, name, label, to_json(asks), milliseconds(at))
    return int(tx.rows(native(tx, _KEEP), row)[0][0])


def of_user(tx: Tx, user: int, names: Collection[str]) -> list[OwnViewRow]:
    """Give the views of a user on an object, known by any of its names, in order of label."""
    marks = ", ".join("?" * len(names))
    sql = (
        f"SELECT {_COLUMNS} FROM patron_own_view WHERE user_id = ? AND object IN ({marks})"
        " ORDER BY label, id"
    )
    return [_read(row) for row in tx.rows(native(tx, sql), (user, *sorted(names)))]


def find(tx: Tx, user: int, view: int) -> OwnViewRow | None:
    """Give a view of a user by id; None for one that is somebody else's."""
    sql = f"SELECT {_COLUMNS} FROM patron_own_view WHERE id = ? AND user_id = ?"
    row = tx.row(native(tx, sql), (view, user))
    return None if row is None else _read(row)


def drop(tx: Tx, user: int, view: int) -> bool:
    """Forget a view of a user; False when they have none of this id."""
    sql = "DELETE FROM patron_own_view WHERE id = ? AND user_id = ?"
    return tx.run(native(tx, sql), (view, user)) == 1


def _read(row: Row) -> OwnViewRow:
    asks = cast("Asks", from_json(row[3]))  # as `keep` wrote it
    return OwnViewRow(id=int(row[0]), object=ObjectName(row[1]), label=str(row[2]), asks=asks)
