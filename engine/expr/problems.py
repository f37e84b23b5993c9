"""What goes wrong with an expression: when it is written, and when it runs.

Separate, because the grammar, the types and the evaluation all report in the same shape.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExprProblem:
    """One finding in the text of an expression. `line` and `col` are 1-based in that text."""

    code: str
    message: str
    line: int
    col: int
    hint: str = ""


class ExprInvalid(Exception):
    """An expression that cannot be used; carries every problem found. Codes M300 to M313."""

    def __init__(self, problems: tuple[ExprProblem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class ExprFailed(Exception):
    """An evaluation without a result: division by zero, an impossible date."""

    @property
    def reason(self) -> str:
        """Why there is none: a sentence that can be said in other languages."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else ""


class Flaw(Exception):
    """One problem at an offset, on its way to an `ExprProblem`. Private to this package."""

    def __init__(self, code: str, message: str, at: int, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.at, self.hint = code, message, at, hint

    def located(self, text: str) -> ExprProblem:
        """Turn the offset into line and column."""
        before = text[: self.at]
        line = before.count("\n") + 1
        col = self.at - (before.rfind("\n") + 1) + 1
        return ExprProblem(code=self.code, message=self.message, line=line, col=col, hint=self.hint)
