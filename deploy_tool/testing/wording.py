"""Values and refusals in the words of a report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

from engine.errors import Conflict, FieldError, PatronError, RecordInvalid, RecordLocked


def say_value(value: object) -> str:
    """Write a value as a file would: numbers plain, text in quotes, blank as a word."""
    match value:
        case None:
            said = "blank"
        case bool():
            said = str(value).lower()
        case Decimal():
            said = format(value, "f")
        case datetime():
            said = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | time():
            said = value.isoformat()
        case tuple() | list():
            said = "[" + ", ".join(map(str, value)) + "]"
        case str():
            said = f'"{value}"'
        case _:
            said = str(value)
    return said


def say_values(values: Mapping[str, object]) -> str:
    """Write several values: `discount = 0.4, stage = "won"`."""
    return ", ".join(f"{name} = {say_value(value)}" for name, value in values.items())


def say_refusal(error: PatronError) -> str:
    """Write why something was refused: by field where the error says so."""
    errors = errors_of(error)
    if not errors:
        return f"{error.code} {error.message}"
    return "; ".join(
        (f"{found.field}: " if found.field else "") + f"{found.code} {_sentence(found)}"
        for found in errors
    )


def errors_of(error: PatronError) -> tuple[FieldError, ...]:
    """Give the fields that an error speaks of."""
    return tuple(error.errors) if isinstance(error, RecordInvalid | RecordLocked | Conflict) else ()


def _sentence(found: FieldError) -> str:
    return f"{found.message} ({found.hint})" if found.hint else found.message
