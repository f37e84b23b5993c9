"""Names of indexes: stable, unique per schema and short enough for PostgreSQL.

Separate, because whoever creates an index and whoever reads the error of a violated one must agree
on its name without asking the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

MAX_BYTES = 63  # PostgreSQL cuts longer names silently
_MARK = 8  # hexadecimal digits


def index_name(table: str, columns: Iterable[str]) -> str:
    """Name an index; `columns` may carry a mark of their own, such as "amount desc"."""
    return _name("ix", table, columns)


def unique_name(table: str, columns: Iterable[str]) -> str:
    """Name a unique index. SQLite reports table and columns only; this gives the name back."""
    return _name("ux", table, columns)


def _name(kind: str, table: str, columns: Iterable[str]) -> str:
    """Say what is indexed, and end in a hash: `a_b` and `a`, `b` must never share a name."""
    parts = (kind, table, *columns)
    mark = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_MARK]
    shown = "_".join(parts).replace(" ", "_")[: MAX_BYTES - _MARK - 1]
    return f"{shown}_{mark}"
