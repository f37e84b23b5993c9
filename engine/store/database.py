"""A database of one environment, or the control database: connections, transactions, no more.

SQLAlchemy's pool keeps the connections; SQL goes through `Tx`, straight to the driver. On
PostgreSQL an environment is a schema, and the whole search path of its connections.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from engine.store.drivers import BUSY_SECONDS, postgresql_opener, sqlite_opener
from engine.store.failures import DRIVER_ERRORS, Busy, ConnectionLost, StoreFailed, translate
from engine.store.turns import give_way, has_turn
from engine.store.tx import Tx

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")
_KEPT, _AT_MOST = 8, 32  # connections of one process to one environment
# Readers see one instant from their first statement on, whatever commits meanwhile.
_BEGIN_READ = {SQLITE: "BEGIN", POSTGRESQL: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
_BEGIN_WRITE = {SQLITE: "BEGIN IMMEDIATE", POSTGRESQL: "BEGIN"}
_AT_ONCE, _PATIENTLY = "PRAGMA busy_timeout=0", f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}"


class Database:
    """One database, opened lazily. Safe to share between threads; a forked process starts afresh.

    `url` is `sqlite:///PATH` or `postgresql://…`; `schema` is for PostgreSQL only.
    Raises: StoreFailed S105 for a URL that cannot be used.
    """

    def __init__(self, url: str, schema: str | None = None) -> None:
        self.url, self.schema = _read_url(url), schema
        self.dialect = self.url.get_backend_name()
        if schema is not None and not _SCHEMA_NAME.match(schema):
            raise StoreFailed(
                f'"{schema}" cannot be the name of a schema.',
                code="S105",
                hint="use small letters, digits and _, a letter first, at most 63",
            )
        self._forget()

    @property
    def path(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return Path(self.url.database or "") if self.dialect == SQLITE else None

    def read(self) -> AbstractContextManager[Tx]:
        """Open a transaction that sees one instant and takes no lock that a writer waits for.

        Raises: Busy S102, ConnectionLost S103.
        """
        return self._transaction(_BEGIN_READ[self.dialect], is_write=False)

    def write(self) -> AbstractContextManager[Tx]:
        """Open a transaction that may write; commits at the end of the block, or undoes it all.

        On SQLite it is the only writer; do not open a second one inside, it would wait for itself.
        Raises: Busy S102, ConnectionLost S103 (at the end: read again what is true).
        """
        return self._transaction(_BEGIN_WRITE[self.dialect], is_write=True)

    def connect(self) -> sa.Engine:
        """Give a SQLAlchemy engine over connections of its own, for schema upgrades and tools.

        The caller disposes of it. It follows the rules of `write`: DDL is part of the transaction.
        """
        engine = sa.create_engine(self.url, creator=self._open, poolclass=sa.pool.NullPool)
        begin = _BEGIN_WRITE[self.dialect]
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    @contextmanager
    def apart(self) -> Iterator[Tx]:
        """Give a connection of its own without a transaction: every statement commits by itself.

        For what a transaction cannot hold, and for locks that live as long as the connection.
        Raises: ConnectionLost S103.
        """
        try:
            connection = self._open()
        except DRIVER_ERRORS as error:
            raise translate(error, is_closed=True) from error
        try:
            yield Tx(self.dialect, connection, is_write=True)
        finally:
            connection.close()

    def dispose(self) -> None:
        """Close every connection that is not in use. The database may be used again."""
        self._pool.dispose()

    def _forget(self) -> None:
        """Start without connections: those of a parent process belong to it."""
        self._process = os.getpid()
        if self.dialect == SQLITE:
            self._open = sqlite_opener(Path(self.url.database or ""))
        else:
            self._open = postgresql_opener(self.url, self.schema)
        self._writer: AbstractContextManager[object] = (
            _Turn() if self.dialect == SQLITE else nullcontext()
        )
        self._pool = QueuePool(
            self._open,
            pool_size=_KEPT,
            max_overflow=_AT_MOST - _KEPT,
            timeout=BUSY_SECONDS,
            reset_on_return=None,
            use_lifo=True,
        )

    @contextmanager
    def _transaction(self, begin: str, *, is_write: bool) -> Iterator[Tx]:
        if self._process != os.getpid():
            self._forget()
        with self._writer if is_write else nullcontext():
            pooled, tx = self._begin(begin, is_write=is_write)
            try:
                yield tx
                tx.commit()
            except BaseException as error:
                _undo(tx, pooled, error)
                raise
            pooled.close()
        tx.run_after_commit()

    def _begin(self, begin: str, *, is_write: bool) -> tuple[PoolProxiedConnection, Tx]:
        """Open a transaction; connections that died while idle are replaced once."""
        try:
            return self._try_begin(begin, is_write=is_write)
        except ConnectionLost:
            self._pool.dispose()
            self._pool = self._pool.recreate()
            return self._try_begin(begin, is_write=is_write)

    def _try_begin(self, begin: str, *, is_write: bool) -> tuple[PoolProxiedConnection, Tx]:
        pooled = self._checkout()
        tx = Tx(self.dialect, pooled.dbapi_connection, is_write=is_write)
        try:
            if is_write and self.dialect == SQLITE and has_turn():
                _begin_or_give_way(tx, begin)
            else:
                tx.begin(begin)
        except BaseException as error:
            _undo(tx, pooled, error)
            raise
        return pooled, tx

    def _checkout(self) -> PoolProxiedConnection:
        try:
            return self._pool.connect()
        except PoolTimeout as error:
            raise Busy from error
        except DRIVER_ERRORS as error:
            raise translate(error, is_closed=True) from error


class _Turn:
    """Lets the threads of a process write one after the other, without polling the file's lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if self._lock.acquire(blocking=False):
            return
        give_way()
        if not self._lock.acquire(timeout=BUSY_SECONDS):
            raise Busy

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _begin_or_give_way(tx: Tx, begin: str) -> None:
    """Open a transaction on SQLite; where another process writes, let the next request go on."""
    tx.begin(_AT_ONCE)
    try:
        tx.begin(begin)
    except Busy:
        give_way()
    else:
        return
    finally:
        tx.begin(_PATIENTLY)
    tx.begin(begin)


def _undo(tx: Tx, pooled: PoolProxiedConnection, error: BaseException) -> None:
    """Roll back; a connection that cannot even do that is thrown away."""
    try:
        if not isinstance(error, ConnectionLost):
            tx.rollback()
            pooled.close()
            return
    except StoreFailed:
        pass  # The first error is the one to tell; this connection is of no use any more.
    pooled.invalidate()


def _read_url(text: str) -> URL:
    """Read a database URL.

    Raises: StoreFailed S105; the sentence does not repeat the URL, which may hold a password.
    """
    try:
        url = sa.make_url(text)
        backend = url.get_backend_name()
    except ArgumentError as error:
        raise StoreFailed("The database URL cannot be read.", code="S105", hint=_HINT) from error
    if backend in {POSTGRESQL, "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if backend != SQLITE:
        raise StoreFailed(f'"{backend}" is no database we know.', code="S105", hint=_HINT)
    if url.database in {None, "", ":memory:"}:
        raise StoreFailed("An SQLite database needs a file.", code="S105", hint=_HINT)
    return url


_HINT = "write sqlite:////path/to/file.db or postgresql://user@host/name"
