"""Expressions for SQLite: native where SQLite is exact, user functions where Python must decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.expr.tree import Call, FieldRead, Literal
from engine.expr.types import ExprType, Kind
from engine.store.sql.fragment import Fragment, Part
from engine.store.sql.functions import name_of
from engine.store.sql.pieces import Piece, places_of
from engine.store.sql.writer import Writer, as_decimal, between, parameter, temporal_text

MAX_SCALE = 6  # numbers below 10^12 then fit SQLite's 64-bit integers
_LARGEST = 2**62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNS = {"add": " + ", "subtract": " - "}


class SqliteWriter(Writer):
    """Writes for SQLite."""

    dialect: ClassVar[str] = "sqlite"
    true: ClassVar[str] = "1"
    false: ClassVar[str] = "0"
    same: ClassVar[str] = "IS"
    differ: ClassVar[str] = "IS NOT"

    # --- leaves -----------------------------------------------------------------------------------

    def literal(self, node: Literal) -> Piece:
        """Write a constant as a parameter; numbers as integers of the scale they need."""
        value, kind = node.value, node.type.kind
        if value is None:
            return Piece(parts=("NULL",), kind=kind, scale=0, is_literal=True)
        if kind is Kind.NUMBER:
            return self._number_literal(as_decimal(value))
        bound: object = value
        if isinstance(value, datetime):
            bound = (value - _EPOCH) // timedelta(milliseconds=1)
        elif isinstance(value, date | time):
            bound = temporal_text(value)
        elif isinstance(value, bool):
            bound = int(value)
        parts = self.bind(bound, kind)
        return Piece(parts=parts, kind=kind, constant=value, is_literal=True, is_filled=True)

    def _number_literal(self, number: Decimal) -> Piece:
        places = places_of(number)
        is_small = places <= MAX_SCALE and abs(number.scaleb(places)) < _LARGEST
        shown: object = int(number.scaleb(places)) if is_small else format(number, "f")
        return Piece(
            parts=self.bind(shown, Kind.NUMBER),
            kind=Kind.NUMBER,
            scale=places if is_small else None,
            constant=number,
            is_literal=True,
            is_filled=True,
        )

    def typed(self, bound: sa.BindParameter[Any], kind: Kind) -> tuple[Part, ...]:
        """Write a parameter; SQLite takes the type of the value."""
        return (bound,)

    def surroundings(self, name: str) -> Piece:
        """Write today, now, zone, permissions or roles."""
        kinds = {"today": Kind.DATE, "now": Kind.DATETIME}
        bound = parameter(f"ctx_{name}")
        return Piece(parts=(bound,), kind=kinds.get(name, Kind.TEXT), is_filled=True)

    def column(self, node: FieldRead, raw: sa.ColumnElement[Any]) -> Piece:
        """Write a column; the scale of a number is the decimals it is kept with."""
        scale = (node.type.decimals or 0) if node.type.kind is Kind.NUMBER else None
        return Piece(parts=(raw,), kind=node.type.kind, scale=scale)

    # --- numbers ----------------------------------------------------------------------------------

    def number(self, piece: Piece) -> tuple[Part, ...]:
        """Write a number as decimal text or integer, as user functions take it."""
        if piece.is_blank or piece.scale in (None, 0):
            return piece.parts
        if piece.is_literal:
            return self.bind(format(as_decimal(piece.constant), "f"), Kind.NUMBER)
        return ("patron_decimal(", *piece.parts, f", {piece.scale})")

    def whole(self, piece: Piece) -> tuple[Part, ...]:
        """Write a number cut off to an integer."""
        if piece.is_blank or piece.scale == 0:
            return piece.parts
        if piece.scale is None:
            return ("patron_whole(", *piece.parts, ")")
        return ("CAST(", *piece.parts, f" / {10**piece.scale} AS INTEGER)")

    def scaled(self, piece: Piece, scale: int) -> tuple[Part, ...]:
        """Write an integer number at a scale at least its own."""
        assert piece.scale is not None  # the caller looked
        if piece.is_blank or scale == piece.scale:
            return piece.parts
        if piece.is_literal:
            return self.bind(int(as_decimal(piece.constant).scaleb(scale)), Kind.NUMBER)
        return ("(", *piece.parts, f" * {10 ** (scale - piece.scale)})")

    def kept(self, piece: Piece, decimals: int) -> tuple[Part, ...]:
        """Write a number as a column with these decimals keeps it: a rounded, scaled integer."""
        if piece.scale is not None and piece.scale <= decimals:
            return self.scaled(piece, decimals)
        return ("patron_scaled(", *self.number(piece), f", {decimals})")

    def compared(self, sign: str, left: Piece, right: Piece) -> tuple[Part, ...]:
        """Compare natively at one scale; decimal text by a user function."""
        if left.kind is not Kind.NUMBER and right.kind is not Kind.NUMBER:
            return ("(", *left.parts, f" {sign} ", *right.parts, ")")
        if left.scale is not None and right.scale is not None:
            scale = max(left.scale, right.scale)
            pair = (self.scaled(left, scale), self.scaled(right, scale))
            return ("(", *pair[0], f" {sign} ", *pair[1], ")")
        pair = (self.number(left), self.number(right))
        return ("(patron_compare(", *pair[0], ", ", *pair[1], f") {sign} 0)")

    def arithmetic(self, name: str, arguments: Sequence[Piece]) -> Piece:
        """Compute natively on scaled integers while they fit, else by user functions."""
        scales = [piece.scale for piece in arguments]
        known = [scale for scale in scales if scale is not None]
        needed = sum(known) if name == "multiply" else max(known, default=0)
        if len(known) < len(scales) or needed > MAX_SCALE:
            return self._by_function(name, arguments)
        parts = self._native(name, arguments, needed)
        return Piece(parts=parts, kind=Kind.NUMBER, scale=needed)

    def _native(self, name: str, arguments: Sequence[Piece], scale: int) -> tuple[Part, ...]:
        if name == "multiply":
            return between(" * ", [piece.parts for piece in arguments])
        items = [self.scaled(piece, scale) for piece in arguments]
        if name in _SIGNS:
            return between(_SIGNS[name], items)
        if name == "negate":
            return ("(-", *items[0], ")")
        if name == "ABS":
            return ("abs(", *items[0], ")")
        if len(items) == 1:  # `plus`; and with one argument SQLite's max is an aggregate
            return items[0]
        return (name.lower(), *between(", ", items))

    def _by_function(self, name: str, arguments: Sequence[Piece]) -> Piece:
        items = [self.number(piece) for piece in arguments]
        parts = items[0] if name == "plus" else (f"patron_{name.lower()}", *between(", ", items))
        return Piece(parts=parts, kind=Kind.NUMBER)

    def aligned(self, pieces: Sequence[Piece]) -> tuple[int | None, list[tuple[Part, ...]]]:
        """Bring numbers to one scale, or all to decimal text."""
        if all(piece.kind in (Kind.NUMBER, Kind.NULL) for piece in pieces):
            known = [p.scale for p in pieces if p.scale is not None]
            if len(known) == len(pieces):
                scale = max(known)
                return scale, [self.scaled(piece, scale) for piece in pieces]
            return None, [self.number(piece) for piece in pieces]
        return None, [piece.parts for piece in pieces]

    def case_key(self, pieces: Sequence[Piece], *, blank_matches: bool) -> list[tuple[Part, ...]]:
        """Write values so that equal ones are equal: numbers at one scale or as plain text."""
        if any(piece.kind is Kind.NUMBER for piece in pieces):
            scale, items = self.aligned(pieces)
            return items if scale is not None else [("patron_plain(", *i, ")") for i in items]
        if not blank_matches:
            return [piece.parts for piece in pieces]
        return [p.parts if p.is_filled else ("coalesce(", *p.parts, ", '')") for p in pieces]

    # --- texts and functions ----------------------------------------------------------------------

    def joined(self, arguments: Sequence[Piece]) -> tuple[Part, ...]:
        """Write texts one after the other."""
        items = [a.parts if a.is_filled else ("coalesce(", *a.parts, ", '')") for a in arguments]
        return between(" || ", items)

    def found_in(self, name: str, text: Piece, wanted: Piece) -> tuple[Part, ...]:
        """Write CONTAINS or BEGINS: natively when what is sought is a constant."""
        if not isinstance(wanted.constant, str):
            return (f"patron_{name.lower()}(", *text.parts, ", ", *wanted.parts, ")")
        if name == "CONTAINS":
            return ("(instr(", *text.parts, ", ", *wanted.parts, ") > 0)")
        length = len(wanted.constant)
        return ("(substr(", *text.parts, f", 1, {length}) = ", *wanted.parts, ")")

    def fits(self, call: Call, text: Piece, pattern: Piece) -> tuple[Part, ...]:
        """Write REGEX."""
        return ("patron_regex(", *text.parts, ", ", *pattern.parts, ")")

    def own_python(self, call: Call, arguments: Sequence[Piece]) -> Piece:
        """Call the user function that runs the entry's own Python."""
        items = [self.number(a) if a.kind is Kind.NUMBER else a.parts for a in arguments]
        first = call.arguments[0].type.kind if call.arguments else None
        name = name_of(call.function, first)
        scale = 0 if call.type.kind is Kind.NUMBER and call.type.decimals == 0 else None
        return Piece(parts=(name, *between(", ", items)), kind=call.type.kind, scale=scale)

    def finish(self, piece: Piece, type_: ExprType) -> Fragment:
        """Give the value as a column of this type keeps it; free numbers as REAL."""
        if type_.kind is not Kind.NUMBER:
            return Fragment(piece.parts, _TYPES.get(type_.kind, sa.Text()))
        if type_.decimals is None:
            return Fragment(("patron_real(", *self.number(piece), ")"), sa.Float())
        return Fragment(self.kept(piece, type_.decimals), sa.Integer())


_TYPES: dict[Kind, sa.types.TypeEngine[Any]] = {
    Kind.CHECKBOX: sa.Integer(),
    Kind.DATETIME: sa.Integer(),
    Kind.LOOKUP: sa.Integer(),
}
