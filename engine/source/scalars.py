"""What a bare word of a file means: true, false, null, a number, or simply text.

Deliberately less than YAML 1.1: `on`, `no`, `012`, `1:30` and `2026-01-31` stay text.
"""

from __future__ import annotations

import re
from decimal import Decimal

_WORDS: dict[str, object] = {"": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?\Z")
_NUMBER_STARTS = frozenset("-0123456789")
MAX_NUMBER = 40  # characters; longer ones stay text, and no field takes them as numbers


def plain_value(word: str) -> object:
    """Give the value of an unquoted scalar."""
    if word in _WORDS:
        return _WORDS[word]
    if word[0] in _NUMBER_STARTS and len(word) <= MAX_NUMBER:
        if _INTEGER.match(word):
            return int(word)
        if _DECIMAL.match(word):
            return Decimal(word)
    return word
