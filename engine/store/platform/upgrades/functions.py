"""Helper functions of expressions on PostgreSQL: replaced whenever the engine's differ.

Separate from the numbered steps: these texts follow the expression language from release to
release, no index depends on them, and replacing one moves no data. SQLite gets them on every
connection.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from engine.store.database import Database
from engine.store.platform.upgrades.step import run_plain
from engine.store.sql.functions import POSTGRES_FUNCTIONS
from engine.store.tx import Tx

_DIGEST = hashlib.sha256("\n".join(POSTGRES_FUNCTIONS).encode()).hexdigest()
_KNOWN = "SELECT to_regprocedure('patron_functions()') IS NOT NULL"
_MARK = (
    "CREATE OR REPLACE FUNCTION patron_functions() RETURNS text LANGUAGE sql IMMUTABLE"
    f" AS $$ SELECT '{_DIGEST}' $$"
)


def are_current(tx: Tx) -> bool:
    """Tell whether the database has this engine's helper functions."""
    if tx.dialect == "sqlite":
        return True
    if not tx.rows(_KNOWN)[0][0]:
        return False
    return bool(tx.rows("SELECT patron_functions()")[0][0] == _DIGEST)


def write_functions(connection: sa.Connection, database: Database) -> None:
    """Create or replace the helper functions, in the open transaction and under its lock."""
    if database.dialect == "postgresql":
        for text in POSTGRES_FUNCTIONS:
            run_plain(connection, text)
        run_plain(connection, _MARK)
