"""The head: which version an environment runs. A new token tells workers to look again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from engine.names import Digest
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Version (0: nothing was published yet), token, and the digest of the whole tree."""

    version: int
    token: str
    tree: Digest


def read_head(tx: Tx) -> Head:
    """Give the head as this transaction sees it."""
    ((version, token, tree),) = tx.rows("SELECT version, token, tree FROM patron_head")
    return Head(version=version, token=token, tree=Digest(tree))


def new_token() -> str:
    """Make a token: random, so that no two databases or restores ever share one."""
    return secrets.token_hex(16)


def move_head(tx: Tx, head: Head) -> None:
    """Set the head; only inside the fence (`fence.switching`)."""
    sql = native(tx, "UPDATE patron_head SET version = ?, token = ?, tree = ?")
    tx.run(sql, (head.version, head.token, head.tree))


def touch_head(tx: Tx) -> None:
    """Give the head a new token without a new version: environment values changed, say."""
    tx.run(native(tx, "UPDATE patron_head SET token = ?"), (new_token(),))
