"""Transactions over both databases: what commits, what is undone, and what failures are called."""

from __future__ import annotations

import multiprocessing
import threading
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from engine.store.database import Database
from engine.store.failures import Busy, ConnectionLost, StoreFailed, UniqueViolated
from engine.store.naming import unique_name
from engine.store.tx import Tx


class Stop(Exception):
    """Raised by a test to undo a transaction."""


def sql(tx: Tx, text: str) -> str:
    """Write placeholders for the transaction's driver."""
    return text.replace("?", "%s") if tx.dialect == "postgresql" else text


def make(database: Database) -> None:
    """Make a small table with a unique name."""
    with database.write() as tx:
        tx.run("CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT, n NUMERIC)")
        tx.run(f"CREATE UNIQUE INDEX {unique_name('thing', ['name'])} ON thing (name)")


def add(tx: Tx, number: int, name: str | None = None) -> None:
    """Insert one row."""
    tx.run(sql(tx, "INSERT INTO thing (id, name) VALUES (?, ?)"), (number, name))


def ids(database: Database) -> list[int]:
    """Read what is committed."""
    with database.read() as tx:
        return [row[0] for row in tx.rows("SELECT id FROM thing ORDER BY id")]


def test_a_write_that_ends_well_is_seen_by_the_next_reader(database: Database):
    """What a block wrote is there after it."""
    make(database)

    with database.write() as tx:
        add(tx, 1)

    assert ids(database) == [1]


def test_an_exception_undoes_rows_and_tables_alike(database: Database):
    """DDL takes part in the transaction on both databases, so half a deployment cannot stay."""
    make(database)

    with pytest.raises(Stop), database.write() as tx:
        add(tx, 1)
        tx.run("CREATE TABLE other (id BIGINT)")
        tx.run("ALTER TABLE thing ADD COLUMN extra TEXT")
        raise Stop

    assert ids(database) == []
    with pytest.raises(StoreFailed), database.read() as tx:
        tx.rows("SELECT id FROM other")
    with pytest.raises(StoreFailed), database.read() as tx:
        tx.rows("SELECT extra FROM thing")


def test_a_reader_sees_one_instant(database: Database):
    """A commit in the middle of a read transaction does not show in it."""
    make(database)

    with database.read() as tx:
        before = tx.rows("SELECT count(*) FROM thing")
        with database.write() as writer:
            add(writer, 1)
        after = tx.rows("SELECT count(*) FROM thing")

    assert before == after == [(0,)]
    assert ids(database) == [1]


def test_a_savepoint_undoes_its_own_part_only(database: Database):
    """A failed statement in a savepoint leaves the rest of the transaction alive."""
    make(database)

    with database.write() as tx:
        add(tx, 1, "a")
        with pytest.raises(UniqueViolated), tx.savepoint():
            add(tx, 2, "b")
            add(tx, 3, "a")
        with tx.savepoint():
            add(tx, 4, "c")

    assert ids(database) == [1, 4]


def test_a_unique_index_is_reported_by_its_name(database: Database):
    """Both databases name the index the same way, although SQLite reports only columns."""
    make(database)

    with pytest.raises(UniqueViolated) as caught, database.write() as tx:
        add(tx, 1, "a")
        add(tx, 2, "a")

    assert caught.value.name == unique_name("thing", ["name"])
    assert caught.value.code == "S101"


def test_errors_show_no_sql(database: Database):
    """What the database says of a statement stays in the chain of causes."""
    with pytest.raises(StoreFailed) as caught, database.read() as tx:
        tx.rows("SELECT secret FROM nowhere")

    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is not None


def test_a_statement_that_failed_unheard_cannot_be_committed(database: Database):
    """Swallowing an error does not turn a spoiled transaction into half a commit."""
    make(database)

    def swallow() -> None:
        with database.write() as tx:
            add(tx, 1)
            with pytest.raises(StoreFailed):
                tx.run("INSERT INTO nowhere VALUES (1)")

    if database.dialect == "postgresql":
        with pytest.raises(StoreFailed):
            swallow()
        assert ids(database) == []
    else:
        swallow()
        assert ids(database) == [1]


def test_work_after_commit_runs_once_and_only_then(database: Database):
    """Callbacks wait for the commit and are dropped with their savepoint or transaction."""
    make(database)
    done: list[str] = []

    with database.write() as tx:
        tx.after_commit(lambda: done.append("kept"))
        with pytest.raises(Stop), tx.savepoint():
            tx.after_commit(lambda: done.append("savepoint"))
            raise Stop
        early = list(done)
    with pytest.raises(Stop), database.write() as tx:
        tx.after_commit(lambda: done.append("undone"))
        raise Stop

    assert early == []
    assert done == ["kept"]


def test_statements_are_counted_without_the_frame(database: Database):
    """BEGIN, COMMIT and SAVEPOINT are not statements; a set of parameters is one."""
    make(database)

    with database.write() as tx, tx.savepoint():
        tx.many(sql(tx, "INSERT INTO thing (id) VALUES (?)"), [(1,), (2,)])
        tx.rows("SELECT id FROM thing")

    assert tx.statements == 2


def test_integers_decimals_and_nothing_need_no_types(database: Database):
    """Values of any size and None go through one and the same statement."""
    make(database)
    text = "INSERT INTO thing (id, name, n) VALUES (?, ?, ?)"

    with database.write() as tx:
        tx.run(sql(tx, text), (1, "a", 5))
        tx.run(sql(tx, text), (2**53, None, None))
        tx.run(sql(tx, text), (3, "100%", 70000))

    with database.read() as tx:
        found = tx.rows("SELECT id, name, n FROM thing ORDER BY id")
    assert found == [(1, "a", 5), (3, "100%", 70000), (2**53, None, None)]


def test_many_threads_write_without_an_error(database: Database):
    """Eight threads that write at once all succeed; nobody hears that the database is locked."""
    make(database)
    failures: list[BaseException] = []

    def work(base: int) -> None:
        try:
            for step in range(20):
                with database.write() as tx:
                    add(tx, base + step)
        except BaseException as error:  # noqa: BLE001 -- the test looks at it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(100 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(ids(database)) == 160


def test_many_rows_fail_as_one_does(database: Database):
    """A unique value given twice in one call is reported by its index."""
    make(database)

    with pytest.raises(UniqueViolated) as caught, database.write() as tx:
        tx.many(sql(tx, "INSERT INTO thing (id, name) VALUES (?, ?)"), [(1, "a"), (2, "a")])

    assert caught.value.name == unique_name("thing", ["name"])
    assert ids(database) == []


def test_a_writer_inside_a_writer_does_not_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """On SQLite it would wait for itself: after its patience it says that the database is busy."""
    monkeypatch.setattr("engine.store.database.BUSY_SECONDS", 0.05)
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    make(database)

    with database.write() as tx:
        add(tx, 1)
        with pytest.raises(Busy), database.write():
            pass

    assert ids(database) == [1]
    database.dispose()


def test_connections_that_are_all_in_use_are_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Waiting for a connection ends too, and the next one is given out as soon as one is free."""
    monkeypatch.setattr("engine.store.database.BUSY_SECONDS", 0.05)
    monkeypatch.setattr("engine.store.database._KEPT", 1)
    monkeypatch.setattr("engine.store.database._AT_MOST", 1)
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    make(database)

    with database.read(), pytest.raises(Busy), database.read():
        pass

    assert ids(database) == []
    database.dispose()


def test_an_integer_beyond_64_bits_is_a_typed_failure(database: Database):
    """A number no column can hold is our error, never a driver's."""
    make(database)

    with pytest.raises(StoreFailed), database.write() as tx:
        add(tx, 2**70)

    assert ids(database) == []


@pytest.mark.parametrize(
    "url", ["", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:", "not a url"]
)
def test_a_url_that_cannot_be_used_is_refused_with_a_hint(url: str):
    """The sentence says what to write instead."""
    with pytest.raises(StoreFailed) as caught:
        Database(url)

    assert caught.value.code == "S105"
    assert "sqlite:///" in caught.value.hint


def test_a_schema_name_that_needs_quotes_is_refused():
    """Names of schemas go into connect options; only plain ones may."""
    with pytest.raises(StoreFailed) as caught:
        Database("postgresql://localhost/x", schema="a b")

    assert caught.value.code == "S105"


def test_a_second_sqlite_writer_from_elsewhere_waits_its_turn(tmp_path: Path):
    """Another connection's write lock is waited for; it does not fail at once."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    one, two = Database(url), Database(url)
    make(one)
    entered = threading.Event()

    def other() -> None:
        entered.set()
        with two.write() as tx:
            add(tx, 2)

    with one.write() as tx:
        thread = threading.Thread(target=other)
        thread.start()
        entered.wait()
        add(tx, 1)
    thread.join()

    assert ids(one) == [1, 2]
    one.dispose()
    two.dispose()


def test_a_file_that_is_no_database_is_a_lost_connection(tmp_path: Path):
    """A damaged file is said to be unreachable, without its path."""
    path = tmp_path / "x.db"
    path.write_bytes(b"no database at all, but long enough to be read as one" * 20)
    database = Database(f"sqlite:///{path}")

    with pytest.raises(ConnectionLost) as caught, database.read() as tx:
        tx.rows("SELECT 1 FROM sqlite_master")

    assert str(path) not in str(caught.value)
    database.dispose()


def test_a_file_that_may_not_be_written_is_refused_at_once(tmp_path: Path):
    """Nobody waits for a lock that is none."""
    path = tmp_path / "none" / "x.db"
    database = Database(f"sqlite:///{path}")

    with pytest.raises(ConnectionLost), database.read() as tx:
        tx.rows("SELECT 1")

    database.dispose()


@pytest.mark.postgresql
def test_a_connection_that_died_while_idle_is_replaced(postgres_url: str, postgres_schema: str):
    """A server restart costs no request that comes after it."""
    database = Database(postgres_url, postgres_schema)
    with database.read() as tx:
        pid = tx.rows("SELECT pg_backend_pid()")[0][0]

    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 2000)", (pid,))
    with database.read() as tx:
        found = tx.rows("SELECT 1")

    assert found == [(1,)]
    database.dispose()


@pytest.mark.postgresql
def test_a_connection_lost_inside_a_transaction_is_told(postgres_url: str, postgres_schema: str):
    """Losing the server in the middle is ConnectionLost, and the next transaction works."""
    database = Database(postgres_url, postgres_schema)

    with pytest.raises(ConnectionLost), database.write() as tx:
        pid = tx.rows("SELECT pg_backend_pid()")[0][0]
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 2000)", (pid,))
        tx.rows("SELECT 1")

    with database.read() as tx:
        assert tx.rows("SELECT 1") == [(1,)]
    database.dispose()


@pytest.mark.postgresql
def test_a_lock_that_is_not_to_be_had_is_busy(postgres_url: str, postgres_schema: str):
    """PostgreSQL's lock timeout speaks as Busy."""
    database = Database(postgres_url, postgres_schema)
    make(database)

    with database.write() as holder:
        holder.run("LOCK TABLE thing")
        with pytest.raises(Busy), database.write() as tx:
            tx.run("SET LOCAL lock_timeout = '20ms'")
            add(tx, 1)

    database.dispose()


@pytest.mark.postgresql
def test_a_statement_is_prepared_once_whatever_its_values(postgres_url: str, postgres_schema: str):
    """None, small and big numbers share one plan, and a rollback keeps it."""
    database = Database(postgres_url, postgres_schema)
    make(database)
    text = "INSERT INTO thing (id, name, n) VALUES (%s, %s, %s)"
    count = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%%'"

    with database.write() as tx:
        for row in [(1, "a", 5), (2**40, None, None), (3, "c", Decimal("1.25")), (4, None, 7)]:
            tx.run(text, row)
    with pytest.raises(Stop), database.write() as tx:
        with pytest.raises(Stop), tx.savepoint():
            raise Stop
        raise Stop
    with database.read() as tx:
        prepared = tx.rows(count)

    assert prepared == [(1,)]
    database.dispose()


def _child(database: Database, sent: multiprocessing.Queue[list[int]]) -> None:
    sent.put(ids(database))


def test_a_forked_process_opens_connections_of_its_own(database: Database):
    """A child that inherits the object does not talk over its parent's connections."""
    make(database)
    with database.write() as tx:
        add(tx, 1)
    context = multiprocessing.get_context("fork")
    sent = context.Queue()

    child = context.Process(target=_child, args=(database, sent))
    child.start()
    found = sent.get(timeout=20)
    child.join()

    assert found == [1]
    assert ids(database) == [1]
