"""What the writer passes around: SQL parts with the kind of value they give.

On SQLite a number is one of two things: an integer that stands for decimals (`scale` says how many
places; 1250 at scale 2 is 12.50), on which SQLite's own arithmetic works exactly, or decimal text
(`scale` None), on which user functions compute what Python would. On PostgreSQL it is NUMERIC.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.expr.types import Kind
from engine.store.sql.fragment import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A value in SQL. `constant` is set for literals; `is_filled`: known never to be NULL."""

    parts: tuple[Part, ...]
    kind: Kind
    scale: int | None = None
    constant: object = None
    is_literal: bool = False
    is_filled: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether this is the literal NULL."""
        return self.is_literal and self.constant is None


def places_of(number: Decimal) -> int:
    """Count the places after the point that a decimal needs."""
    exponent = number.normalize().as_tuple().exponent
    return max(-int(exponent), 0)
