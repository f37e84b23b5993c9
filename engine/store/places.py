"""The place where an environment's data lie, as a whole: whether something is there, and its end.

Separate from `database`, which works inside one. The only code that removes a file or a schema.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.store.database import POSTGRESQL, Database
from engine.store.failures import Busy
from engine.store.text import native

MAKING = 20580  # class of the advisory lock of who makes a schema; its name is the object
_SCHEMAS = "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname ~ ? ORDER BY nspname"
_LOCK = f"SELECT pg_try_advisory_lock({MAKING}, hashtext(?))"
_TABLES = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = ? LIMIT 1"
# What SQLite keeps beside a file: the write-ahead log and its index.
_COMPANIONS = ("", "-wal", "-shm", "-journal", "-deploying", "-making")
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


@contextmanager
def being_made(database: Database) -> Iterator[None]:
    """Be the one who makes, or clears, an environment's place; the lock dies with its owner.

    Raises: Busy S102 when somebody else is; ConnectionLost S103.
    """
    if database.path is None:
        with Database(str_url(database)).apart() as tx:
            if not tx.rows(native(tx, _LOCK), (database.schema,))[0][0]:
                raise Busy
            yield
        return
    path = database.path.with_name(database.path.name + "-making")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise Busy from taken
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def str_url(database: Database) -> str:
    """Give the URL of a database with its password, which its text leaves out."""
    return database.url.render_as_string(hide_password=False)


def places_beside(database: Database, name: str, digits: int) -> list[Database]:
    """Give the places of environments of a name that lie where a new one would, itself left out.

    They are called by the name and so many hexadecimal digits. Raises: ConnectionLost S103.
    """
    ending = f"[0-9a-f]{{{digits}}}"
    if database.path is not None:
        shape = re.compile(rf"{re.escape(name)}-{ending}\.db")
        found = sorted(p for p in database.path.parent.glob("*.db") if shape.fullmatch(p.name))
        return [Database(f"sqlite:///{path}") for path in found if path != database.path]
    shape_of_schema = f"^patron_{name.replace('-', '_')}_{ending}$"
    with Database(str_url(database)).apart() as tx:
        rows = tx.rows(native(tx, _SCHEMAS), (shape_of_schema,))
    return [Database(str_url(database), name) for (name,) in rows if name != database.schema]


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
