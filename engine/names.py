"""API names, component keys and field paths: how every part of a configuration is called.

Separate, because files, expressions, SQL and REST must agree on them to the letter.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable
from typing import NewType

from engine.locale import say

ObjectName = NewType("ObjectName", str)
FieldName = NewType("FieldName", str)
ComponentKey = NewType("ComponentKey", str)  # "field:opportunity.amount"
Digest = NewType("Digest", str)  # sha256, 64 hexadecimal digits
RecordId = NewType("RecordId", int)  # below 2**53, unique in the environment
EnvironmentName = NewType("EnvironmentName", str)

API_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
MAX_NAME = 40  # with a suffix for generations it stays below PostgreSQL's 63 bytes
MAX_PATH = 5  # lookups that a path may follow

PLATFORM_FIELDS = (
    "id",
    "owner",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "record_type",
    "version",
)
RESERVED_PREFIX = "patron_"  # tables of the platform


def component_key(kind: str, *path: str) -> ComponentKey:
    """Build the identity of a component: `component_key("field", "opportunity", "amount")`."""
    return ComponentKey(f"{kind}:{'.'.join(path)}")


def split_key(key: str) -> tuple[str, tuple[str, ...]]:
    """Take a component key apart into its kind and its path."""
    kind, _, path = key.partition(":")
    return kind, tuple(path.split("."))


def is_api_name(name: str) -> bool:
    """Tell whether a name may be an API name: snake_case, a letter first, at most 40 long."""
    return len(name) <= MAX_NAME and API_NAME.match(name) is not None


def label_from(name: str) -> str:
    """Make a label out of an API name: `close_date` becomes "Close date"."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def plural_from(label: str) -> str:
    """Make the plural of an English label as a default: "Opportunity" becomes "Opportunities"."""
    if label[-1:].lower() == "y" and label[-2:-1].lower() not in "aeiou":
        return f"{label[:-1]}ies"
    needs_es = label.lower().endswith(("s", "x", "z", "ch", "sh"))
    return f"{label}es" if needs_es else f"{label}s"


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Give the hint for a near miss, or "". Cost grows with `known`: error paths only.

    At most 2,000 known names are looked at.
    """
    names = [name for _, name in zip(range(2000), known, strict=False)]
    near = _matcher()(wrong, names, n=1, cutoff=0.6)
    return say('did you mean "{name}"?', name=near[0]) if near else ""


def _matcher() -> Callable[..., list[str]]:
    """Load what compares names when one is misspelt: git's merge driver never waits for it."""
    found: Callable[..., list[str]] = importlib.import_module("difflib").get_close_matches
    return found
