"""The tree of an expression as it was written: what the parser gives to the type checker.

Separate from `engine.expr.tree`, in which every name is resolved and every operator chosen.
Offsets are 0-based in the text; `start` is where the node's own sign or first character stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, TRUE, FALSE or NULL."""

    value: Decimal | str | bool | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A path: `amount`, `account.owner.email`, `$user.id`."""

    path: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Prefix:
    """A sign or NOT before its operand: `-`, `+`, `NOT`."""

    sign: str
    operand: Syntax
    start: int


@dataclass(frozen=True, slots=True)
class Infix:
    """Operands around one operator of the same kind: two, or more for AND, OR and `&`.

    `places` holds where each operator stands, one less than the operands.
    """

    sign: str
    operands: tuple[Syntax, ...]
    places: tuple[int, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function and what it is given."""

    name: str
    arguments: tuple[Syntax, ...]
    start: int
    end: int


Syntax = Constant | Name | Prefix | Infix | Invocation
