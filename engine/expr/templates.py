"""Texts with expressions in double braces: subjects and bodies of e-mails.

Separate from expressions: outside the braces everything is text as it stands, inside nothing but
the expression language. What a hole gives is written as TEXT would write it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.expr.context import EvalContext
from engine.expr.expression import Expression, compile_expression
from engine.expr.functions import FUNCTIONS
from engine.expr.functions.base import Values
from engine.expr.problems import ExprFailed, ExprInvalid, ExprProblem, Flaw
from engine.expr.types import Kind, Scope

_OPEN, _CLOSE = "{{", "}}"
FAILED = "#ERROR"


@dataclass(frozen=True, slots=True)
class Template:
    """A text with its expressions, compiled. `parts` holds texts and expressions in order."""

    parts: tuple[str | Expression, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions in order."""
        return tuple(part for part in self.parts if isinstance(part, Expression))

    @property
    def reads(self) -> frozenset[str]:
        """Every path that one of the expressions reads."""
        return frozenset().union(*(expression.reads for expression in self.expressions))

    @property
    def uses(self) -> frozenset[str]:
        """What of the surroundings the expressions need."""
        return frozenset().union(*(expression.uses for expression in self.expressions))

    def render(
        self, values: Values, context: EvalContext, *, escape: Callable[[str], str] = str
    ) -> str:
        """Write the text for one record; blank is nothing, what fails is #ERROR.

        `escape` makes what an expression gives fit the text around it; the text stays as it is.
        """
        return "".join(
            part if isinstance(part, str) else escape(_written(part, values, context))
            for part in self.parts
        )


def compile_template(text: str, scope: Scope) -> Template:
    """Check a text with expressions in braces.

    Raises: ExprInvalid with every problem, at its line and column in the whole text.
    """
    parts: list[str | Expression] = []
    problems: list[ExprProblem] = []
    for piece, start in _pieces(text):
        if start is None:
            parts.append(piece)
            continue
        try:
            parts.append(compile_expression(piece, scope))
        except ExprInvalid as invalid:
            problems.extend(_moved(found, text, start) for found in invalid.problems)
    if problems:
        raise ExprInvalid(tuple(problems))
    return Template(tuple(part for part in parts if part != ""))


def _pieces(text: str) -> Iterator[tuple[str, int | None]]:
    """Give texts (with None) and expressions (with their offset) in order.

    Raises: ExprInvalid M300 for braces that are never closed.
    """
    at = 0
    while (opening := text.find(_OPEN, at)) >= 0:
        yield text[at:opening], None
        start = opening + len(_OPEN)
        end = _end_of_hole(text, start)
        if end < 0:
            flaw = Flaw("M300", "These {{ are never closed.", opening, "write {{ name }}")
            raise ExprInvalid((flaw.located(text),))
        yield text[start:end], start
        at = end + len(_CLOSE)
    yield text[at:], None


def _end_of_hole(text: str, start: int) -> int:
    """Find the closing braces; those inside quotes do not count."""
    quote, at = "", start
    while at < len(text):
        sign = text[at]
        if quote and sign == "\\":
            at += 1
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif text.startswith(_CLOSE, at):
            return at
        at += 1
    return text.find(_CLOSE, start)


def _moved(problem: ExprProblem, text: str, start: int) -> ExprProblem:
    """Place a problem of a hole in the whole text."""
    before = text[:start]
    line = before.count("\n")
    col = start - (before.rfind("\n") + 1) if problem.line == 1 else 0
    return ExprProblem(
        code=problem.code,
        message=problem.message,
        line=problem.line + line,
        col=problem.col + col,
        hint=problem.hint,
    )


def _written(expression: Expression, values: Values, context: EvalContext) -> str:
    try:
        value = expression.evaluate(values, context)
    except ExprFailed:
        return FAILED
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value)
    if expression.type.kind is Kind.NUMBER and expression.type.decimals is not None:
        return format(value, "f")
    return str(FUNCTIONS["TEXT"].python(value))
