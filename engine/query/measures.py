"""Groups and measures of an aggregate, as somebody types them: `SUM(amount)`, `COUNT()`.

Separate from the planner, which says what may be read; this says what can be measured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from engine.errors import RequestInvalid
from engine.expr import Expression, Kind

ORDERED = frozenset({Kind.NUMBER, Kind.TEXT, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.PICKLIST})
MEASURE = re.compile(r"\s*(sum|count|avg|min|max)\s*\((.*)\)\s*\Z", re.IGNORECASE | re.DOTALL)
# Compiles a text under the caller's rights; the second argument says where it stands.
Compile = Callable[[str, str], Expression]


def ensure_names(group: tuple[str, ...], measures: Mapping[str, str]) -> None:
    """Refuse an aggregate that asks for nothing, or two values under one name."""
    if not group and not measures:
        message = "An aggregate needs at least one group or one measure."
        raise RequestInvalid(message, code="Q207", hint='for example {"total": "SUM(amount)"}')
    names = [*group, *measures]
    again = next((name for name in names if names.count(name) > 1), None)
    if again is not None:
        message = f'Two groups or measures are called "{again}".'
        raise RequestInvalid(message, code="Q207", hint="give every value a name of its own")


def measure(key: str, text: str, compile: Compile) -> tuple[str, str, Expression | None]:
    """Read one measure: its name, its function and what it measures (None: the records).

    Raises: RequestInvalid Q101, Q104.
    """
    match = MEASURE.match(text)
    if match is None:
        raise RequestInvalid(
            f'The measure "{key}" is not one of SUM, COUNT, AVG, MIN, MAX over an expression.',
            code="Q104",
            hint="write it like SUM(amount) or COUNT(id)",
        )
    function, inner = match[1].lower(), match[2].strip()
    if function == "count" and not inner:
        return key, function, None
    argument = compile(inner, f"measures.{key}")
    _ensure_measurable(key, function, argument.type.kind)
    return key, function, argument


def _ensure_measurable(key: str, function: str, kind: Kind) -> None:
    if function in {"sum", "avg"} and kind is not Kind.NUMBER:
        message = f'The measure "{key}" adds up {kind.value}, which is no number.'
        raise RequestInvalid(message, code="Q104")
    if function in {"min", "max"} and kind not in ORDERED:
        raise RequestInvalid(
            f'The measure "{key}" looks for the least or the most of what has no order.',
            code="Q104",
            hint="count groups of it instead",
        )
