"""From text to tokens: the smallest parts of an expression, each with its place.

Called once per expression when a configuration is published or a filter is typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from engine.expr.problems import Flaw

MAX_CHARACTERS = 5_000


class TokenKind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    TEXT = "text"
    NAME = "name"  # a path with its dots: account.owner.email, $user.id
    KEYWORD = "keyword"  # AND OR NOT IN TRUE FALSE NULL, in capitals
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: what it is, its text (unquoted for texts) and where it stands."""

    kind: TokenKind
    text: str
    start: int
    end: int


KEYWORDS = frozenset({"AND", "OR", "NOT", "IN", "TRUE", "FALSE", "NULL"})
_SYMBOLS = ("&&", "||", "==", "<>", "!=", "<=", ">=", *"+-*/%^&=<>!(),")
_PARTS = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>/\*.*?\*/)
    | (?P<number>\d+(?:\.\d*)?|\.\d+)
    | (?P<name>\$?[A-Za-z_][A-Za-z0-9_]*(?:\s*\.\s*[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<symbol>"""
    + "|".join(map(re.escape, _SYMBOLS))
    + ")",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# What people paste from elsewhere, and what to write instead.
_LOOKALIKES = {
    "“": '"',
    "”": '"',
    "„": '"',
    "‘": "'",
    "’": "'",
    "×": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    ";": ",",
    "≠": "<>",
    "≤": "<=",
    "≥": ">=",
}


def tokens(text: str) -> Iterator[Token]:
    """Give the tokens of a text in order, the last one END. White space and comments fall away.

    Raises: Flaw M300 (unreadable character, open comment or text), M306 (too long).
    """
    if len(text) > MAX_CHARACTERS:
        message = f"The expression is longer than {MAX_CHARACTERS:,} characters."
        raise Flaw("M306", message, MAX_CHARACTERS, "move parts of it into formula fields")
    at = 0
    while at < len(text):
        found = _PARTS.match(text, at)
        if found is None or (found.lastgroup == "symbol" and text.startswith("/*", at)):
            raise _unreadable(text, at)
        at = found.end()
        if found.lastgroup not in ("space", "comment"):
            yield _token(found)
    yield Token(TokenKind.END, "", len(text), len(text))


def _token(found: re.Match[str]) -> Token:
    group, text = str(found.lastgroup), found.group()
    if group == "text":
        return Token(TokenKind.TEXT, _unquoted(found), found.start(), found.end())
    if group == "name" and text.upper() in KEYWORDS:
        return Token(TokenKind.KEYWORD, text.upper(), found.start(), found.end())
    if group == "name":
        text = "".join(text.split())
    return Token(TokenKind(group), text, found.start(), found.end())


def _unquoted(found: re.Match[str]) -> str:
    inner = found.group()[1:-1]
    if "\\" not in inner:
        return inner

    def plain(escape: re.Match[str]) -> str:
        character = escape.group(1)
        if character not in _ESCAPES:
            at = found.start() + 1 + escape.start()
            hint = r"write \\ for a backslash; known are \\ \" \' \n \t"
            raise Flaw("M300", rf"`\{character}` means nothing in a text.", at, hint)
        return _ESCAPES[character]

    return _ESCAPED.sub(plain, inner)


def _unreadable(text: str, at: int) -> Flaw:
    character = text[at]
    if character in "\"'":
        return Flaw("M300", f"The text that begins with {character} has no end.", at)
    if text.startswith("/*", at):
        return Flaw("M300", "The comment that begins with /* has no end.", at)
    meant = _LOOKALIKES.get(character)
    hint = f"write {meant}" if meant else ""
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return Flaw("M300", f"`{shown}` cannot stand in an expression.", at, hint)
