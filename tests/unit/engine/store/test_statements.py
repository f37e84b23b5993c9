"""Statements are compiled once to text for the driver, and run with values by name."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engine.store.database import Database
from engine.store.statements import compile_statement

THING = sa.table("thing", sa.column("id", sa.BigInteger), sa.column("name", sa.Text))


def test_a_statement_runs_with_values_by_name(database: Database):
    """Names repeat, constants stay, percent signs are right; on both databases."""
    insert = compile_statement(
        THING.insert().values(id=sa.bindparam("id"), name=sa.bindparam("name")), database.dialect
    )
    select = compile_statement(
        sa.select(THING.c.name, THING.c.id % 10)
        .where(THING.c.name.like("1%"), THING.c.id.in_([11, 12]))
        .where(sa.or_(THING.c.id == sa.bindparam("x"), THING.c.id > sa.bindparam("x"))),
        database.dialect,
    )

    with database.write() as tx:
        tx.run("CREATE TABLE thing (id BIGINT, name TEXT)")
        for number, name in ((11, "100%"), (12, "x"), (13, "1")):
            tx.run(insert.text, insert.args({"id": number, "name": name}))
        found = tx.rows(select.text, select.args({"x": 11}))

    assert found == [("100%", 1)]


def test_a_parameter_without_a_value_is_an_error(dialect: str):
    """A forgotten value is never NULL by accident."""
    clause = sa.select(THING.c.id).where(THING.c.id == sa.bindparam("x"), THING.c.id > 5)
    statement = compile_statement(clause, dialect)

    with pytest.raises(KeyError):
        statement.args({})


def test_a_constant_may_be_given_another_value(dialect: str):
    """A named parameter with a default takes the caller's value where there is one."""
    clause = sa.select(THING.c.id).where(THING.c.id == sa.bindparam("x", 1))
    statement = compile_statement(clause, dialect)

    assert statement.args({}) == (1,)
    assert statement.args({"x": 2}) == (2,)


def test_a_statement_without_constants_keeps_only_names(dialect: str):
    """The usual statement carries nothing to merge on each call."""
    clause = THING.update().values(name=sa.bindparam("n")).where(THING.c.id == sa.bindparam("i"))
    statement = compile_statement(clause, dialect)

    assert statement.names == ("n", "i")
    assert not statement.constants
