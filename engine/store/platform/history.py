"""The history of records: who changed what, when, from what to what. Append-only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from engine.model.fields.base import Value
from engine.names import ObjectName
from engine.store.instants import instant_of, milliseconds
from engine.store.jsontext import from_json, to_json
from engine.store.text import native
from engine.store.tx import Row, Tx

_NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change of one record. `changes`: field -> (value before, value after).

    `causes`: field -> the component that set it, "" for the whole change; empty when a person did.
    """

    record: int
    object: ObjectName
    version: int
    event: str
    changes: Mapping[str, tuple[Value, Value]]
    causes: Mapping[str, str] = field(default_factory=lambda: _NOBODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entry as it is read back; values in `changes` have their JSON form."""

    record: int
    version: int
    event: str
    at: datetime
    actor: int
    source: str
    changes: Mapping[str, tuple[object, object]]
    causes: Mapping[str, str] = field(default_factory=lambda: _NOBODY)


_APPEND = """
INSERT INTO patron_history (record, object, version, event, at, actor, source, changes, causes)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LAST = """
SELECT record, version, event, at, actor, source, changes, causes FROM patron_history
WHERE id IN (SELECT max(id) FROM patron_history
             WHERE record IN ({marks}) AND event IN ('created', 'updated', 'rolled_up')
             GROUP BY record)
"""
_READ = """
SELECT record, version, event, at, actor, source, changes, causes FROM patron_history
WHERE record = ? AND version < ? ORDER BY version DESC, id DESC LIMIT ?
"""


def append(tx: Tx, entries: Sequence[Entry], *, at: datetime, actor: int, source: str) -> None:
    """Write entries of one save: one statement."""
    when = milliseconds(at)
    rows = [
        (
            *(e.record, e.object, e.version, e.event, when, actor, source, to_json(e.changes)),
            to_json(e.causes) if e.causes else None,
        )
        for e in entries
    ]
    if len(rows) == 1:
        tx.run(native(tx, _APPEND), rows[0])
    else:
        tx.many(native(tx, _APPEND), rows)


def last_of(tx: Tx, records: Sequence[int]) -> dict[int, Kept]:
    """Give the last change of each record that has a history: one statement, or none."""
    if not records:
        return {}
    marks = ", ".join("?" * len(records))
    rows = tx.rows(native(tx, _LAST.format(marks=marks)), tuple(records))
    return {int(row[0]): _kept(row) for row in rows}


def read(tx: Tx, record: int, *, limit: int = 50, before: int | None = None) -> list[Kept]:
    """Give the history of a record, newest first; `before` is the version a page ended with.

    Whoever shows it leaves out the fields that the viewer may not read.
    """
    upper = before if before is not None else 2**53
    return [_kept(row) for row in tx.rows(native(tx, _READ), (record, upper, limit))]


def _kept(row: Row) -> Kept:
    return Kept(
        record=row[0],
        version=row[1],
        event=row[2],
        at=instant_of(row[3]),
        actor=row[4],
        source=row[5],
        changes=from_json(row[6]),  # type: ignore[arg-type]  # as `append` wrote it
        causes=from_json(row[7]) if row[7] else _NOBODY,  # type: ignore[arg-type]  # likewise
    )
