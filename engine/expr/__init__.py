"""The expression language: text -> typed tree -> Python value or SQL.

`compile_expression(text, scope)` gives an `Expression`; `Expression.evaluate(values, context)` its
value over one record. The path of an expression: tokens -> parser -> checker -> closures, one file
each; `functions/` holds an entry per function. SQL is written by `engine.store.lower`.
Imports nothing from outside; simpleeval serves the checking evaluator (`engine.expr.checking`).
"""

from __future__ import annotations

from engine.expr.context import EvalContext
from engine.expr.expression import Expression, compile_expression
from engine.expr.parting import Given, part
from engine.expr.problems import ExprFailed, ExprInvalid, ExprProblem
from engine.expr.renaming import rename_paths
from engine.expr.types import ExprType, Kind, Scope, expr_type

__all__ = [
    "EvalContext",
    "ExprFailed",
    "ExprInvalid",
    "ExprProblem",
    "ExprType",
    "Expression",
    "Given",
    "Kind",
    "Scope",
    "compile_expression",
    "expr_type",
    "part",
    "rename_paths",
]
