"""The chain of the audit: each line's seal covers the line and the seal before it.

The worker seals what was committed, in order of id, every second; saves never wait for it. Seals
are made with a key that no database holds, so that whoever may write to the database still cannot
make a line look sealed. Where the chain ended is noted elsewhere (`End`, in the control database),
so that lines cut off at its end are missed too.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.store.jsontext import to_json
from engine.store.text import native
from engine.store.tx import Row, Tx

_COLUMNS = "id, at, actor, action, target, detail"
_LAST = "SELECT place, seal FROM patron_audit WHERE place IS NOT NULL ORDER BY place DESC LIMIT 1"
_OPEN = f"SELECT {_COLUMNS} FROM patron_audit WHERE place IS NULL ORDER BY id LIMIT ?"
_ANY = "SELECT 1 FROM patron_audit WHERE place IS NULL LIMIT 1"
_SEAL = "UPDATE patron_audit SET place = ?, seal = ? WHERE id = ?"
_CHAIN = f"""
SELECT place, seal, {_COLUMNS} FROM patron_audit WHERE place > ? ORDER BY place LIMIT ?
"""
_UNSEALED = "SELECT id FROM patron_audit WHERE place IS NULL ORDER BY id"
_LOCK = "SELECT pg_advisory_xact_lock(20578, 'patron_audit'::regclass::oid::int)"
_PAGE = 1000
_KEY_MARK = 8  # characters that tell keys apart


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where a chain ended when it was sealed last: the last line's place and seal."""

    place: int = 0
    seal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One thing that is wrong with a chain, in a sentence; `line` is an id, 0 when it is gone."""

    line: int
    message: str


@dataclass(slots=True, kw_only=True)
class Verified:
    """What checking a chain found. `unsealed`: ids of lines that the worker has not reached."""

    sealed: int = 0
    unsealed: list[int] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


def has_open(tx: Tx) -> bool:
    """Tell whether there are lines to seal. Cost: one statement, no lock."""
    return tx.row(_ANY) is not None


def seal(tx: Tx, key: bytes, *, limit: int = _PAGE) -> End | None:
    """Chain the lines that are not sealed yet to those before; give the new end, None if no line.

    One sealer at a time: on PostgreSQL by a lock of its own, on SQLite as the only writer.
    """
    if tx.dialect == "postgresql":
        tx.run(_LOCK)
    last = tx.row(_LAST)
    place, chain = (int(last[0]), str(last[1])) if last is not None else (0, "")
    rows = tx.rows(native(tx, _OPEN), (limit,))
    sealed = []
    for row in rows:
        place += 1
        chain = _link(key, chain, place, row)
        sealed.append((place, chain, row[0]))
    if not sealed:
        return None
    tx.many(native(tx, _SEAL), sealed)
    return End(place=place, seal=chain)


def verify(tx: Tx, key: bytes, end: End) -> Verified:
    """Check a whole chain against the key and against where it ended. Cost: O(lines).

    After a break the chain goes on from the seal that is found, so that every break is named once.
    """
    found = Verified(unsealed=[int(row[0]) for row in tx.rows(_UNSEALED)])
    chain, place, at_end = "", 0, ""
    for known, seal_found, *line in _walk(tx):
        number = int(line[0])
        if known != place + 1:
            found.wrong.append(_gap(place, known))
        elif _mark(seal_found) != _mark_of(key):
            message = f"line {number} was sealed with another key and cannot be checked"
            found.wrong.append(Wrong(line=number, message=message))
        elif not hmac.compare_digest(_link(key, chain, known, tuple(line)), seal_found):
            message = f"line {number} was changed, or put here, after it was sealed"
            found.wrong.append(Wrong(line=number, message=message))
        chain, place = seal_found, known
        at_end = seal_found if known == end.place else at_end
        found.sealed += 1
    found.wrong.extend(_at_end(end, place, at_end))
    return found


def _gap(before: int, after: int) -> Wrong:
    missing = after - before - 1
    what = "1 line is" if missing == 1 else f"{missing} lines are"
    return Wrong(line=0, message=f"{what} missing before place {after} of the chain")


def _at_end(end: End, place: int, seal_found: str) -> Iterator[Wrong]:
    """Compare with the end that was noted; more lines since then are none of its business."""
    if place < end.place:
        lost = end.place - place
        what = "line is" if lost == 1 else "lines are"
        yield Wrong(line=0, message=f"the last {lost} sealed {what} missing at the end")
    elif end.place and seal_found != end.seal:
        message = f"the seal at place {end.place} is not the one that was noted"
        yield Wrong(line=0, message=message)


def _walk(tx: Tx) -> Iterator[Row]:
    """Give the chain in order, a page at a time."""
    after = -(2**53)
    while rows := tx.rows(native(tx, _CHAIN), (after, _PAGE)):
        yield from rows
        after = rows[-1][0]


def _link(key: bytes, chain: str, place: int, line: tuple[object, ...]) -> str:
    text = f"{chain}\n{place}\n{to_json(list(line))}"
    digest = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return f"{_mark_of(key)}.{digest}"


def _mark_of(key: bytes) -> str:
    return hashlib.sha256(b"audit key\n" + key).hexdigest()[:_KEY_MARK]


def _mark(seal_found: str) -> str:
    return str(seal_found).partition(".")[0]
