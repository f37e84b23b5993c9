"""Whose turn it is: circles of people who get records one after the other, and who can take one.

A circle is locked while a transaction takes a turn from it, so that two savers at once never take
the same one; a turn of a transaction that is undone is given again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An active member. `is_away`: somebody stands in for them."""

    user: int
    is_away: bool


_LOCK = """
INSERT INTO patron_turn (circle, last, moment) VALUES (?, 0, ?)
ON CONFLICT (circle) DO UPDATE SET moment = excluded.moment RETURNING last
"""
_KEEP = "UPDATE patron_turn SET last = ? WHERE circle = ?"
_ACTIVE = """
SELECT u.id, u.delegate FROM patron_user u JOIN patron_member m ON m.user_id = u.id
WHERE m.active AND u.active AND u.deleted_at IS NULL AND ({who}) ORDER BY u.id
"""


def lock_circle(tx: Tx, circle: str, *, at: datetime) -> int:
    """Hold a circle until the end of the transaction, and give who was last served; 0: nobody."""
    return int(tx.rows(native(tx, _LOCK), (circle, milliseconds(at)))[0][0])


def last_of(tx: Tx, circle: str) -> int:
    """Give who was last served of a circle, 0 for nobody, without holding it."""
    row = tx.row(native(tx, "SELECT last FROM patron_turn WHERE circle = ?"), (circle,))
    return 0 if row is None else int(row[0])


def keep_turn(tx: Tx, circle: str, last: int) -> None:
    """Note who was last served of a circle that is held."""
    tx.run(native(tx, _KEEP), (last, circle))


def candidates(
    tx: Tx,
    *,
    roles: Collection[str] = (),
    emails: Collection[str] = (),
    permission_set: str = "",
    ids: Collection[int] = (),
) -> list[Candidate]:
    """Give the active members that one of these describes, in order of their ids."""
    parts: list[str] = []
    given: list[object] = []
    for column, values in (("u.role", roles), ("u.email", emails), ("u.id", ids)):
        if values:
            parts.append(f"{column} IN ({', '.join('?' * len(values))})")
            given += sorted(values)
    if permission_set:
        parts.append("replace(m.permission_sets, ?, '') <> m.permission_sets")
        given.append(f'"{permission_set}"')
    if not parts:
        return []
    rows = tx.rows(native(tx, _ACTIVE.format(who=" OR ".join(parts))), given)
    return [Candidate(user=int(row[0]), is_away=row[1] is not None) for row in rows]
