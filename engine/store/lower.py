"""Expressions lowered to SQL: filters, orders, sharing, and formulas computed when read.

The one door from `engine.store` to `engine.store.sql`. What comes back is a SQLAlchemy element;
constants are parameters in it, facts of the surroundings are parameters named `ctx_…`, which
`EvalContext.sql_params()` gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

import sqlalchemy as sa

from engine.expr import Expression, Given, Kind
from engine.expr.types import ExprType
from engine.model.fields.base import Storage, StorageKind, Value
from engine.store.columns import codec
from engine.store.sql.fragment import Fragment
from engine.store.sql.pieces import Piece
from engine.store.sql.postgresql import PostgresqlWriter
from engine.store.sql.sqlite import SqliteWriter
from engine.store.sql.writer import ColumnOf, NoSqlForm

__all__ = ["NoSqlForm", "decoder", "given_params", "lower", "lower_condition"]

_STORED = {
    Kind.CHECKBOX: StorageKind.BOOLEAN,
    Kind.DATE: StorageKind.DATE,
    Kind.DATETIME: StorageKind.DATETIME,
    Kind.TIME: StorageKind.TIME,
    Kind.MULTI_PICKLIST: StorageKind.LIST,
    Kind.LOCATION: StorageKind.JSON,
    Kind.JSON: StorageKind.JSON,
}


def _writer(
    dialect: str, column: ColumnOf, params: MutableMapping[str, object]
) -> SqliteWriter | PostgresqlWriter:
    made = SqliteWriter if dialect == "sqlite" else PostgresqlWriter
    return made(column, params)


def lower(
    expression: Expression, dialect: str, column: ColumnOf, params: MutableMapping[str, object]
) -> sa.ColumnElement[Any]:
    """Write an expression as a value, in the form in which a column keeps it.

    Numbers are rounded to `expression.type.decimals`, on SQLite as scaled integers; where the type
    fixes no decimals they are REAL on SQLite and NUMERIC on PostgreSQL. Errors (division by zero)
    and blanks are NULL, a checkbox is never NULL.

    Args:
        expression: What to write; `expression.sql_problem(dialect)` is None.
        dialect: "sqlite" or "postgresql".
        column: Gives the stored column of a dotted path that the expression reads.
        params: Receives the constants, by the names of their parameters.

    Raises: NoSqlForm when a function has no SQL on this database.
    """
    writer = _writer(dialect, column, params)
    if expression.type.kind is Kind.CHECKBOX:
        piece = writer.value(expression.tree)
        parts = ("coalesce(", *piece.parts, f", {writer.false})")
        piece = Piece(parts=parts, kind=Kind.CHECKBOX)
    else:
        piece = writer.value(expression.tree)
    return writer.finish(piece, expression.type)


def lower_condition(
    expression: Expression, dialect: str, column: ColumnOf, params: MutableMapping[str, object]
) -> sa.ColumnElement[bool]:
    """Write a condition for WHERE or ON, where NULL and false do the same.

    Plain comparisons stay plain, so that an index serves them. Arguments and errors as for `lower`.
    """
    writer = _writer(dialect, column, params)
    return Fragment(writer.condition(expression.tree), sa.Boolean())


def decoder(type: ExprType, dialect: str) -> Callable[[Any], Any] | None:
    """Give what turns a selected value of `lower` into one of the language; None: nothing.

    Never called with None.
    """
    if type.kind is Kind.NUMBER and type.decimals is not None:
        return codec(Storage(StorageKind.DECIMAL, decimals=type.decimals), dialect).decode
    storage = _STORED.get(type.kind)
    return None if storage is None else codec(Storage(storage), dialect).decode


def given_params(given: Iterable[tuple[Given, Value]], dialect: str) -> dict[str, object]:
    """Give the parameters of values that an expression is given, as a column would keep them."""
    return {
        f"ctx_record_{one.name}": _bound(one.value.type, value, dialect) for one, value in given
    }


def _bound(type: ExprType, value: Value, dialect: str) -> object:
    if value is None:
        return None
    if type.kind is Kind.NUMBER:
        if type.decimals is None:
            return float(str(value)) if dialect == "sqlite" else value
        storage = Storage(StorageKind.DECIMAL, decimals=type.decimals)
    else:
        storage = Storage(_STORED.get(type.kind, StorageKind.TEXT))
    encode = codec(storage, dialect).encode
    return value if encode is None else encode(value)
