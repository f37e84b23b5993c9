"""Laws of the expression language: one value, whoever computes it.

The running closures, simpleeval over the same tree, SQLite and PostgreSQL are asked the same over
random typed expressions and records; numbers agree to 15 digits, everything else exactly.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from functools import partial

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from engine.expr import ExprFailed, ExprInvalid, Kind, compile_expression
from engine.expr.checking import evaluate_checked
from engine.expr.closures import closure
from engine.expr.tree import walk
from engine.model.fields.base import Storage, StorageKind
from engine.store.columns import codec, sql_type
from engine.store.database import Database, Tx
from engine.store.lower import decoder, lower, lower_condition
from engine.store.sql.functions import POSTGRES_FUNCTIONS
from engine.store.statements import compile_statement, dialect_of
from engine.store.text import native
from tests.support.expressions import FIELDS, FieldScope, any_expression, contexts, records
from tests.support.postgres import run_sql
from tests.support.proof import proof_length

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]

CASES = proof_length(short=300, long=20_000)
_CASES = f"{CASES:,} cases, 0 differences"
LARGEST = Decimal(10) ** 12  # up to here the contract promises equal digits
_KEPT = {
    Kind.NUMBER: StorageKind.DECIMAL,
    Kind.DATE: StorageKind.DATE,
    Kind.DATETIME: StorageKind.DATETIME,
    Kind.TIME: StorageKind.TIME,
    Kind.CHECKBOX: StorageKind.BOOLEAN,
    Kind.MULTI_PICKLIST: StorageKind.LIST,
    Kind.LOOKUP: StorageKind.INTEGER,
}


def _storage(name: str) -> Storage:
    type_ = FIELDS[name]
    if type_.kind is Kind.NUMBER and not type_.flavour:
        return Storage(StorageKind.INTEGER)
    return Storage(_KEPT.get(type_.kind, StorageKind.TEXT), decimals=type_.decimals or 0)


class Asked:
    """One database with one row, whose columns the expressions read."""

    def __init__(self, tx: Tx) -> None:
        self.tx = tx
        columns = [sa.Column(name, sql_type(_storage(name), tx.dialect)) for name in FIELDS]
        self.table = sa.Table("fact", sa.MetaData(), *columns)
        dialect = dialect_of(tx.dialect)
        shown = ", ".join(f"{c.name} {c.type.compile(dialect)}" for c in columns)
        tx.run(f"CREATE TABLE fact ({shown})", ())
        tx.run("INSERT INTO fact (name) VALUES (NULL)", ())
        holes = ", ".join(f"{name} = ?" for name in FIELDS)
        self.update = native(tx, f"UPDATE fact SET {holes}")

    def keep(self, record: dict[str, object]) -> None:
        """Put a record into the row, as the store would."""
        encoded = []
        for name in FIELDS:
            encode = codec(_storage(name), self.tx.dialect).encode
            value = record[name]
            encoded.append(value if value is None or encode is None else encode(value))
        self.tx.run(self.update, tuple(encoded))

    def ask(self, clause: sa.ColumnElement, context: object) -> object:
        """Select one value."""
        statement = compile_statement(sa.select(clause).select_from(self.table), self.tx.dialect)
        return self.tx.rows(statement.text, statement.args(context.sql_params()))[0][0]

    def value(self, expression, context) -> object:
        """Give the value of an expression over the row."""
        clause = lower(expression, self.tx.dialect, self.column, {})
        found = self.ask(clause, context)
        decode = decoder(expression.type, self.tx.dialect)
        return found if found is None or decode is None else decode(found)

    def holds(self, expression, context) -> bool:
        """Tell whether a WHERE with this condition finds the row."""
        clause = lower_condition(expression, self.tx.dialect, self.column, {})
        return bool(self.ask(sa.case((clause, 1), else_=0), context))

    def column(self, path: str) -> sa.ColumnElement:
        """Give the column of a path."""
        return self.table.c[path]


@pytest.fixture(scope="module")
def asked(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Asked, ...]]:
    """Give a row in each database, in one transaction each for the whole module."""
    schema = f"t_{uuid.uuid4().hex[:20]}"
    run_sql(postgres_url, f"CREATE SCHEMA {schema}")
    file = tmp_path_factory.mktemp("parity") / "fact.db"
    databases = [Database(f"sqlite:///{file}"), Database(postgres_url, schema=schema)]
    with ExitStack() as stack:
        opened = [stack.enter_context(database.write()) for database in databases]
        for text in POSTGRES_FUNCTIONS:
            opened[1].run(text.replace("%", "%%"), ())
        yield tuple(Asked(tx) for tx in opened)
    for database in databases:
        database.dispose()
    run_sql(postgres_url, f"DROP SCHEMA {schema} CASCADE")


def _compiled(text: str, *, blank_zero: bool = False):
    try:
        return compile_expression(text, FieldScope(), blank_zero=blank_zero)
    except ExprInvalid as invalid:
        # Constants may be impossible and a bare NULL has no type; else the generator is wrong.
        if {problem.code for problem in invalid.problems} - {"M306", "M309"} and "NULL" not in text:
            raise
        assume(False)


def _bounded(expression, record, context) -> bool:
    """Tell whether every number on the way is one that the contract speaks of."""
    for node in walk(expression.tree):
        if node.type.kind is Kind.NUMBER:
            found = closure(node, is_lenient=True)(record, context)
            if found is not None and abs(found) >= LARGEST:
                return False
    return True


def same(found: object, wanted: object) -> bool:
    """Compare two values: numbers to 15 digits, everything else exactly."""
    if isinstance(found, int | float | Decimal) and isinstance(wanted, Decimal):
        number = Decimal(repr(found)) if isinstance(found, float) else Decimal(found)
        return abs(number - wanted) <= abs(wanted) * Decimal("5e-15")
    return found == wanted


def test_python_and_both_databases_agree(asked, figure):
    """Law: what SQL gives is what Python gives, blanks and errors included."""

    @settings(
        max_examples=CASES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(text=any_expression, record=records, context=contexts(), blank_zero=st.booleans())
    def law(text, record, context, blank_zero):
        expression = _compiled(text, blank_zero=blank_zero)
        assume(_bounded(expression, record, context))
        wanted = expression.settle(record, context)
        for database in asked:
            if not expression.sql_problem(database.tx.dialect):
                _ensure_same(database, expression, record, context, wanted)

    law()
    figure("random expressions in Python and in both databases", _CASES, "0 differences")


def _ensure_same(database, expression, record, context, wanted):
    database.keep(record)
    found = database.value(expression, context)
    note(f"{database.tx.dialect}: {found!r}, Python: {wanted!r}")
    assert same(found, wanted)
    if expression.type.kind is Kind.CHECKBOX:
        assert database.holds(expression, context) is expression.holds(record, context)


def test_closures_and_simpleeval_agree(figure):
    """Law: the running evaluator gives what simpleeval gives over the same tree, or fails alike."""

    @settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(text=any_expression, record=records, context=contexts())
    def law(text, record, context):
        expression = _compiled(text)
        checked = _result(partial(evaluate_checked, expression), record, context)
        assert _result(expression.evaluate, record, context) == checked

    law()
    figure("random expressions by closures and by simpleeval", _CASES, "0 differences")


def _result(evaluate, record, context):
    try:
        return evaluate(record, context)
    except ExprFailed as failed:
        return f"failed: {failed}"
