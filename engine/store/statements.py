"""From a SQLAlchemy Core clause to text and names of parameters, once per shape of statement.

Compiling costs 0.3 ms and executing a compiled text costs microseconds, so callers keep what
`compile_statement` gives in a `Memo` and only fill in values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import psycopg as postgresql
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

_DIALECTS: Mapping[str, Dialect] = {
    "sqlite": pysqlite.dialect(paramstyle="qmark"),
    "postgresql": postgresql.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]  # as SQLAlchemy ships it
}


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text for one driver and, in the order of its placeholders, the names of the parameters.

    `constants` holds values that stood in the clause; a parameter of the same name wins over it.
    """

    text: str
    names: tuple[str, ...]
    constants: Mapping[str, object]

    def args(self, params: Mapping[str, object]) -> tuple[object, ...]:
        """Put values in order. They are passed on as they are: encode them first (`columns.codec`).

        Raises: KeyError for a parameter without a value.
        """
        if not self.constants:
            return tuple([params[name] for name in self.names])
        both = {**self.constants, **params}
        return tuple([both[name] for name in self.names])


def dialect_of(name: str) -> Dialect:
    """Give SQLAlchemy's dialect, as text for the driver is written with it."""
    return _DIALECTS[name]


def compile_statement(clause: ClauseElement, dialect: str) -> Statement:
    """Compile a clause for "sqlite" or "postgresql".

    Values written into the clause (`column == 5`, `column.in_([1, 2])`) become constants and are
    passed to the driver as they stand. Costs about 0.3 ms.
    """
    compiled = clause.compile(dialect=_DIALECTS[dialect])
    assert isinstance(
        compiled, SQLCompiler
    )  # statements only; DDL is written by `engine.store.ddl`
    required = {name for name, bind in compiled.binds.items() if bind.required}
    # A list of constants after IN is written out here, one placeholder each.
    state = compiled.construct_expanded_state(dict.fromkeys(required, 0))
    names = tuple(state.positiontup or ())
    values = state.parameters
    constants = {n: values[n] for n in dict.fromkeys(names) if n not in required}
    return Statement(state.statement, names, constants)
