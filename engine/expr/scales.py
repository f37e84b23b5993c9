"""How many places after the point an exact number has, told from the tree alone.

Serves SQLite, where decimals are integers of a known scale, and answers that keep their decimals.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.expr.functions.base import Function, Places
from engine.expr.tree import Literal, Node
from engine.expr.types import Kind


def places_of_call(function: Function, arguments: Sequence[Node]) -> int | None:
    """Give the places of what a call gives, or None when nothing fixes them."""
    if function.places is Places.WHOLE:
        return 0
    if function.places is Places.GIVEN:
        return _constant_places(arguments[1])
    if function.places is Places.UNKNOWN:
        return None
    chosen = function.alike(len(arguments))[-1] if function.alike else range(len(arguments))
    known = [_places_of(arguments[place]) for place in chosen]
    numbers = [places for places in known if places is not None]
    if len(numbers) < len(known):
        return None
    return sum(numbers) if function.places is Places.SUM else max(numbers)


def _places_of(node: Node) -> int | None:
    if node.type.kind is Kind.NULL:
        return 0
    return node.type.decimals if node.is_exact else None


def _constant_places(node: Node) -> int | None:
    if not isinstance(node, Literal) or node.value is None:
        return None
    return max(int(str(node.value).partition(".")[0]), 0)
