"""The audit: what was done to the installation and by whom. Append-only; sealed by the worker."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.jsontext import from_json, to_json
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One line: who did what to what. Never holds a secret or a personal value."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: Mapping[str, object]
    seal: str | None


_NOTE = "INSERT INTO patron_audit (at, actor, action, target, detail) VALUES (?, ?, ?, ?, ?)"
_READ = """
SELECT id, at, actor, action, target, detail, seal FROM patron_audit
WHERE id < ? ORDER BY id DESC LIMIT ?
"""
_LAST = "SELECT seal FROM patron_audit WHERE seal IS NOT NULL ORDER BY id DESC LIMIT 1"
_OPEN = """
SELECT id, at, actor, action, target, detail FROM patron_audit
WHERE seal IS NULL AND at <= ? ORDER BY id
"""
_ALL = "SELECT id, at, actor, action, target, detail, seal FROM patron_audit ORDER BY id"
_SEAL = "UPDATE patron_audit SET seal = ? WHERE id = ? AND seal IS NULL"


def note(
    tx: Tx,
    *,
    at: datetime,
    actor: str,
    action: str,
    target: str,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write one line, in the transaction of what it tells of."""
    row = (milliseconds(at), actor, action, target, to_json(detail or {}))
    tx.run(native(tx, _NOTE), row)


def read(tx: Tx, *, limit: int = 100, before: int | None = None) -> list[AuditLine]:
    """Give lines, newest first; `before` is the id a page ended with."""
    upper = before if before is not None else 2**53
    return [
        AuditLine(
            id=row[0],
            at=instant_of(row[1]),
            actor=row[2],
            action=row[3],
            target=row[4],
            detail=from_json(row[5]),  # type: ignore[arg-type]  # as `note` wrote it
            seal=row[6],
        )
        for row in tx.rows(native(tx, _READ), (upper, limit))
    ]


def seal(tx: Tx, *, up_to: datetime) -> int:
    """Chain the lines written up to an instant to those before; give how many.

    Leave a second behind the clock: a line with a smaller id may still be committed until then.
    """
    last = tx.row(_LAST)
    chain = last[0] if last is not None else ""
    rows = tx.rows(native(tx, _OPEN), (milliseconds(up_to),))
    for row in rows:
        chain = _link(chain, row)
        tx.run(native(tx, _SEAL), (chain, row[0]))
    return len(rows)


def broken_at(tx: Tx) -> int | None:
    """Check the chain; give the id of the first line that was changed or follows a gap, or None."""
    chain = ""
    for *row, found in tx.rows(_ALL):
        if found is None:
            return None  # Not sealed yet, nor is anything after it.
        chain = _link(chain, tuple(row))
        if chain != found:
            return int(row[0])
    return None


def _link(chain: str, row: tuple[object, ...]) -> str:
    return hashlib.sha256(f"{chain}\n{to_json(row)}".encode()).hexdigest()
