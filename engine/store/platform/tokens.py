"""API tokens of an environment: only their hashes are kept; each opens one environment."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.errors import NotFound
from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token as people see it in a list; its text cannot be shown again."""

    id: int
    user: int
    label: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = None
    hash: str = field(default="", repr=False)


_INSERT = """
INSERT INTO patron_token (hash, user_id, label, scopes, created_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?) RETURNING id
"""
_LIST = """
SELECT id, user_id, label, scopes, created_at, expires_at, revoked_at, hash FROM patron_token
WHERE user_id = ? ORDER BY id
"""
_REVOKE = "UPDATE patron_token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
_OWNER = "SELECT user_id FROM patron_token WHERE id = ?"
# The last use is kept in the control database: reading records must not write beside them.
_USE = """
INSERT INTO patron_token_use (hash, at) VALUES (?, ?)
ON CONFLICT (hash) DO UPDATE SET at = excluded.at
"""
_USED = "SELECT at FROM patron_token_use WHERE hash = ?"


def insert_token(
    tx: Tx,
    *,
    hash: str,
    user: int,
    label: str,
    at: datetime,
    expires: datetime | None,
    scopes: Iterable[str] = (),
) -> int:
    """Keep a token by its hash; give its id."""
    end = None if expires is None else milliseconds(expires)
    row = (hash, user, label, json.dumps(sorted(scopes)), milliseconds(at), end)
    ((number,),) = tx.rows(native(tx, _INSERT), row)
    return int(number)


def list_tokens(tx: Tx, user: int) -> list[TokenRow]:
    """Give a user's tokens, revoked and expired ones too, oldest first."""
    return [
        TokenRow(
            id=row[0],
            user=row[1],
            label=row[2],
            scopes=tuple(json.loads(row[3])),
            created_at=instant_of(row[4]),
            expires_at=None if row[5] is None else instant_of(row[5]),
            revoked_at=None if row[6] is None else instant_of(row[6]),
            hash=str(row[7]),
        )
        for row in tx.rows(native(tx, _LIST), (user,))
    ]


def revoke_token(tx: Tx, token: int, *, at: datetime) -> None:
    """End a token from the next transaction on. Raises: NotFound N104 if unknown or ended."""
    if tx.run(native(tx, _REVOKE), (milliseconds(at), token)) != 1:
        raise NotFound("There is no such token, or it was revoked before.", code="N104")


def owner_of(tx: Tx, token: int) -> int | None:
    """Give the user of a token, ended or not; None when there is none."""
    row = tx.row(native(tx, _OWNER), (token,))
    return None if row is None else int(row[0])


def note_use(control: Tx, hash: str, *, at: datetime) -> None:
    """Note in the control database that a token was used."""
    control.run(native(control, _USE), (hash, milliseconds(at)))


def with_last_use(control: Tx, found: Iterable[TokenRow]) -> list[TokenRow]:
    """Give tokens with the last use that the control database knows of."""
    shown = []
    for token in found:
        row = control.row(native(control, _USED), (token.hash,))
        shown.append(token if row is None else replace(token, last_used_at=instant_of(row[0])))
    return shown
