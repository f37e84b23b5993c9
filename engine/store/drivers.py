"""How a connection is opened and set up, per kind of database.

Separate from `database`: everything that a driver must be told once stands here and nowhere else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format
from psycopg.rows import RowFactory, tuple_row
from psycopg.types.bool import BoolDumper
from psycopg.types.datetime import DateDumper, DatetimeDumper, TimeDumper
from psycopg.types.string import StrDumperUnknown
from sqlalchemy.engine import URL

from engine.store.folding import fold
from engine.store.sql.functions import SQLITE_FUNCTIONS

BUSY_SECONDS = 30
CONNECT_SECONDS = 10
MAPPED_BYTES = 2**30  # of the file, at most; the system's own cache, shared by all processes
KEPT_STATEMENTS = 500  # prepared ones per connection; shapes repeat, values do not

Opener = Callable[[], Any]  # Any: two drivers, whose connections share the DB-API only

_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA cache_size=-8000",
    f"PRAGMA mmap_size={MAPPED_BYTES}",  # reading in another order than rows lie costs no call
    "PRAGMA temp_store=MEMORY",
)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a new file to the write-ahead log, so that readers and the writer do not wait.

    SQLite answers two processes that do so at once with "locked", whatever its timeout.
    """
    until = monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() >= until:
                raise
            sleep(0.01)


def sqlite_opener(path: Path) -> Opener:
    """Give a function that opens the file.

    `isolation_level=None`: the driver keeps out of transactions, so DDL takes part in ours.
    """

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=KEPT_STATEMENTS,
        )
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        _write_ahead(connection)
        connection.create_function("patron_fold", 1, fold, deterministic=True)
        for name, (arguments, function, is_constant) in SQLITE_FUNCTIONS.items():
            connection.create_function(name, arguments, function, deterministic=is_constant)
        return connection

    return connect


class _IntDumper(Dumper):
    """An integer as digits of no declared type."""

    def dump(self, obj: int) -> Buffer:
        return str(obj).encode()


class _DecimalDumper(Dumper):
    """A decimal as digits of no declared type."""

    def dump(self, obj: Decimal) -> Buffer:
        return format(obj, "f").encode()


def _untyped(known: type[Dumper]) -> type[Dumper]:
    """Give the driver's text dumper without its type."""
    return type(f"Untyped{known.__name__}", (known,), {"oid": 0})


def _adapters() -> AdaptersMap:
    """Send every scalar without a type, so that the server takes it from the column.

    The driver's own choice depends on the value (small and big integers, None), and a statement
    whose types vary from call to call is never prepared.
    """
    adapters = AdaptersMap(psycopg.adapters)
    for kind, dumper in (
        (int, _IntDumper),
        (Decimal, _DecimalDumper),
        (str, StrDumperUnknown),
        (bool, _untyped(BoolDumper)),
        (date, _untyped(DateDumper)),
        (time, _untyped(TimeDumper)),
        (datetime, _untyped(DatetimeDumper)),
    ):
        adapters.register_dumper(kind, dumper)
    return adapters


class _BinaryCursor(psycopg.Cursor[tuple[Any, ...]]):
    """Fetches in the binary format: numbers and times arrive without being parsed from text."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        *,
        row_factory: RowFactory[tuple[Any, ...]] = tuple_row,
    ) -> None:
        super().__init__(connection, row_factory=row_factory)
        self.format = Format.BINARY


def postgresql_opener(url: URL, schema: str | None) -> Opener:
    """Give a function that connects, with the environment's schema as the whole search path."""
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    # Compiling a statement to machine code costs more than the milliseconds that it runs.
    options = "-c TimeZone=UTC -c jit=off" + (f" -c search_path={schema}" if schema else "")
    adapters = _adapters()

    def connect() -> psycopg.Connection[tuple[Any, ...]]:
        connection = psycopg.connect(
            conninfo,
            autocommit=True,  # We say BEGIN ourselves.
            options=options,
            connect_timeout=CONNECT_SECONDS,
            prepare_threshold=2,
            context=adapters,
            cursor_factory=_BinaryCursor,
        )
        connection.prepared_max = KEPT_STATEMENTS
        return connection

    return connect
