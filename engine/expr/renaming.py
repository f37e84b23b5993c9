"""Other names for the paths of an expression, its text otherwise left as it is.

Separate from the checker, which knows present names only: a filter that somebody wrote before a
field was renamed is put into present names first.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from engine.expr.problems import Flaw
from engine.expr.tokens import TokenKind, tokens


def rename_paths(text: str, present: Callable[[str], str]) -> str:
    """Give the text with every path of fields replaced by what `present` makes of it.

    A text that cannot be read is given back as it is; compiling it tells why.
    """
    try:
        found = list(tokens(text))
    except Flaw:
        return text
    parts, end = [], 0
    for token, following in pairwise(found):
        is_call = following.text == "(" and following.kind is TokenKind.SYMBOL
        if token.kind is TokenKind.NAME and not is_call and not token.text.startswith("$"):
            parts += [text[end : token.start], present(token.text)]
            end = token.end
    return "".join([*parts, text[end:]])
