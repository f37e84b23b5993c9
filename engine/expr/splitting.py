"""A condition taken apart as it is written: `a AND NOT (b OR c)` into its parts, as texts.

Separate from the parser, whose tree keeps no texts: who asks why a condition did not hold wants to
read its parts as they were typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.expr.problems import Flaw
from engine.expr.tokens import Token, TokenKind, tokens

_SIGNS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR"}
_NOT = frozenset({"NOT", "!"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How a condition is composed: `sign` AND, OR or NOT of `parts`; "" for one that is not."""

    text: str
    sign: str = ""
    parts: tuple[Split, ...] = ()


def split(text: str) -> Split:
    """Take a condition apart, as far as AND, OR, NOT and brackets go. A wrong one is one part."""
    try:
        found = [one for one in tokens(text) if one.kind is not TokenKind.END]
    except Flaw:
        return Split(text=text)
    return _split(text, found)


def _split(text: str, found: Sequence[Token]) -> Split:
    found = _bare(found)
    said = text[found[0].start : found[-1].end] if found else text
    for sign in ("OR", "AND"):
        cuts = [place for place, depth in _depths(found) if _is_sign(found, place, depth, sign)]
        if cuts:
            ends = [-1, *cuts, len(found)]
            parts = [_split(text, found[start + 1 : end]) for start, end in pairwise(ends)]
            return Split(text=said, sign=sign, parts=tuple(parts))
    if len(found) > 1 and found[0].text in _NOT and found[0].kind is not TokenKind.TEXT:
        return Split(text=said, sign="NOT", parts=(_split(text, found[1:]),))
    return Split(text=said)


def _is_sign(found: Sequence[Token], place: int, depth: int, sign: str) -> bool:
    token = found[place]
    is_between = 0 < place < len(found) - 1  # at the beginning it is the function AND(…)
    return depth == 0 and is_between and _is(token) and _SIGNS.get(token.text.upper()) == sign


def _is(token: Token) -> bool:
    return token.kind in (TokenKind.KEYWORD, TokenKind.SYMBOL)


def _depths(found: Sequence[Token]) -> list[tuple[int, int]]:
    """Give the depth in brackets at which each token stands."""
    depth, depths = 0, []
    for place, token in enumerate(found):
        is_symbol = token.kind is TokenKind.SYMBOL
        depth -= is_symbol and token.text == ")"
        depths.append((place, depth))
        depth += is_symbol and token.text == "("
    return depths


def _bare(found: Sequence[Token]) -> Sequence[Token]:
    """Take off brackets around the whole."""
    while len(found) > 2 and found[0].text == "(" and found[0].kind is TokenKind.SYMBOL:  # noqa: PLR2004  # two brackets
        inner = [depth for _, depth in _depths(found)[1:-1]]
        if found[-1].text != ")" or min(inner) < 1:
            break
        found = found[1:-1]
    return found
