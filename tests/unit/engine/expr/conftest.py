"""A small scope and surroundings that the tests of this folder share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.expr import EvalContext, ExprInvalid, ExprProblem, compile_expression
from tests.support.expressions import FieldScope

CONTEXT = EvalContext(now=datetime(2024, 3, 31, 23, 30, tzinfo=UTC), zone=UTC)


@pytest.fixture
def scope() -> FieldScope:
    """Give the fields of `tests.support.expressions`."""
    return FieldScope()


@pytest.fixture
def context() -> EvalContext:
    """Give a fixed instant in UTC, a user without rights."""
    return CONTEXT


@pytest.fixture
def value(scope):
    """Give a function: the value of an expression over named fields."""

    def evaluated(text, /, *, context=CONTEXT, blank_zero=False, **fields):
        return compile_expression(text, scope, blank_zero=blank_zero).evaluate(fields, context)

    return evaluated


@pytest.fixture
def problems(scope):
    """Give a function: the problems of an expression."""

    def found(text: str, **options) -> tuple[ExprProblem, ...]:
        with pytest.raises(ExprInvalid) as invalid:
            compile_expression(text, scope, **options)
        return invalid.value.problems

    return found
