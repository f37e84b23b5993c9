"""What a page needs beside a record: may it be changed, what conditions read, its history, names.

Separate from `engine.session`, which reads and writes records; everything here goes under the same
row policy and shows readable fields only. Called once or twice for a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

from engine.compiled import CompiledField, CompiledObject
from engine.model.fields.base import StorageKind, Value
from engine.names import ObjectName
from engine.query import ReadPlan
from engine.saving.fetching import to_change
from engine.saving.locking import locked_among
from engine.saving.unit import Record, Unit
from engine.store.platform import history
from engine.store.platform.ids import object_of
from engine.store.reading import fetch_by_ids

_OF_FIELDS = frozenset({"updated", "rolled_up"})  # events that are about changed fields alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A record that the caller sees.

    `may_edit`: the row is one of those that they may change. `lock`: the request for approval that
    keeps them from it; `waits`: one waits here at all. `facts`: what conditions of the
    configuration read, with full rights; it is never shown.
    """

    object: CompiledObject
    record: Record
    may_edit: bool
    is_bin: bool = False
    lock: int | None = None
    waits: bool = False
    facts: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One entry of a record's history: readable fields only, values in memory form.

    `causes`: field -> the component that set it, "" for the whole change. `note`: what a workflow
    wrote into the record's feed, with the event `noted`.
    """

    event: str
    at: datetime
    actor: int
    source: str
    version: int
    changes: Sequence[tuple[CompiledField, Value, Value]]
    causes: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def look(
    unit: Unit,
    compiled: CompiledObject,
    record_id: int,
    paths: tuple[str, ...],
    facts: Iterable[str] = (),
    *,
    is_bin: bool = False,
) -> Seen | None:
    """Read a record with the answer to "may the caller change it?"; None when hidden or absent.

    One statement; one more when conditions read over lookups or what the caller may not see.
    """
    wanted = tuple(sorted(set(facts)))
    apart = tuple(path for path in wanted if not _is_open(unit, compiled, path))
    shown = tuple(dict.fromkeys((*paths, *(path for path in wanted if path not in apart))))
    plan = unit.plans(
        ("look", compiled.name, shown, is_bin),
        lambda: unit.planner.read(compiled, fields=shown, is_bin=is_bin),
    )
    access = unit.access.of(compiled.name)
    reached = to_change(unit, compiled, plan, [record_id], for_update=False)
    found = reached.get(record_id)
    if found is None or not access.may("read"):
        return None
    record, lock = found.row, locked_among(unit, compiled, reached).get(record_id)
    known = {path: record.get(path) for path in wanted if path not in apart}
    if apart:
        known |= load_facts(unit, compiled, record_id, apart, is_bin=is_bin)
    return Seen(
        object=compiled,
        record=record,
        may_edit=found.may_edit and lock is None,
        is_bin=is_bin,
        lock=lock,
        waits=found.waits,
        facts=known,
    )


def load_facts(
    unit: Unit,
    compiled: CompiledObject,
    record_id: int,
    paths: tuple[str, ...],
    *,
    is_bin: bool = False,
) -> dict[str, Value]:
    """Read what conditions need of a record that the caller sees: one statement, full rights."""

    def make() -> ReadPlan:
        return unit.planner.load_paths(compiled, paths, is_bin=is_bin)

    plan = unit.plans(("facts", compiled.name, paths, is_bin), make)
    found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record_id]).get(record_id)
    return {} if found is None else {path: found[0].get(path) for path in paths}


def load_named(unit: Unit, compiled: CompiledObject, ids: Iterable[int]) -> dict[int, Record]:
    """Read the titles of records; hidden and absent ones are left out. One statement, or none."""
    wanted = sorted(set(ids))
    access = unit.access.of(compiled.name)
    if not wanted or not access.may("read"):
        return {}
    title = () if compiled.title is None else (str(compiled.title),)
    paths = tuple(path for path in title if unit.planner.follow(compiled.name, path) is not None)
    plan = unit.plans(
        ("named", compiled.name, paths), lambda: unit.planner.read(compiled, fields=paths)
    )
    found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, wanted)
    return {record_id: row for record_id, (row, _) in found.items()}


def find_object(unit: Unit, record_id: int) -> ObjectName | None:
    """Tell which object an id was given to, if the caller may read that object."""
    found = object_of(unit.tx, record_id)
    is_known = found is not None and found in unit.snapshot.model.objects
    return found if is_known and found and unit.access.of(found).may("read") else None


def read_history(
    unit: Unit, seen: Seen, *, limit: int = 50, before: int | None = None
) -> list[Happening]:
    """Give what happened to a record that the caller sees, newest first: one statement."""
    compiled = seen.object
    readable = unit.access.of(compiled.name).readable
    entries = []
    for kept in history.read(unit.tx, int(str(seen.record["id"])), limit=limit, before=before):
        changes = []
        for name, (old, new) in kept.changes.items():
            known = compiled.fields.get(name)  # type: ignore[call-overload]  # names as they were
            if known is not None and readable & known.bit:
                changes.append((known, read_kept(known, old), read_kept(known, new)))
        if kept.changes and not changes and kept.event in _OF_FIELDS:
            continue  # it says nothing that the caller may know
        entries.append(
            Happening(
                event=kept.event,
                at=kept.at,
                actor=kept.actor,
                source=kept.source,
                version=kept.version,
                changes=tuple(changes),
                causes=_causes(kept.causes, [str(known.name) for known, _, _ in changes]),
                note=str(kept.changes.get("", ("", ""))[1]),
            )
        )
    return entries


def _causes(kept: Mapping[str, str], readable: Sequence[str]) -> Mapping[str, str]:
    return {name: by for name, by in kept.items() if not name or name in readable}


def _is_open(unit: Unit, compiled: CompiledObject, path: str) -> bool:
    """Tell whether a path of a condition reads the same for the caller as with full rights."""
    return "." not in path and unit.planner.follow(compiled.name, path) is not None


def read_kept(known: CompiledField, kept: object) -> Value:
    """Give a value of the history the form it has in memory; one that no longer fits stays text."""
    if kept is None:
        return None
    try:
        return _READ[known.type.storage(known.decl).kind](kept)
    except (ValueError, TypeError, ArithmeticError):
        return str(kept)


def _list(kept: object) -> Value:
    return tuple(str(one) for one in kept) if isinstance(kept, list | tuple) else (str(kept),)


def _json(kept: object) -> Value:
    return kept if isinstance(kept, Mapping) else str(kept)


_READ: Mapping[StorageKind, Callable[[object], Value]] = {
    StorageKind.TEXT: str,
    StorageKind.INTEGER: lambda kept: int(str(kept)),
    StorageKind.DECIMAL: lambda kept: Decimal(str(kept)),
    StorageKind.BOOLEAN: lambda kept: kept is True,
    StorageKind.DATE: lambda kept: date.fromisoformat(str(kept)),
    StorageKind.DATETIME: lambda kept: datetime.fromisoformat(str(kept)),
    StorageKind.TIME: lambda kept: time.fromisoformat(str(kept)),
    StorageKind.LIST: _list,
    StorageKind.JSON: _json,
}
