"""What a caller is shown of a record that was just saved: the same keys as a read would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.access import Everything
from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from engine.records import Decision
from engine.saving.at_hand import known_among
from engine.saving.unit import Record, Unit
from engine.store.reading import fetch_by_ids

_SAVED = Everything("it was just saved")


def shown(
    unit: Unit,
    compiled: CompiledObject,
    values: Mapping[str, Value],
    reasons: Mapping[str, str],
) -> Record:
    """Give the readable fields of a saved record; `_errors` says which formulas failed and why."""
    readable = unit.access.of(compiled.name).readable
    record: Record = {"id": values.get("id"), "version": values.get("version")}
    record.update(
        (name, values.get(name)) for name, field in compiled.fields.items() if readable & field.bit
    )
    failed = {name: why for name, why in reasons.items() if name in record}
    if failed:
        record["_errors"] = failed
    return record


def settled(
    unit: Unit, compiled: CompiledObject, decisions: Sequence[Decision]
) -> dict[int, Record]:
    """Read again what workflows have changed since it was written: one statement, or none."""
    memory, ids = unit.memory, []
    for decision in decisions if memory is not None else ():
        record = int(decision.values["id"])  # type: ignore[arg-type]  # an integer
        met = memory.of(record) if memory is not None else None
        if met is not None and met.version != decision.values["version"]:
            ids.append(record)
    if not ids:
        return {}
    known = known_among(unit, compiled, ids)
    again = {r: shown(unit, compiled, one.values, one.reasons) for r, one in known.items()}
    missing = sorted(set(ids) - again.keys())
    if not missing:
        return again
    plan = unit.planner.read(compiled, policy=_SAVED)
    found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, missing)
    return again | {record: row for record, (row, _) in found.items()}
