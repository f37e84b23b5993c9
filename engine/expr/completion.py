"""What may be written next: data for editors of expressions.

Called as somebody types; costs what the names of one object cost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.expr.context import USER_FIELDS
from engine.expr.functions import FUNCTIONS
from engine.expr.tokens import KEYWORDS
from engine.expr.types import Kind, Scope

_MOST = 100
_WORD = re.compile(r"\$?[A-Za-z0-9_]*(?:\.[A-Za-z0-9_]*)*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One suggestion. `insert` replaces the text from `start` to the cursor (0-based offsets)."""

    insert: str
    kind: str  # field | attribute | function | keyword | user
    detail: str  # the type of a field, the call of a function
    doc: str
    start: int


def completions(scope: Scope, text: str, offset: int) -> tuple[Completion, ...]:
    """Give what may stand at an offset, the nearest kind first; at most 100."""
    found = _WORD.search(text[:offset])
    word = found.group() if found else ""
    start = offset - len(word)
    if _is_in_text(text[:start]):
        return ()
    prefix, _, begun = word.rpartition(".")
    if prefix:
        made = [*_fields(scope, tuple(prefix.split(".")), begun, start)]
    else:
        made = [*_fields(scope, (), begun, start), *_words(begun, start)]
    return tuple(made[:_MOST])


def _is_in_text(before: str) -> bool:
    """Tell whether a quote is open."""
    quote, is_escaped = "", False
    for sign in before:
        if is_escaped:
            is_escaped = False
        elif quote:
            is_escaped = sign == "\\"
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
    return bool(quote)


def _fields(scope: Scope, prefix: tuple[str, ...], begun: str, start: int) -> list[Completion]:
    if prefix == ("$user",):
        named = [(name, str(type_)) for name, type_ in USER_FIELDS.items()]
        return _made("user", prefix, named, begun, start)
    known = scope.resolve(prefix) if prefix else None
    if known is not None and known.kind is Kind.PICKLIST:
        attributes = {key for value in known.values.values() for key in value.attributes}
        named = [(key, f"of {'.'.join(prefix)}") for key in sorted(attributes)]
        return _made("attribute", prefix, named, begun, start)
    names = [(name, scope.resolve((*prefix, name))) for name in scope.names(prefix)]
    typed = [(name, str(type_)) for name, type_ in names if type_ is not None]
    return _made("field", prefix, typed, begun, start)


def _made(
    kind: str, prefix: tuple[str, ...], named: list[tuple[str, str]], begun: str, start: int
) -> list[Completion]:
    return [
        Completion(insert=".".join((*prefix, name)), kind=kind, detail=detail, doc="", start=start)
        for name, detail in named
        if name.startswith(begun.lower())
    ]


def _words(begun: str, start: int) -> list[Completion]:
    wanted = begun.upper()
    functions = [
        Completion(
            insert=f"{name}(", kind="function", detail=entry.shown(), doc=entry.doc, start=start
        )
        for name, entry in sorted(FUNCTIONS.items())
        if name.startswith(wanted) and not entry.sign
    ]
    keywords = [
        Completion(insert=word, kind="keyword", detail="", doc="", start=start)
        for word in sorted(KEYWORDS)
        if word.startswith(wanted)
    ]
    return functions + keywords
