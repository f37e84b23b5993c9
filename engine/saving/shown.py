"""What a caller is shown of a record that was just saved: the same keys as a read would give."""

from __future__ import annotations

from collections.abc import Mapping

from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from engine.saving.unit import Record, Unit


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
