"""The checking evaluator: the same typed tree through simpleeval, on an allow-listed Python tree.

Separate from the closures that run, as a second opinion: a property test holds the two together.
The tree handed to simpleeval has three sorts of nodes only: calls of numbered functions, names of
numbered slots, and constants that say which argument a lazy function means. No attribute, no
operator and no text of an author ever reaches it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from simpleeval import SimpleEval

from engine.expr.closures import call, leaf
from engine.expr.context import EvalContext
from engine.expr.expression import Expression
from engine.expr.functions.base import Evaluator, Style, Values
from engine.expr.tree import Call, Node
from engine.model.fields.base import Value

_ALLOWED = (ast.Call, ast.Name, ast.Constant, ast.Load)


def evaluate_checked(expression: Expression, values: Values, context: EvalContext) -> Value:
    """Give what `expression.evaluate` gives, by the other way.

    Raises: ExprFailed.
    """
    return expression.finished(_Run(values, context).value(expression.tree))


class _Run:
    """One evaluation: slots and functions are made as the tree is walked."""

    def __init__(self, values: Values, context: EvalContext) -> None:
        self._values, self._context = values, context

    def value(self, node: Node) -> Value:
        """Evaluate one node."""
        names: dict[str, Value] = {}
        functions: dict[str, Callable[..., Value]] = {}
        tree = self._python(node, names, functions)
        assert all(isinstance(part, _ALLOWED) for part in ast.walk(tree))
        runner = SimpleEval(names=names, functions=functions, operators={})
        result: Value = runner.eval("", previously_parsed=tree)
        return result

    def _python(
        self, node: Node, names: dict[str, Value], functions: dict[str, Callable[..., Value]]
    ) -> ast.expr:
        if not isinstance(node, Call):
            name = f"slot_{len(names)}"
            names[name] = leaf(node)(self._values, self._context)
            return ast.Name(name, ast.Load())
        name = f"function_{len(functions)}"
        if node.function.style in (Style.LAZY, Style.RECORD):
            functions[name] = self._lazy(node)
            return ast.Call(ast.Name(name, ast.Load()), [], [])
        functions[name] = self._eager(node)
        arguments = [self._python(argument, names, functions) for argument in node.arguments]
        return ast.Call(ast.Name(name, ast.Load()), arguments, [])

    def _eager(self, node: Call) -> Callable[..., Value]:
        def run(*found: Value) -> Value:
            given: list[Evaluator] = [_constantly(value) for value in found]
            return call(node, given, is_lenient=False)(self._values, self._context)

        return run

    def _lazy(self, node: Call) -> Callable[..., Value]:
        """Evaluate an argument in a run of its own, when the function asks for it."""
        given = [self._asking(argument) for argument in node.arguments]
        return lambda: call(node, given, is_lenient=False)(self._values, self._context)

    def _asking(self, argument: Node) -> Evaluator:
        return lambda values, context: _Run(values, context).value(argument)


def _constantly(value: Value) -> Evaluator:
    return lambda _values, _context: value
