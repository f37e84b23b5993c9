"""Expressions as SQL: the examples on both databases, and the forms that an index serves."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from engine.expr import EvalContext, ExprInvalid, compile_expression
from engine.expr.functions import EVERY
from engine.expr.types import TEXT
from engine.store.lower import NoSqlForm, decoder, lower, lower_condition
from engine.store.sql.functions import POSTGRES_FUNCTIONS, SQLITE_FUNCTIONS, name_of
from engine.store.sql.writer import Writer
from engine.store.statements import compile_statement
from tests.support.expressions import FieldScope

CONTEXT = EvalContext(now=datetime(2024, 3, 31, 23, 30, tzinfo=UTC), zone=UTC)
EXAMPLES = [text for function in EVERY for text, _ in function.examples]


class _Anything(FieldScope):
    """Every permission and role exists."""

    def elsewhere(self, object, field):
        return TEXT

    def knows(self, kind, name):
        return True


def _where(text: str, dialect: str = "sqlite") -> tuple[str, dict[str, object]]:
    """Give the SQL of a condition, and its constants."""
    params: dict[str, object] = {}
    expression = compile_expression(text, FieldScope())
    clause = lower_condition(expression, dialect, sa.column, params)
    return compile_statement(sa.select(sa.literal(1)).where(clause), dialect).text, params


def test_the_examples_of_all_functions_are_the_same_in_sql(database):
    """What the reference page shows comes out of the database as well."""
    with database.write() as tx:
        for text in POSTGRES_FUNCTIONS if tx.dialect == "postgresql" else ():
            tx.run(text.replace("%", "%%"), ())
        different = [text for text in EXAMPLES if not _agrees(tx, text)]

    assert different == []


def _agrees(tx, text: str) -> bool:
    try:
        expression = compile_expression(text, _Anything())
    except ExprInvalid:
        return True  # an example of an error
    if expression.sql_problem(tx.dialect) is not None:
        return True
    clause = lower(expression, tx.dialect, sa.column, {})
    statement = compile_statement(sa.select(clause), tx.dialect)
    ((found,),) = tx.rows(statement.text, statement.args(CONTEXT.sql_params()))
    decode = decoder(expression.type, tx.dialect)
    shown = found if found is None or decode is None else decode(found)
    wanted = expression.settle({}, CONTEXT)
    return shown == wanted or abs(float(shown) - float(wanted)) < 1e-14 * abs(float(wanted))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("amount > 100000", "(amount > ?)"),
        ('name = "Castor"', "(name = ?)"),
        ('stage IN ("won", "hot")', "(stage IN (?, ?))"),
        ("owner = $user.id", "(owner = ?)"),
        ("day < TODAY()", "(day < (?))"),
        ("done", "done"),
        ("stage.closed", "(stage IN (?))"),
        ("ISBLANK(name)", "(name IS NULL)"),
        ("account <> NULL", "(account IS NOT NULL)"),
        ("amount > 1 AND done", "((amount > ?) AND done)"),
        ('NOT name = "x"', "(NOT (name IS ?))"),
        ('name <> "x"', "(name IS NOT ?)"),
        ("amount + price > 10", "((amount + price) > ?)"),
        ("amount * share > 10", "((amount * share) > ?)"),
    ],
)
def test_common_filters_stay_plain(text, where):
    """A column beside a parameter: what an index serves."""
    assert _where(text)[0].partition("WHERE ")[2] == where


def test_constants_take_the_scale_of_the_column():
    """On SQLite 1000 beside a currency is 100000 cents, so the column itself is compared."""
    _, params = _where("amount > 1000")

    assert list(params.values())[-1] == 100_000


def test_postgresql_compares_texts_without_wrapping_the_column():
    """Equality of a text column and a constant stays an equality."""
    assert "(name = CAST(%s AS TEXT))" in _where('name = "x"', "postgresql")[0]
    assert "IS NOT DISTINCT FROM" in _where("account = owner", "postgresql")[0]


def test_an_index_serves_what_a_view_asks():
    """SQLite's plan for a typical view: a search, not a scan."""
    text, _ = _where("owner = $user.id AND NOT stage.closed AND amount > 1000")
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE fact (owner INTEGER, stage TEXT, amount INTEGER)")
    connection.execute("CREATE INDEX view ON fact (owner, amount)")
    where = text.partition("WHERE ")[2]

    plan = connection.execute(
        f"EXPLAIN QUERY PLAN SELECT 1 FROM fact WHERE {where}", [1] * where.count("?")
    ).fetchall()
    connection.close()

    assert "SEARCH fact USING INDEX view (owner=? AND amount>?)" in plan[0][3]


def test_what_has_no_sql_is_refused(database):
    """Lowering says no where `sql_problem` does."""
    for text in ("ISCHANGED(stage)", "ISNEW()", "IFERROR(amount, 1) > 0"):
        expression = compile_expression(text, FieldScope())

        assert expression.sql_problem(database.dialect) is not None
        with pytest.raises(NoSqlForm):
            lower(expression, database.dialect, sa.column, {})


def test_all_helpers_carry_the_prefix_of_the_platform():
    """Nothing of ours can collide with a function of the database or of a table."""
    assert all(name.startswith("patron_") for name in SQLITE_FUNCTIONS)
    assert all(
        text.startswith("CREATE OR REPLACE FUNCTION patron_") or "$do$" in text
        for text in POSTGRES_FUNCTIONS
    )


def test_every_function_that_is_written_out_has_its_writer():
    """The two tables are one list."""
    written = {f.name for f in EVERY if f.sql is not None and f.sql.is_written}

    assert written - set(Writer.written_names()) <= {"LABEL"}
    assert set(Writer.written_names()) <= {f.name for f in EVERY}


def test_user_functions_are_named_after_the_kind_they_take():
    """One name for several kinds would read a date as a number."""
    text = next(f for f in EVERY if f.name == "TEXT")

    names = {name_of(text, kind) for kind in text.parameters[0].kinds}

    assert len(names) == len(text.parameters[0].kinds)
    assert len(SQLITE_FUNCTIONS) == len(set(SQLITE_FUNCTIONS))


def test_nested_calls_do_not_multiply_the_text():
    """No argument is written twice: 40 levels of CASE stay in proportion."""
    text = "amount"
    for _ in range(40):
        text = f"CASE({text}, 1, 2, 3, 4, 5)"

    for dialect in ("sqlite", "postgresql"):
        clause = lower(compile_expression(text, FieldScope()), dialect, sa.column, {})
        assert len("".join(clause.texts)) < 40_000
