"""Absences: who is away, and who stands in for them meanwhile.

The delegate is a field of the user record (`user.delegate`); alone it does nothing, an absence
makes it count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.model.fields.base import Storage, StorageKind
from engine.store.columns import codec
from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """When somebody is away, and their delegate. `until` None: until they say they are back."""

    since: datetime | None
    until: datetime | None
    delegate: int | None
    delegate_name: str

    def is_now(self, now: datetime) -> bool:
        """Tell whether it is going on."""
        has_begun = self.since is not None and self.since <= now
        return has_begun and (self.until is None or now < self.until)


_FIND = """
SELECT x.since, x.until, u.delegate, d.name FROM patron_user u
LEFT JOIN patron_absence x ON x.user_id = u.id LEFT JOIN patron_user d ON d.id = u.delegate
WHERE u.id = ?
"""
_PUT = """
INSERT INTO patron_absence (user_id, since, until) VALUES (?, ?, ?)
ON CONFLICT (user_id) DO UPDATE SET since = excluded.since, until = excluded.until
"""
_DELEGATE = """
UPDATE patron_user SET delegate = ?, updated_at = ?, updated_by = ?, version = version + 1
WHERE id = ?
"""
_ACTIVE = """
SELECT u.id FROM patron_user u JOIN patron_member m ON m.user_id = u.id
WHERE m.active AND u.active AND u.deleted_at IS NULL AND {} = ?
"""


def find_absence(tx: Tx, user: int) -> Absence:
    """Give the absence of a user; `since` is None for somebody who is there."""
    row = tx.row(native(tx, _FIND), (user,))
    if row is None:
        return Absence(since=None, until=None, delegate=None, delegate_name="")
    since, until, delegate, name = row
    return Absence(
        since=None if since is None else instant_of(since),
        until=None if until is None else instant_of(until),
        delegate=None if delegate is None else int(delegate),
        delegate_name=name or "",
    )


def put_absence(
    tx: Tx, user: int, *, since: datetime, until: datetime | None, delegate: int, at: datetime
) -> None:
    """Note that a user is away, and who stands in for them: two statements."""
    end = None if until is None else milliseconds(until)
    tx.run(native(tx, _PUT), (user, milliseconds(since), end))
    encode = codec(Storage(StorageKind.DATETIME), tx.dialect).encode
    tx.run(native(tx, _DELEGATE), (delegate, encode(at) if encode else at, user, user))


def end_absence(tx: Tx, user: int) -> bool:
    """Note that a user is back; False when they were not away. The delegate stays named."""
    return tx.run(native(tx, "DELETE FROM patron_absence WHERE user_id = ?"), (user,)) == 1


def find_active_user(tx: Tx, who: int | str) -> int | None:
    """Give the id of an active member by id or e-mail; None when there is none."""
    column, value = ("u.id", who) if isinstance(who, int) else ("u.email", who.strip().lower())
    row = tx.row(native(tx, _ACTIVE.format(column)), (value,))
    return None if row is None else int(row[0])
