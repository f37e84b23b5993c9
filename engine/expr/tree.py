"""The typed tree: every name resolved, every operator chosen, ready to evaluate or to lower.

The one form between the checker (which makes it) and its three readers: the compiled closures,
the checking evaluator and the SQL lowering of `engine.store`. Deeply immutable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.expr.functions.base import Function
from engine.expr.types import ExprType
from engine.model.fields.base import Value


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: Decimal, text, bool, date …, or None."""

    value: Value
    type: ExprType
    start: int = 0

    is_exact = True


@dataclass(frozen=True, slots=True)
class FieldRead:
    """The value of a field, at the end of a path. `blank_zero`: a blank number reads as 0."""

    path: str
    type: ExprType
    blank_zero: bool = False
    start: int = 0

    is_exact = True


@dataclass(frozen=True, slots=True)
class ValueAttribute:
    """An attribute of the value a picklist has: `stage.closed`. `by_value` holds it per value."""

    of: FieldRead
    name: str
    by_value: Mapping[str, Value]
    type: ExprType
    start: int = 0

    is_exact = True


@dataclass(frozen=True, slots=True)
class ContextRead:
    """A fact of the surroundings: `$user.role`, `$env.ERP_URL`, `$account`.

    `source` is "user", "env" or "given" (values a workflow or conversion hands over by name).
    """

    source: str
    name: str
    type: ExprType
    start: int = 0

    is_exact = True


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator with its arguments, all of fitting types.

    `is_exact`: a number that holds every digit, because nothing was divided or rooted on the way.
    """

    function: Function
    arguments: tuple[Node, ...]
    type: ExprType
    start: int = 0
    is_exact: bool = True


Node = Literal | FieldRead | ValueAttribute | ContextRead | Call


def walk(node: Node) -> Iterator[Node]:
    """Give a node and everything below it, without recursion."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        if isinstance(here, Call):
            waiting.extend(here.arguments)
        elif isinstance(here, ValueAttribute):
            waiting.append(here.of)
