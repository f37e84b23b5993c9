"""The audit: what was done to the installation and by whom. Append-only; sealed by the worker.

Every environment has one, and the control database has one of its own for signing in. The chain
lies in `engine.store.platform.sealing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.jsontext import from_json, to_json
from engine.store.text import native
from engine.store.tx import Tx

LAST = 2**53


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which lines are wanted; "" and None: any. A text that ends with `*` is a beginning.

    `before` is the id that a page ended with; `since` and `until` are instants, `until` excluded.
    """

    actor: str = ""
    action: str = ""
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int = LAST
    limit: int = 100


_NOTE = "INSERT INTO patron_audit (at, actor, action, target, detail) VALUES (?, ?, ?, ?, ?)"
_READ = """
SELECT id, at, actor, action, target, detail, seal FROM patron_audit
WHERE id < ?{where} ORDER BY id DESC LIMIT ?
"""


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
    return search(tx, Search(limit=limit, before=LAST if before is None else before))


def search(tx: Tx, wanted: Search) -> list[AuditLine]:
    """Give the lines that are wanted, newest first."""
    conditions, values = _conditions(wanted)
    where = "".join(f" AND {condition}" for condition in conditions)
    sql = native(tx, _READ.format(where=where))
    return [_line(row) for row in tx.rows(sql, (wanted.before, *values, wanted.limit))]


def _conditions(wanted: Search) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    for column in ("actor", "action", "target"):
        text: str = getattr(wanted, column)
        if text.endswith("*"):
            conditions.append(f"substr({column}, 1, {len(text) - 1}) = ?")
            values.append(text[:-1])
        elif text:
            conditions.append(f"{column} = ?")
            values.append(text)
    for sign, instant in ((">=", wanted.since), ("<", wanted.until)):
        if instant is not None:
            conditions.append(f"at {sign} ?")
            values.append(milliseconds(instant))
    return conditions, values


def _line(row: tuple[object, ...]) -> AuditLine:
    number, at, actor, action, target, detail, seal = row
    return AuditLine(
        id=int(str(number)),
        at=instant_of(int(str(at))),
        actor=str(actor),
        action=str(action),
        target=str(target),
        detail=from_json(str(detail)),  # type: ignore[arg-type]  # as `note` wrote it
        seal=None if seal is None else str(seal),
    )
