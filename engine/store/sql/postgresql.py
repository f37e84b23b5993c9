"""Expressions for PostgreSQL: NUMERIC keeps every digit, helper functions do the rest.

Parameters carry no type of their own, so each is cast where it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.expr.patterns import compile_pattern
from engine.expr.tree import Call, FieldRead, Literal
from engine.expr.types import ExprType, Kind
from engine.store.sql.fragment import Fragment, Part
from engine.store.sql.pieces import Piece
from engine.store.sql.writer import NoSqlForm, Writer, between, parameter, temporal_text

_CASTS = {
    Kind.TEXT: "TEXT",
    Kind.PICKLIST: "TEXT",
    Kind.NUMBER: "NUMERIC",
    Kind.CHECKBOX: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.DATETIME: "TIMESTAMPTZ",
    Kind.TIME: "TIME",
    Kind.LOOKUP: "BIGINT",
}
_SIGNS = {"add": " + ", "subtract": " - ", "multiply": " * "}


class PostgresqlWriter(Writer):
    """Writes for PostgreSQL."""

    dialect: ClassVar[str] = "postgresql"
    true: ClassVar[str] = "TRUE"
    false: ClassVar[str] = "FALSE"
    same: ClassVar[str] = "IS NOT DISTINCT FROM"
    differ: ClassVar[str] = "IS DISTINCT FROM"

    def literal(self, node: Literal) -> Piece:
        """Write a constant as a parameter with its type."""
        value, kind = node.value, node.type.kind
        if value is None:
            cast = f"CAST(NULL AS {_CASTS[kind]})" if kind in _CASTS else "NULL"
            return Piece(parts=(cast,), kind=kind, is_literal=True)
        bound = temporal_text(value) if isinstance(value, date | datetime | time) else value
        parts = self.bind(bound, kind)
        return Piece(parts=parts, kind=kind, constant=value, is_literal=True, is_filled=True)

    def typed(self, bound: sa.BindParameter[Any], kind: Kind) -> tuple[Part, ...]:
        """Write a parameter with the type of its kind."""
        return ("CAST(", bound, f" AS {_CASTS[kind]})")

    def surroundings(self, name: str) -> Piece:
        """Write today, now, zone, permissions or roles."""
        bound = parameter(f"ctx_{name}")
        if name == "today":
            parts: tuple[Part, ...] = ("CAST(", bound, " AS DATE)")
            return Piece(parts=parts, kind=Kind.DATE, is_filled=True)
        if name == "now":
            parts = ("patron_instant(CAST(", bound, " AS NUMERIC))")
            return Piece(parts=parts, kind=Kind.DATETIME, is_filled=True)
        return Piece(parts=("CAST(", bound, " AS TEXT)"), kind=Kind.TEXT, is_filled=True)

    def column(self, node: FieldRead, raw: sa.ColumnElement[Any]) -> Piece:
        """Write a column; whole numbers kept as integers become NUMERIC."""
        if node.type.kind is Kind.NUMBER and not node.type.flavour:
            return Piece(parts=("CAST(", raw, " AS NUMERIC)"), kind=Kind.NUMBER)
        return Piece(parts=(raw,), kind=node.type.kind)

    def number(self, piece: Piece) -> tuple[Part, ...]:
        """Write a number as it is."""
        return piece.parts

    def whole(self, piece: Piece) -> tuple[Part, ...]:
        """Write a number cut off to an integer."""
        return ("patron_whole(", *piece.parts, ")")

    def compared(self, sign: str, left: Piece, right: Piece) -> tuple[Part, ...]:
        """Compare; texts by code point."""
        is_text = left.kind in (Kind.TEXT, Kind.PICKLIST) and sign not in ("=", "<>")
        order = ' COLLATE "C"' if is_text else ""
        return ("(", *left.parts, f"{order} {sign} ", *right.parts, ")")

    def arithmetic(self, name: str, arguments: Sequence[Piece]) -> Piece:
        """Compute with NUMERIC, which keeps every digit."""
        items = [piece.parts for piece in arguments]
        if name in _SIGNS:
            parts = between(_SIGNS[name], items)
        elif name == "negate":
            parts = ("(-", *items[0], ")")
        elif name == "ABS":
            parts = ("abs(", *items[0], ")")
        elif name == "plus":
            parts = items[0]
        else:
            parts = (f"patron_{name.lower()}", *between(", ", items))
        return Piece(parts=parts, kind=Kind.NUMBER)

    def aligned(self, pieces: Sequence[Piece]) -> tuple[int | None, list[tuple[Part, ...]]]:
        """Leave branches as they are."""
        return None, [piece.parts for piece in pieces]

    def case_key(self, pieces: Sequence[Piece], *, blank_matches: bool) -> list[tuple[Part, ...]]:
        """Write values so that blank equals blank where it should."""
        if not blank_matches:
            return [piece.parts for piece in pieces]
        is_lookup = any(piece.kind is Kind.LOOKUP for piece in pieces)
        blank = "0" if is_lookup else "''"
        return [p.parts if p.is_filled else ("coalesce(", *p.parts, f", {blank})") for p in pieces]

    def joined(self, arguments: Sequence[Piece]) -> tuple[Part, ...]:
        """Write texts one after the other; concat takes NULL for nothing."""
        return ("concat", *between(", ", [argument.parts for argument in arguments]))

    def found_in(self, name: str, text: Piece, wanted: Piece) -> tuple[Part, ...]:
        """Write CONTAINS or BEGINS."""
        if not wanted.is_filled:
            return (f"patron_{name.lower()}(", *text.parts, ", ", *wanted.parts, ")")
        if name == "CONTAINS":
            return ("(strpos(", *text.parts, ", ", *wanted.parts, ") > 0)")
        return ("starts_with(", *text.parts, ", ", *wanted.parts, ")")

    def fits(self, call: Call, text: Piece, pattern: Piece) -> tuple[Part, ...]:
        """Write REGEX; the pattern must be a constant, whose PostgreSQL form is known."""
        if not pattern.is_literal:
            raise NoSqlForm("REGEX needs a pattern in quotes to be used here")
        own = compile_pattern(str(pattern.constant or "")).postgresql
        return (
            "(coalesce(",
            *text.parts,
            """, '') COLLATE "C" ~ """,
            *self.bind(own, Kind.TEXT),
            ")",
        )

    def own_python(self, call: Call, arguments: Sequence[Piece]) -> Piece:
        """Refuse: PostgreSQL runs no Python."""
        raise NoSqlForm(f"{call.function.name} has no SQL form on PostgreSQL")

    def finish(self, piece: Piece, type_: ExprType) -> Fragment:
        """Give the value as a column of this type keeps it."""
        if type_.kind is Kind.NUMBER and type_.decimals is not None:
            return Fragment(("round(", *piece.parts, f", {type_.decimals})"), sa.Numeric())
        return Fragment(piece.parts, _TYPES.get(type_.kind, sa.Text()))


_TYPES: dict[Kind, sa.types.TypeEngine[Any]] = {
    Kind.NUMBER: sa.Numeric(),
    Kind.CHECKBOX: sa.Boolean(),
    Kind.DATE: sa.Date(),
    Kind.DATETIME: sa.DateTime(timezone=True),
    Kind.TIME: sa.Time(),
    Kind.LOOKUP: sa.BigInteger(),
}
