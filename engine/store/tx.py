"""A transaction: SQL text in, rows out, straight through the driver.

Separate from `database`, which opens and ends transactions. Statements are compiled once elsewhere;
here nothing costs more than the driver itself (a statement through SQLAlchemy's execution costs
80 µs, through the driver 6).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg.pq import ExecStatus

from engine.store.failures import DRIVER_ERRORS, ConnectionLost, StoreFailed, translate

# Any: a row holds what its columns hold; whoever wrote the statement knows the types.
Row = tuple[Any, ...]


class Tx:
    """One open transaction. Not for sharing between threads; ends with its `with` block.

    Placeholders are `?` on SQLite and `%s` on PostgreSQL, where a literal percent sign is `%%`.
    A failed statement spoils the transaction on PostgreSQL: put what may fail into `savepoint()`.
    """

    __slots__ = (
        "_after_commit",
        "_connection",
        "_cursor",
        "_savepoints",
        "dialect",
        "held",
        "is_write",
        "statements",
        "writes",
    )

    def __init__(self, dialect: str, connection: Any, *, is_write: bool) -> None:
        # Any: two drivers, whose connections share the DB-API only.
        self.dialect = dialect
        self.is_write = is_write
        self.statements = 0
        # Grows whenever records are written or what was written is undone: whoever kept values of
        # records can tell whether they are still true. It never goes back.
        self.writes = 0
        # What a room keeps for the rest of this transaction, by its own key, as immutable values:
        # a savepoint that is undone brings back what was held when it began.
        self.held: dict[Hashable, Any] = {}
        self._connection = connection
        self._cursor = connection.cursor()
        self._savepoints = 0
        self._after_commit: list[Callable[[], None]] = []

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Run a statement and give all its rows.

        Raises: UniqueViolated S101, Busy S102, ConnectionLost S103, StoreFailed S100.
        """
        self.statements += 1
        try:
            self._cursor.execute(sql, params)
            found: list[Row] = self._cursor.fetchall()
        except DRIVER_ERRORS as error:
            raise self._said(error) from error
        return found

    def row(self, sql: str, params: Sequence[object] = ()) -> Row | None:
        """Run a statement and give its first row, or None. Raises as `rows`."""
        found = self.rows(sql, params)
        return found[0] if found else None

    def run(self, sql: str, params: Sequence[object] = ()) -> int:
        """Run a statement and give the number of rows it touched. Raises as `rows`."""
        self.statements += 1
        try:
            self._cursor.execute(sql, params)
            count: int = self._cursor.rowcount
        except DRIVER_ERRORS as error:
            raise self._said(error) from error
        return count

    def many(self, sql: str, params: Iterable[Sequence[object]]) -> int:
        """Run one statement once per set of parameters; counts as one. Raises as `rows`."""
        self.statements += 1
        try:
            self._cursor.executemany(sql, params)
            count: int = self._cursor.rowcount
        except DRIVER_ERRORS as error:
            raise self._said(error) from error
        return count

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block did when it raises; the exception goes on."""
        self._savepoints += 1
        name, waiting = f"patron_{self._savepoints}", len(self._after_commit)
        held = dict(self.held)
        self._control(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            del self._after_commit[waiting:]
            self.held = held
            self.writes += 1
            self._back(f"ROLLBACK TO SAVEPOINT {name}")
            self._control(f"RELEASE SAVEPOINT {name}")
            raise
        finally:
            self._savepoints -= 1
        self._control(f"RELEASE SAVEPOINT {name}")

    def after_commit(self, work: Callable[[], None]) -> None:
        """Run `work` once the transaction has committed; dropped when it does not."""
        self._after_commit.append(work)

    def begin(self, sql: str) -> None:
        """Open the transaction; for `Database` only. Raises as `rows`."""
        self._control(sql)

    def commit(self) -> None:
        """Commit; for `Database` only. Raises as `rows`."""
        self._control("COMMIT")
        if getattr(self._cursor, "statusmessage", "COMMIT") == "ROLLBACK":
            # PostgreSQL answers so, without an error, when a statement had failed and gone unheard.
            raise StoreFailed

    def run_after_commit(self) -> None:
        """Do what waited for the commit; for `Database` only, when it holds nothing any more."""
        for work in self._after_commit:
            work()

    def rollback(self) -> None:
        """Undo everything; for `Database` only. Raises as `rows`."""
        self._after_commit.clear()
        self._back("ROLLBACK")

    def _control(self, sql: str) -> None:
        """Run a statement that is not counted."""
        try:
            self._cursor.execute(sql)
        except DRIVER_ERRORS as error:
            raise self._said(error) from error

    def _back(self, sql: str) -> None:
        """Roll back; below the driver on PostgreSQL, which would forget its prepared statements."""
        if self.dialect == "postgresql":
            result = self._connection.pgconn.exec_(sql.encode())
            if result.status != ExecStatus.COMMAND_OK:
                raise ConnectionLost
        elif self._connection.in_transaction:  # SQLite ends it by itself on a full disk
            self._control(sql)

    def _said(self, error: Exception) -> StoreFailed:
        return translate(error, is_closed=bool(getattr(self._connection, "closed", False)))
