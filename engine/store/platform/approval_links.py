"""Links of mails that ask for a decision: for one person and one question, once; only hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link stands for: the question (request, round and the person asked), who answers."""

    request: int
    round: int
    person: int
    user: int


_INSERT = """
INSERT INTO patron_approval_link (hash, request, round, person, user_id, expires_at)
VALUES (?, ?, ?, ?, ?, ?)
"""
_FIND = """
SELECT request, round, person, user_id FROM patron_approval_link
WHERE hash = ? AND used_at IS NULL AND expires_at > ?
"""
_USE = """
UPDATE patron_approval_link SET used_at = ? WHERE hash = ? AND used_at IS NULL AND expires_at > ?
"""


def insert_link(tx: Tx, hash: str, link: Link, *, expires: datetime) -> None:
    """Keep a new link."""
    row = (hash, link.request, link.round, link.person, link.user, milliseconds(expires))
    tx.run(native(tx, _INSERT), row)


def find_link(tx: Tx, hash: str, *, at: datetime) -> Link | None:
    """Give what a link stands for; None when it was used, is too old or never was."""
    row = tx.row(native(tx, _FIND), (hash, milliseconds(at)))
    if row is None:
        return None
    return Link(request=int(row[0]), round=int(row[1]), person=int(row[2]), user=int(row[3]))


def use_link(tx: Tx, hash: str, *, at: datetime) -> bool:
    """Note that a link was used; False when somebody was faster."""
    when = milliseconds(at)
    return tx.run(native(tx, _USE), (when, hash, when)) == 1


def sweep_links(tx: Tx, *, before: datetime) -> int:
    """Drop links that ended long ago; give how many."""
    sql = native(tx, "DELETE FROM patron_approval_link WHERE expires_at < ?")
    return tx.run(sql, (milliseconds(before),))
