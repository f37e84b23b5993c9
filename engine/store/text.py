"""SQL written by hand, once for both drivers.

Platform tables are few and fixed, so their statements are plain text with `?`; here it becomes what
the driver wants.
"""

from __future__ import annotations

from functools import lru_cache

from engine.store.tx import Tx


def native(tx: Tx, text: str) -> str:
    """Give a statement with `?` and single percent signs in the words of the driver."""
    return text if tx.dialect == "sqlite" else _for_psycopg(text)


@lru_cache(maxsize=512)
def _for_psycopg(text: str) -> str:
    return text.replace("%", "%%").replace("?", "%s")
