"""An expression, compiled: what it reads, what it gives, and how it is evaluated.

`compile_expression` is the one way in; it is called when a configuration is published and when
somebody types a filter. What it gives is immutable and shared between threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, DecimalException

from engine.expr.checker import Checker
from engine.expr.closures import closure
from engine.expr.context import EvalContext
from engine.expr.decimals import WIDE
from engine.expr.functions.base import Evaluator, Values
from engine.expr.functions.texts import sized
from engine.expr.parser import parse
from engine.expr.problems import ExprFailed, ExprInvalid, ExprProblem, Flaw
from engine.expr.tree import Call, ContextRead, FieldRead, Literal, Node, walk
from engine.expr.types import ExprType, Kind, Scope
from engine.expr.wording import describe, wrong_result
from engine.locale import later
from engine.model.fields.base import Value

_NOWHERE = EvalContext(now=datetime(1970, 1, 1, tzinfo=UTC), zone=UTC)
_MOST_DECIMALS = 6
# What may stand where a value of a kind is expected, beside the kind itself.
_TAKEN = {
    Kind.PICKLIST: frozenset({Kind.TEXT}),
    Kind.JSON: frozenset(Kind),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A checked expression.

    `reads`: dotted paths of the fields it needs (`stage.closed` needs "stage"). `uses`: what of the
    surroundings it needs, of today now zone user env prior changed new permission role lookup rate.
    `can_fail`: whether an evaluation may raise ExprFailed.
    """

    text: str
    type: ExprType
    reads: frozenset[str]
    uses: frozenset[str]
    tree: Node
    can_fail: bool
    _run: Evaluator
    _run_lenient: Evaluator

    def evaluate(self, values: Values, context: EvalContext) -> Value:
        """Give the value over one record; a checkbox is never blank, numbers have their decimals.

        Args: `values` by dotted path; a path left out is blank.
        Raises: ExprFailed for division by zero, impossible dates, results that are too large.
        """
        return self.finished(self._run(values, context))

    def settle(self, values: Values, context: EvalContext) -> Value:
        """Give what SQL gives: an error inside is blank where it happens. Never raises."""
        try:
            return self.finished(self._run_lenient(values, context))
        except ExprFailed:
            return False if self.type.kind is Kind.CHECKBOX else None

    def holds(self, values: Values, context: EvalContext) -> bool:
        """Tell whether a condition holds: blank and failed ones do not."""
        return self.settle(values, context) is True

    def sql_problem(self, dialect: str) -> ExprProblem | None:
        """Say why this has no SQL form on "sqlite" or "postgresql"; None when it has one."""
        for node in walk(self.tree):
            if not _has_sql(node, dialect):
                message = f"{describe(node)} cannot be used in a filter or an order."
                hint = "make it a formula field that reads only its own record, and use that"
                return Flaw("M313", message, node.start, hint).located(self.text)
        return None

    def finished(self, value: Value) -> Value:
        """Give a raw value the form of the result: no blank checkbox, decimals rounded."""
        kind = self.type.kind
        if kind is Kind.CHECKBOX:
            return value is True
        if value is None:
            return None
        if kind is Kind.NUMBER:
            return _rounded(value, self.type.decimals)
        return sized(value) if isinstance(value, str) else value


_SHALLOWER = "move parts of it into formula fields"


def compile_expression(
    text: str, scope: Scope, *, expect: ExprType | None = None, blank_zero: bool = False
) -> Expression:
    """Check a text and make it ready to run.

    Args:
        text: The expression as written.
        scope: What its names mean.
        expect: The type its place needs; numbers are then rounded to its decimals.
        blank_zero: Whether blank numbers of fields read as 0 (`blank: zero`).

    Raises: ExprInvalid, with every problem found (M300 to M312).
    """
    try:
        written = parse(text)
    except Flaw as found:
        raise ExprInvalid((found.located(text),)) from found
    except RecursionError as error:
        # Fifty levels may be more than is left of the stack where a caller stands deep itself.
        flaw = Flaw("M306", "The expression is nested too deeply.", 0, _SHALLOWER)
        raise ExprInvalid((flaw.located(text),)) from error
    checker = Checker(scope, blank_zero=blank_zero)
    tree = checker.check(written)
    if tree is not None:
        checker.problems.extend(_misplaced(tree, expect))
    if tree is None or checker.problems:
        raise ExprInvalid(tuple(flaw.located(text) for flaw in checker.problems))
    expression = assembled(text, tree, expect or _own_type(tree))
    _refuse_constant_failure(expression)
    return expression


def assembled(text: str, tree: Node, type: ExprType) -> Expression:
    """Make a checked tree ready to run."""
    nodes = list(walk(tree))
    calls = [node for node in nodes if isinstance(node, Call)]
    outside = {node.source for node in nodes if isinstance(node, ContextRead)}
    can_fail = any(node.function.can_fail for node in calls)
    run = closure(tree)
    return Expression(
        text=text,
        type=type,
        reads=frozenset(node.path for node in nodes if isinstance(node, FieldRead)),
        uses=frozenset(outside.union(*map(_uses, calls))),
        tree=tree,
        can_fail=can_fail,
        _run=run,
        _run_lenient=closure(tree, is_lenient=True) if can_fail else run,
    )


def _uses(call: Call) -> frozenset[str]:
    """Give what a call needs of the surroundings; the zone matters to instants only."""
    is_local = call.function.uses == {"zone"} and call.arguments[0].type.kind is not Kind.DATETIME
    return frozenset() if is_local else call.function.uses


def _own_type(tree: Node) -> ExprType:
    """Give the type of a tree; more decimals than fit beside 18 digits are left open."""
    decimals = tree.type.decimals
    if tree.type.kind is Kind.NUMBER and decimals is not None and decimals > _MOST_DECIMALS:
        return replace(tree.type, decimals=None)
    return tree.type


def _misplaced(tree: Node, expect: ExprType | None) -> tuple[Flaw, ...]:
    """Compare what an expression gives with what its place takes."""
    given = tree.type
    if expect is None or given.kind is Kind.NULL or given.kind is expect.kind:
        return ()
    if given.kind in _TAKEN.get(expect.kind, ()):
        return _unknown_value(tree, expect)
    if expect.kind is Kind.LOOKUP and isinstance(tree, Literal) and given.kind is Kind.NUMBER:
        return ()
    return (wrong_result(tree, expect),)


def _unknown_value(tree: Node, expect: ExprType) -> tuple[Flaw, ...]:
    if not isinstance(tree, Literal) or not expect.values or tree.value in expect.values:
        return ()
    if tree.value is None:
        return ()
    return (Flaw("M307", f'"{tree.value}" is none of the values of the picklist.', tree.start),)


def _refuse_constant_failure(expression: Expression) -> None:
    """Refuse a constant that can never be computed: the mistake is in the text."""
    if expression.reads or expression.uses or not expression.can_fail:
        return
    try:
        expression.evaluate({}, _NOWHERE)
    except ExprFailed as failed:
        flaw = Flaw("M309", f"This can never be computed: {failed}.", expression.tree.start)
        raise ExprInvalid((flaw.located(expression.text),)) from failed


def _rounded(value: Value, decimals: int | None) -> Value:
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if decimals is None:
        return number
    try:
        rounded = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, WIDE)
    except DecimalException as error:
        raise ExprFailed(later("the number is too large")) from error
    return rounded or abs(rounded)


def _has_sql(node: Node, dialect: str) -> bool:
    if isinstance(node, ContextRead):
        return node.source != "given"
    if not isinstance(node, Call):
        return True
    sql = node.function.sql
    if sql is None:
        return False
    if sql.is_written:
        is_pattern = node.function.name == "REGEX" and dialect == "postgresql"
        return not is_pattern or isinstance(node.arguments[1], Literal)
    template = sql.sqlite if dialect == "sqlite" else sql.postgresql
    if isinstance(template, Mapping):
        template = template.get(node.arguments[0].type.kind)
    return template is not None
