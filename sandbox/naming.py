"""What a sandbox may be called: its name stands in addresses, files, schemas and plans.

Separate from making one, because a form asks before it is sent. Pure.
"""

from __future__ import annotations

import re
import unicodedata

from engine.errors import RequestInvalid

SHORTEST, LONGEST = 2, 40
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
# What other words of addresses, commands and files mean already.
_RESERVED = frozenset({"production", "control", "api", "new", "list", "all", "none", "head"})


def ensure_name(name: str) -> None:
    """Refuse what cannot be the name of a sandbox. Raises: RequestInvalid Q120."""
    if name in _RESERVED:
        raise RequestInvalid(
            f'"{name}" means something else already and cannot be the name of a sandbox.',
            code="Q120",
            hint="choose a word that says what you try out in it",
        )
    if _NAME.fullmatch(name) and SHORTEST <= len(name) <= LONGEST:
        return
    near = nearest_name(name)
    raise RequestInvalid(
        f'"{name}" cannot be the name of a sandbox: {SHORTEST} to {LONGEST} small letters and '
        "digits, a letter first, with single hyphens or underscores between.",
        code="Q120",
        hint=f'"{near}" would do' if near else "",
    )


def nearest_name(text: str) -> str:
    """Give a good name that is close to a text: "Été 2027" gives "ete-2027"; "" for none."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    joined = re.sub(r"[^a-z0-9_]+", "-", bare).lstrip("-_0123456789")
    near = re.sub(r"[-_]{2,}", "-", joined)[:LONGEST].rstrip("-_")
    is_good = _NAME.fullmatch(near) and len(near) >= SHORTEST and near not in _RESERVED
    return near if is_good else ""
