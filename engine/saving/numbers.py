"""Auto-numbers of new records: one statement per field, however many records are created."""

from __future__ import annotations

from collections.abc import Sequence

from engine.compiled import CompiledObject
from engine.model.fields.computed import write_auto_number
from engine.records import Draft
from engine.saving.unit import Unit
from engine.store.platform.ids import next_numbers


def set_auto_numbers(unit: Unit, compiled: CompiledObject, drafts: Sequence[Draft]) -> None:
    """Set numbers without gaps: a save that fails gives its numbers back."""
    if not drafts:
        return
    for name in compiled.auto_numbers:
        form = str(compiled.fields[name].decl.option("format", "{0000}"))
        first = next_numbers(unit.tx, f"{compiled.name}.{name}", len(drafts))
        for place, draft in enumerate(drafts):
            draft.values[name] = write_auto_number(form, first + place)
