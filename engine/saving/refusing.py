"""Refusals in words that tell nothing of what the caller may not see: hidden fields and records.

Separate from what finds the mistakes: rules, required fields and workflows judge with the rights of
the configuration, and whoever saves is told as much as they may know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.compiled import CompiledObject
from engine.describing import object_label
from engine.errors import Conflict, FieldError
from engine.locale import say
from engine.names import FieldName, ObjectName
from engine.saving.sight import Sight
from engine.saving.unit import Unit

_UNKNOWN = "R102"  # the caller has named the field; it is refused as one that does not exist
_REQUIRED, _COMPUTED, _BINNED = "R105", "W101", "C104"


def without_hidden(
    unit: Unit, compiled: CompiledObject, errors: Iterable[FieldError]
) -> tuple[FieldError, ...]:
    """Take the names of hidden fields out of errors; what a rule says is its author's word."""
    readable = unit.access.of(compiled.name).readable
    return tuple(
        one if _is_open(compiled, readable, one) else replace(one, field="", **_reworded(one))
        for one in errors
    )


def readable_of(
    unit: Unit, compiled: CompiledObject, names: Iterable[FieldName]
) -> tuple[FieldName, ...]:
    """Give those of some fields that the caller may read."""
    readable = unit.access.of(compiled.name).readable
    return tuple(name for name in names if readable & compiled.fields[name].bit)


def still_used(unit: Unit, used: Mapping[str, Iterable[int]]) -> Conflict:
    """Say which records keep one from going: how many of each object the caller sees."""
    sight, objects = Sight(unit), unit.snapshot.model.objects
    seen = {name: sight.records(ObjectName(name), used[name]) for name in sorted(used)}
    shown = [
        f"{len(seen[name])} × {object_label(objects[ObjectName(name)], unit.language)}"
        for name in seen
        if seen[name]
    ]
    if any(len(seen[name]) < len(set(used[name])) for name in seen):
        shown.append(say("records that you do not see"))
    message = say("This record is still used by {names}.", names=", ".join(shown))
    errors = [FieldError(field=n if seen[n] else "", code="C102", message=message) for n in seen]
    hint = say("delete or change those first")
    return Conflict(message, code="C102", errors=tuple(dict.fromkeys(errors)), hint=hint)


def _is_open(compiled: CompiledObject, readable: int, error: FieldError) -> bool:
    known = compiled.fields.get(FieldName(error.field))
    return known is None or error.code == _UNKNOWN or bool(readable & known.bit)


def _reworded(error: FieldError) -> dict[str, str]:
    if error.code == _REQUIRED:
        hint = say("ask an administrator")
        return {"message": say("A field that you do not see is required."), "hint": hint}
    if error.code == _COMPUTED:
        return {"message": say("A field that you do not see could not be computed."), "hint": ""}
    if error.code == _BINNED:
        return {"message": say("What this record points at is still in the bin.")}
    return {}
