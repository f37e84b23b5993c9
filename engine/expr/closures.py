"""The running evaluator: a typed tree turned into nested Python closures, once per expression.

A closure calls the Python of an entry on what its arguments give. Nothing is looked up by name and
no text is ever run: what can be called is what the table of functions holds. The same tree is
evaluated by `engine.expr.checking` through simpleeval; a property test holds the two together.
"""

# ruff: noqa: ARG001, ARG005  # every evaluator takes values and context, whether it needs them

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from engine.expr.context import EvalContext
from engine.expr.functions.base import Blanks, Evaluator, Function, Style, Values
from engine.expr.problems import ExprFailed
from engine.expr.tree import Call, ContextRead, FieldRead, Literal, Node, ValueAttribute
from engine.expr.types import ExprType, Kind
from engine.model.fields.base import Value

_ZERO = Decimal(0)


def closure(node: Node, *, is_lenient: bool = False) -> Evaluator:
    """Turn a typed tree into a function of the values and the context.

    `is_lenient`: an error is blank where it happens, as in SQL; else it is raised as ExprFailed.
    """
    chain = []  # a sum of 250 parts is a tree 250 deep on its left: walked, not recursed into
    while isinstance(node, Call) and node.arguments:
        chain.append(node)
        node = node.arguments[0]
    if isinstance(node, Call):
        evaluate = call(node, [], is_lenient=is_lenient)
    else:
        evaluate = leaf(node)
    for outer in reversed(chain):
        others = [closure(argument, is_lenient=is_lenient) for argument in outer.arguments[1:]]
        evaluate = call(outer, [evaluate, *others], is_lenient=is_lenient)
    return evaluate


def leaf(node: Literal | FieldRead | ValueAttribute | ContextRead) -> Evaluator:
    """Turn a node without arguments into an evaluator."""
    if isinstance(node, Literal):
        return _constant(node.value)
    if isinstance(node, FieldRead):
        return _field(node)
    if isinstance(node, ValueAttribute):
        return _attribute(node)
    return _surroundings(node)


def call(node: Call, arguments: Sequence[Evaluator], *, is_lenient: bool) -> Evaluator:
    """Turn a call into an evaluator over those of its arguments."""
    function = node.function
    if function.style is Style.RECORD:
        field = node.arguments[0]
        assert isinstance(field, FieldRead)  # the checker saw to it
        return _as_field(field, function.python(field.path))
    if function.style is Style.LAZY:
        evaluate: Evaluator = function.python(arguments)
        return evaluate
    plain = (
        _with_context if function.style is Style.CONTEXT else _BY_COUNT.get(len(arguments), _many)
    )
    made = plain(function.python, arguments, function.blanks is Blanks.PASS_ON)
    return _lenient(made) if is_lenient and function.can_fail else made


def _lenient(evaluate: Evaluator) -> Evaluator:
    def run(values: Values, context: EvalContext) -> Value:
        try:
            return evaluate(values, context)
        except ExprFailed:
            return None

    return run


def _constant(value: Value) -> Evaluator:
    return lambda values, context: value


def _field(node: FieldRead) -> Evaluator:
    path = node.path
    return _as_field(node, lambda values, context: values.get(path))


def _as_field(node: FieldRead, read: Evaluator) -> Evaluator:
    """Wrap what must not be blank: checkboxes, and numbers under `blank: zero`."""
    if node.type.kind is Kind.CHECKBOX:
        return lambda values, context: read(values, context) is True
    if node.type.kind is Kind.NUMBER and not node.type.flavour:
        read = _as_decimal(read)
    if node.blank_zero:

        def zero(values: Values, context: EvalContext) -> Value:
            found = read(values, context)
            return _ZERO if found is None else found

        return zero
    return read


def _as_decimal(read: Evaluator) -> Evaluator:
    """Counters (`version`, ratings) are Python ints in records; the language knows decimals."""

    def run(values: Values, context: EvalContext) -> Value:
        found = read(values, context)
        return Decimal(found) if isinstance(found, int) else found

    return run


def _attribute(node: ValueAttribute) -> Evaluator:
    path, by_value = node.of.path, node.by_value
    missing = False if node.type.kind is Kind.CHECKBOX else None

    def run(values: Values, context: EvalContext) -> Value:
        return by_value.get(values.get(path), missing)  # type: ignore[arg-type]  # a picklist holds text

    return run


def _surroundings(node: ContextRead) -> Evaluator:
    name = node.name
    if node.source == "user":
        return lambda values, context: context.user.get(name)
    if node.source == "env":
        return lambda values, context: context.env.get(name)
    return lambda values, context: values.get(name)


# Any: the Python of an entry takes the types of its parameters, which the checker has compared.
_Python = Callable[..., Any]


def _none(python: _Python, arguments: Sequence[Evaluator], passes_blank: bool) -> Evaluator:  # noqa: FBT001  # one of three alike
    return lambda values, context: python()


def _one(python: _Python, arguments: Sequence[Evaluator], passes_blank: bool) -> Evaluator:  # noqa: FBT001  # the same
    only = arguments[0]
    if not passes_blank:
        return lambda values, context: python(only(values, context))

    def run(values: Values, context: EvalContext) -> Value:
        found = only(values, context)
        return None if found is None else python(found)

    return run


def _two(python: _Python, arguments: Sequence[Evaluator], passes_blank: bool) -> Evaluator:  # noqa: FBT001  # the same
    left, right = arguments
    if not passes_blank:
        return lambda values, context: python(left(values, context), right(values, context))

    def run(values: Values, context: EvalContext) -> Value:
        first = left(values, context)
        second = right(values, context)
        if first is None or second is None:
            return None
        return python(first, second)  # type: ignore[no-any-return]  # as the entry's result

    return run


def _many(python: _Python, arguments: Sequence[Evaluator], passes_blank: bool) -> Evaluator:  # noqa: FBT001  # the same
    def run(values: Values, context: EvalContext) -> Value:
        found = [argument(values, context) for argument in arguments]
        if passes_blank and None in found:
            return None
        return python(*found)  # type: ignore[no-any-return]  # as the entry's result

    return run


def _with_context(python: _Python, arguments: Sequence[Evaluator], passes_blank: bool) -> Evaluator:  # noqa: FBT001  # the same
    def run(values: Values, context: EvalContext) -> Value:
        found = [argument(values, context) for argument in arguments]
        if passes_blank and None in found:
            return None
        return python(context, *found)  # type: ignore[no-any-return]  # as the entry's result

    return run


_BY_COUNT = {0: _none, 1: _one, 2: _two}


def folded(node: Call) -> Node:
    """Compute a call over constants once and for all; leave it when it fails or is not exact."""
    function = node.function
    if function.style is not Style.PLAIN or not node.is_exact or not function.parameters:
        return node
    if node.type.kind is Kind.LOCATION:
        return node
    if not all(isinstance(argument, Literal) for argument in node.arguments):
        return node
    try:
        value = _computed(function, [argument.value for argument in node.arguments])  # type: ignore[union-attr]  # literals, see above
    except ExprFailed:
        return node
    type_ = node.type
    if isinstance(value, Decimal):
        places = max(-int(value.as_tuple().exponent), 0)
        type_ = ExprType(kind=Kind.NUMBER, decimals=places, flavour=type_.flavour)
    return Literal(value, type_, node.start)


def _computed(function: Function, values: list[Value]) -> Value:
    if function.blanks is Blanks.PASS_ON and None in values:
        return None
    value: Value = function.python(*values)
    return value
