"""Values that could not be computed, said as refusals of their fields.

Separate from steps of workflows and from conversions, which both compute values of a record and
refuse in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.automation import Refused
from engine.compiled import CompiledObject
from engine.describing import field_label
from engine.errors import FieldError
from engine.locale import say
from engine.saving.unit import Unit


def uncomputed(
    unit: Unit, compiled: CompiledObject, refused: Iterable[Refused]
) -> tuple[FieldError, ...]:
    """Name each field and why it has no value: W101."""
    return tuple(
        FieldError(
            field=one.field,
            code="W101",
            message=say(
                "{field}: {reason}",
                field=field_label(compiled, compiled.fields[one.field], unit.language),
                reason=one.reason,
            ),
            hint=one.hint,
        )
        for one in refused
    )
