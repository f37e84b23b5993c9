"""The place where an environment's data lie, as a whole: whether something is there, and its end.

Separate from `database`, which works inside one. The only code that removes a file or a schema.
"""

from __future__ import annotations

from pathlib import Path

from engine.store.database import POSTGRESQL, Database
from engine.store.text import native

_TABLES = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = ? LIMIT 1"
# What SQLite keeps beside a file: the write-ahead log and its index.
_COMPANIONS = ("", "-wal", "-shm", "-journal", "-deploying")
COPY = ".before"  # what a copy is called that a deployment keeps: FILE@VERSION.before


def is_used(database: Database) -> bool:
    """Tell whether a file is there, or the schema holds a table; makes neither.

    Raises: ConnectionLost S103.
    """
    if database.path is not None:
        return database.path.exists()
    try:
        with database.read() as tx:
            return tx.row(native(tx, _TABLES), (database.schema or "public",)) is not None
    finally:
        database.dispose()


def erase(database: Database) -> None:
    """Remove everything of an environment; what is not there any more is no error.

    Other processes that have it open get errors from their next statement on PostgreSQL; on SQLite
    they go on with a file that has no name any more. Raises: ConnectionLost S103; Busy S102.
    """
    database.dispose()
    if database.dialect == POSTGRESQL:
        with database.write() as tx:
            tx.run(f'DROP SCHEMA IF EXISTS "{database.schema}" CASCADE')
        database.dispose()
        return
    path = Path(str(database.path))
    for ending in _COMPANIONS:
        path.with_name(path.name + ending).unlink(missing_ok=True)
    for copy in path.parent.glob(f"{path.name}@*{COPY}"):
        copy.unlink(missing_ok=True)
