"""The sort key of text: `fold("Élan") == "elan"`, the same on SQLite, PostgreSQL and in Python.

Separate, because three places compute it: SQLite calls this very function, PostgreSQL a function
written in SQL from the same table of letters, and tests hold them together.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

_MARKS = dict.fromkeys(range(0x0300, 0x0370))  # what NFKD leaves of accents
_FINAL_SIGMA = ("ς", "σ")  # Python lowers a Σ by its place in the word, PostgreSQL does not


def fold(text: str | None) -> str | None:
    """Take accents off and lower; None stays None. Marks are U+0300 to U+036F."""
    if text is None:
        return None
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text).translate(_MARKS)
    return bare.lower().replace(*_FINAL_SIGMA)


@cache
def letters() -> tuple[str, str]:
    """Give every letter that lowering changes after NFKD and, at the same place, what it becomes.

    For PostgreSQL, whose own `lower` depends on the locale of the database. Takes 0.2 s.
    """
    every = map(chr, range(0x80, sys.maxunicode + 1))
    pairs = [(big, big.lower()) for big in every if _is_capital(big)]
    pairs.append(_FINAL_SIGMA)
    return "".join(big for big, _ in pairs), "".join(small for _, small in pairs)


def _is_capital(letter: str) -> bool:
    small = letter.lower()
    return small != letter and unicodedata.normalize("NFKD", letter) == letter
