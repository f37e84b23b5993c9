"""What can go wrong between us and a database, in our own words.

    StoreFailed            S100  the database refused or failed; the log has the details
    ├─ UniqueViolated      S101  a value that must be unique is taken; `name` is the index
    ├─ Busy                S102  a lock or a connection was not to be had in time: try again
    │  └─ Deadlock         S102  two transactions waited for each other, and this one gave way
    └─ ConnectionLost      S103  the database cannot be reached; at a COMMIT this proves nothing

Separate from `tx`, so that every room may catch these without knowing a driver.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

import psycopg
from psycopg import errors as pg

from engine.errors import PatronError
from engine.store.naming import unique_name

_SQLITE_UNIQUE = re.compile(
    r"UNIQUE constraint failed: (?:index '(?P<index>[^']+)'|(?P<columns>.+))"
)
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_BROKEN = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
}
_PG_CROSSED = (pg.DeadlockDetected, pg.SerializationFailure)
_PG_BUSY = (
    pg.LockNotAvailable,
    pg.QueryCanceled,
    pg.TooManyConnections,
)
# What a driver raises: its own tree, and OverflowError for an integer over 64 bits on SQLite.
DRIVER_ERRORS = (sqlite3.Error, psycopg.Error, OverflowError)


@dataclass(eq=False)
class StoreFailed(PatronError):
    """The database refused a statement; a mistake of ours or damage, never the user's."""

    message: str = "The database could not carry out a statement; the server's log has the details."
    code: str = "S100"


@dataclass(eq=False)
class UniqueViolated(StoreFailed):
    """A unique index refused a row. `name`: as `engine.store.naming.unique_name` makes it."""

    message: str = "A value that must be unique is already used."
    code: str = "S101"
    status: int = 409
    name: str = ""


@dataclass(eq=False)
class Busy(StoreFailed):
    """A lock or a connection was not to be had in time; nothing was changed."""

    message: str = "The database is busy; nothing was changed. Try again."
    code: str = "S102"
    status: int = 503


@dataclass(eq=False)
class Deadlock(Busy):
    """Two transactions waited for each other, and the database chose this one to give way.

    Apart from `Busy`, because nobody has waited long for it: done again at once, it goes through.
    """


@dataclass(eq=False)
class ConnectionLost(StoreFailed):
    """The database cannot be reached. At a COMMIT it proves nothing: read again what is true."""

    message: str = "The database cannot be reached."
    code: str = "S103"
    status: int = 503


def translate(error: Exception, *, is_closed: bool = False) -> StoreFailed:
    """Say a driver's error in our words. `is_closed`: the connection did not survive it."""
    if isinstance(error, sqlite3.Error):
        return _from_sqlite(error)
    if isinstance(error, psycopg.Error):
        return _from_psycopg(error, is_closed=is_closed)
    return StoreFailed()


def _from_sqlite(error: sqlite3.Error) -> StoreFailed:
    match = _SQLITE_UNIQUE.match(str(error))
    if match is not None:
        return UniqueViolated(name=match["index"] or _named(match["columns"]))
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _SQLITE_BUSY:
        return Busy()
    return ConnectionLost() if code in _SQLITE_BROKEN else StoreFailed()


def _named(columns: str) -> str:
    """Turn "person.email, person.name" into the name of the index over them."""
    pairs = [column.split(".", 1) for column in columns.split(", ")]
    return unique_name(pairs[0][0], [name for _, name in pairs])


def _from_psycopg(error: psycopg.Error, *, is_closed: bool) -> StoreFailed:
    if isinstance(error, pg.UniqueViolation):
        return UniqueViolated(name=error.diag.constraint_name or "")
    if isinstance(error, _PG_CROSSED):
        return Deadlock()
    if isinstance(error, _PG_BUSY):
        return Busy()
    return ConnectionLost() if is_closed else StoreFailed()
