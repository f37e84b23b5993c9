"""Passwords that an attacker tries first: common words dressed up, runs of keys, one's own e-mail.

Ten characters already rule out most of the lists of stolen passwords; what is left of them is a few
dozen stems with digits, signs and look-alikes around them. So the stem is looked for, not the
spelling. Pure.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

# Stems in plain letters; several in a row count too ("adminpassword").
COMMON = frozenset(json.loads((Path(__file__).parent / "common_words.json").read_text()))
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertzuiopasdfghjklyxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2z3e4r5t6y7u8i9o0p",
)
_LOOK_ALIKES = str.maketrans("@4310$57!|", "aaeiosstil")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_AROUND = re.compile(r"^[^a-z]+|[^a-z]+$")
_FEWEST = 5  # different characters that a password has at least
_SHORTEST_RUN = 6  # keys in a row that count as one
_SHORTEST_OWN = 4  # characters of an e-mail that are worth looking for


def why_guessable(password: str, email: str = "") -> str:
    """Say why a password is guessed early, in half a sentence; "" when nothing is against it."""
    text = password.lower()
    if len(set(text)) < _FEWEST:
        return "it repeats very few characters"
    if _holds_own(text, email):
        return "it contains your e-mail address or a part of it"
    if _is_run(text):
        return "it follows the keys or the alphabet"
    if _is_common(text):
        return "it is a common word with digits or signs around it"
    return ""


def _holds_own(text: str, email: str) -> bool:
    """Look for the address, the name before the @ and the parts of that name."""
    local = email.lower().partition("@")[0]
    parts = {email.lower(), local, *re.split(r"[._+-]", local)}
    own = [part for part in parts if len(part) >= _SHORTEST_OWN]
    rest = text
    for part in sorted(own, key=len, reverse=True):
        rest = rest.replace(part, "")
    # A long sentence may hold a name; it must not lean on it.
    return rest != text and len(rest) < _SHORTEST_RUN * 2


def _is_run(text: str) -> bool:
    """Take away every run of keys, either way; little is left of a password made of them."""
    rest = text
    for line in _RUNS:
        for keys in (line, line[::-1]):
            rest = _without_runs(rest, keys)
    return rest != text and len(rest) < _FEWEST


def _without_runs(text: str, keys: str) -> str:
    for length in range(min(len(text), len(keys)), _SHORTEST_RUN - 1, -1):
        for start in range(len(keys) - length + 1):
            text = text.replace(keys[start : start + length], "")
    return text


def _is_common(text: str) -> bool:
    """Tell whether nothing but common words is left when digits and signs are looked through."""
    inside = _AROUND.sub("", text).translate(_LOOK_ALIKES)
    plain = (_NOT_LETTERS.sub("", text), _NOT_LETTERS.sub("", inside))
    return any(_is_made_of_words(letters) for letters in plain)


def _is_made_of_words(letters: str) -> bool:
    """Split letters into common words, wholly. Cost: O(letters squared), over at most 40."""
    if not 0 < len(letters) <= 40:  # noqa: PLR2004 -- longer ones are sentences
        return False
    reached = {0}
    for end in range(1, len(letters) + 1):
        if any(letters[start:end] in COMMON for start in reached):
            reached.add(end)
    return len(letters) in reached
