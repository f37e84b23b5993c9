"""From tokens to a tree: the grammar of the contract, by hand, by climbing precedence.

Precedence, loosest first: OR · AND · NOT · comparison and IN (not chained) · & · + - · * / % · ^
(left to right) · unary - + !. So `-2^2` is 4, as in spreadsheets.
"""

from __future__ import annotations

from decimal import Decimal

from engine.expr.problems import Flaw
from engine.expr.syntax import Constant, Infix, Invocation, Name, Prefix, Syntax
from engine.expr.tokens import Token, TokenKind, tokens

MAX_LEVELS = 50
MAX_NODES = 500

_NEGATING, _COMPARING, _TIGHTEST = 3, 4, 9
_LEVELS = {
    **dict.fromkeys(("OR", "||"), 1),
    **dict.fromkeys(("AND", "&&"), 2),
    **dict.fromkeys(("=", "==", "<>", "!=", "<", "<=", ">", ">=", "IN"), _COMPARING),
    "&": 5,
    **dict.fromkeys(("+", "-"), 6),
    **dict.fromkeys(("*", "/", "%"), 7),
    "^": 8,
}
_SAME = {"||": "OR", "&&": "AND", "==": "=", "!=": "<>", "!": "NOT"}
_FLAT = frozenset({"OR", "AND", "&"})  # many operands, one node
_CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None}
_FUNCTION_KEYWORDS = frozenset({"AND", "OR"})  # AND(a, b) is a call; NOT needs none: NOT (a)


def parse(text: str) -> Syntax:
    """Read a whole expression.

    Raises: Flaw M300 (grammar), M306 (limits).
    """
    parser = _Parser(list(tokens(text)))
    tree = parser.expression()
    parser.finish()
    return tree


class _Parser:
    """Walks over the tokens once, from left to right."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._levels = 0
        self._nodes = 0

    def finish(self) -> None:
        """Make sure that nothing follows."""
        token = self._now
        if token.kind is TokenKind.END:
            return
        if token.text == ")":
            raise Flaw("M300", "This `)` closes nothing.", token.start)
        hint = ""
        if _LEVELS.get(token.text) == _COMPARING:
            hint = "comparisons are not chained: join two of them with AND"
        raise Flaw("M300", f"{_shown(token)} is not expected here.", token.start, hint)

    def expression(self) -> Syntax:
        """Read one expression, a level deeper than where it stands."""
        self._deeper(self._now)
        tree = self._climb(1)
        self._levels -= 1
        return tree

    def _deeper(self, token: Token) -> None:
        self._levels += 1
        if self._levels > MAX_LEVELS:
            message = f"The expression is nested more than {MAX_LEVELS} levels deep."
            raise Flaw("M306", message, token.start, "move parts of it into formula fields")

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self, *signs: str) -> Token | None:
        """Move on when one of these symbols or keywords stands here."""
        token = self._now
        if token.kind not in (TokenKind.SYMBOL, TokenKind.KEYWORD) or token.text not in signs:
            return None
        self._at += 1
        return token

    def _count(self, node: Syntax) -> Syntax:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            message = f"The expression has more than {MAX_NODES} parts."
            raise Flaw("M306", message, node.start, "move parts of it into formula fields")
        return node

    def _climb(self, least: int) -> Syntax:
        """Read operands and the operators between them that bind at least so tightly.

        One method for all levels, so that fifty parentheses are two hundred calls, not a thousand.
        """
        left, reached = self._operand(least)
        while least <= (level := self._level()) <= reached:
            if level == reached == _COMPARING:
                break  # not chained
            found = self._now
            self._at += 1
            left = self._joined(left, found, level)
            reached = level
        return left

    def _level(self) -> int:
        """Tell how tightly the operator that stands here binds; 0 for anything else."""
        token = self._now
        is_operator = token.kind in (TokenKind.SYMBOL, TokenKind.KEYWORD)
        return _LEVELS.get(token.text, 0) if is_operator else 0

    def _joined(self, left: Syntax, found: Token, level: int) -> Syntax:
        """Read what follows an operator, and join it to what stands before."""
        if found.text == "IN":
            return self._membership(left, found)
        sign = _SAME.get(found.text, found.text)
        operands, places = [left, self._climb(level + 1)], [found.start]
        while sign in _FLAT and self._level() == level:
            places.append(self._now.start)
            self._at += 1
            operands.append(self._climb(level + 1))
        return self._count(Infix(sign, tuple(operands), tuple(places), left.start))

    def _membership(self, left: Syntax, found: Token) -> Syntax:
        if not self._take("("):
            hint = 'write IN ("one", "two")'
            raise Flaw("M300", "IN needs a list in parentheses.", found.start, hint)
        items = self._arguments()
        if not items:
            message = "IN needs at least one value between its parentheses."
            raise Flaw("M300", message, found.start)
        return self._count(Infix("IN", (left, *items), (found.start,), left.start))

    def _operand(self, least: int) -> tuple[Syntax, int]:
        """Read a value with the signs before it; give the level it has reached."""
        if least <= _NEGATING and (found := self._take("NOT")):
            self._deeper(found)
            operand = self._climb(_NEGATING)
            self._levels -= 1
            return self._count(Prefix("NOT", operand, found.start)), _NEGATING
        signs = []
        while found := self._take("-", "+", "!"):
            self._deeper(found)
            signs.append(found)
        value = self._atom()
        self._levels -= len(signs)
        for sign in reversed(signs):
            value = self._count(Prefix(_SAME.get(sign.text, sign.text), value, sign.start))
        return value, _TIGHTEST

    def _atom(self) -> Syntax:
        token = self._now
        self._at += 1
        if token.kind is TokenKind.NUMBER:
            return self._count(Constant(Decimal(token.text), token.start, token.end))
        if token.kind is TokenKind.TEXT:
            return self._count(Constant(token.text, token.start, token.end))
        if token.kind is TokenKind.NAME:
            return self._named(token)
        if token.kind is TokenKind.KEYWORD and token.text in _CONSTANTS:
            return self._count(Constant(_CONSTANTS[token.text], token.start, token.end))
        if token.text in _FUNCTION_KEYWORDS and self._now.text == "(":
            return self._invocation(token)
        if token.text == "(" and token.kind is TokenKind.SYMBOL:
            inner = self.expression()
            self._close(token)
            return inner
        raise _missing(token, self._tokens[self._at - 2] if self._at > 1 else None)

    def _named(self, token: Token) -> Syntax:
        if self._now.text == "(" and self._now.kind is TokenKind.SYMBOL:
            return self._invocation(token)
        return self._count(Name(tuple(token.text.split(".")), token.start, token.end))

    def _invocation(self, token: Token) -> Syntax:
        self._at += 1
        arguments = self._arguments()
        end = self._tokens[self._at - 1].end
        return self._count(Invocation(token.text, tuple(arguments), token.start, end))

    def _arguments(self) -> list[Syntax]:
        """Read what stands between parentheses, the opening one already taken."""
        opening = self._tokens[self._at - 1]
        if self._take(")"):
            return []
        found = [self.expression()]
        while self._take(","):
            found.append(self.expression())
        self._close(opening)
        return found

    def _close(self, opening: Token) -> None:
        if self._take(")"):
            return
        token = self._now
        if token.kind is TokenKind.END:
            raise Flaw("M300", "This `(` is never closed.", opening.start)
        hint = "between arguments stands a comma" if token.text == ";" else ""
        raise Flaw("M300", f"{_shown(token)} is not expected here.", token.start, hint)


def _shown(token: Token) -> str:
    if token.kind is TokenKind.TEXT:
        return "This text"
    return "The end" if token.kind is TokenKind.END else f"`{token.text}`"


def _missing(token: Token, before: Token | None) -> Flaw:
    """Say that a value is expected where this token stands."""
    if before is None:
        what = "The expression is empty." if token.kind is TokenKind.END else ""
        return Flaw(
            "M300", what or f"An expression cannot begin with {_shown(token)}.", token.start
        )
    hint = "a power is written ^" if token.text == before.text == "*" else ""
    message = f"After {_shown(before)} a value is expected, not {_shown(token).lower()}."
    if token.kind is TokenKind.END:
        message = f"After {_shown(before)} something is missing."
    return Flaw("M300", message, token.start, hint)
