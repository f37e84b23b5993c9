"""Numbered upgrades: every step's database opens, a killed upgrade is done again, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.store.database import Database
from engine.store.failures import StoreFailed
from engine.store.folding import fold
from engine.store.platform.upgrades import (
    CONTROL,
    ENVIRONMENT,
    EngineTooOld,
    check_format,
    upgrade,
)
from engine.store.steps import KILL_AT
from engine.store.text import native
from tests.support.proof import IS_PROOF

ROOT = Path(__file__).parents[5]
TABLES = {
    "sqlite": "SELECT name || ':' || sql FROM sqlite_master WHERE name LIKE 'patron%' ORDER BY 1",
    "postgresql": "SELECT table_name || ':' || column_name || ':' || data_type || is_nullable"
    " FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1",
}
NUMBERS = [step.number for step in ENVIRONMENT]
BOUNDARIES = ("tables", "note", "commit", "done")
CHILD = """
import sys
from engine.store.database import Database
from engine.store.platform.upgrades import ENVIRONMENT, upgrade
upgrade(Database(sys.argv[1], sys.argv[2] or None), ENVIRONMENT)
"""


def shape(database: Database) -> list[str]:
    """Tell every table and column, whatever way the database came to them."""
    with database.read() as tx:
        return [row[0] for row in tx.rows(TABLES[database.dialect])]


def upgrade_elsewhere(database: Database, kill_at: str) -> int:
    """Upgrade in a process of its own that kills itself; give its exit status."""
    url = database.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, url, database.schema or ""],
        cwd=ROOT,
        env={**os.environ, KILL_AT: kill_at},
        check=False,
        timeout=60,
    )
    return done.returncode


def test_steps_are_numbered_without_gaps():
    """A step's number is its place: `to=3` means the first three."""
    for steps in (ENVIRONMENT, CONTROL):
        assert [step.number for step in steps] == list(range(1, len(steps) + 1))
        assert all(1 <= step.engine_min <= step.number for step in steps)


def test_a_second_start_has_nothing_to_do(database: Database):
    """Upgrading is done once; later starts only look."""
    first = upgrade(database, ENVIRONMENT)
    second = upgrade(database, ENVIRONMENT)

    assert first == NUMBERS
    assert second == []


def test_the_database_of_every_step_can_be_brought_up_to_date(database: Database):
    """From each format that was ever released, the way leads to the same tables."""
    shapes = []
    for step in ENVIRONMENT:
        done = upgrade(database, ENVIRONMENT, to=step.number)
        shapes.append(done)
        with database.read() as tx:
            assert check_format(tx, ENVIRONMENT) == step.number

    assert shapes == [[number] for number in NUMBERS]
    assert any(line.startswith("patron_exchange_rate:") for line in shape(database))


def test_a_fresh_environment_is_at_version_0(environment: Database):
    """The head is there from the start, so that every transaction can enter."""
    with environment.read() as tx:
        head = tx.rows("SELECT version, engine_min, length(token) FROM patron_head")

    assert head == [(0, ENVIRONMENT[-1].engine_min, 32)]


def test_a_newer_format_is_refused_in_a_clear_sentence(environment: Database):
    """An engine never touches a database that it does not understand."""
    with environment.write() as tx:
        sql = "INSERT INTO patron_upgrade VALUES (?, ?, ?, ?)"
        tx.run(native(tx, sql), (99, "from the future", 99, ""))

    with pytest.raises(EngineTooOld) as caught:
        upgrade(environment, ENVIRONMENT)

    assert "newer Patron" in caught.value.message
    assert "99" in caught.value.message
    assert caught.value.code == "S110"


def test_an_additive_newer_step_leaves_older_engines_at_work(environment: Database):
    """During a rolling start an older process goes on where `engine_min` lets it."""
    with environment.write() as tx:
        sql = "INSERT INTO patron_upgrade VALUES (?, ?, ?, ?)"
        tx.run(native(tx, sql), (99, "additive", len(ENVIRONMENT), ""))

    assert upgrade(environment, ENVIRONMENT) == []


def test_processes_that_start_at_once_do_each_step_once(database: Database):
    """Eight starts at the same time end in one good database and no error."""
    url = database.url.render_as_string(hide_password=False)
    failures: list[BaseException] = []
    done: list[int] = []

    def start() -> None:
        mine = Database(url, database.schema)
        try:
            done.extend(upgrade(mine, ENVIRONMENT))
        except StoreFailed as error:
            failures.append(error)
        finally:
            mine.dispose()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(done) == NUMBERS


@pytest.mark.slow
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_killed_upgrade_is_finished_by_the_next_start(database: Database, boundary: str):
    """`kill -9` at any boundary of any step leaves no half step behind.

    `make test` kills in every step and at every boundary once, `make proof` at all of them.
    """
    for step in ENVIRONMENT:
        if not IS_PROOF and step.number % len(BOUNDARIES) != BOUNDARIES.index(boundary):
            upgrade(database, ENVIRONMENT, to=step.number)
            continue
        status = upgrade_elsewhere(database, f"upgrade.{step.number}.{boundary}")

        with database.read() as tx:
            done = check_format(tx, ENVIRONMENT)
        assert status == -signal.SIGKILL
        assert done == step.number - (boundary != "done")

        upgrade(database, ENVIRONMENT, to=step.number)

    with database.read() as tx:
        assert tx.rows("SELECT count(*) FROM patron_user") == [(1,)]
        assert tx.rows("SELECT count(*) FROM patron_head") == [(1,)]


def test_helper_functions_are_replaced_when_the_engines_differ(environment: Database):
    """An upgrade of Patron that changes only an expression's function reaches the database."""
    if environment.dialect == "postgresql":
        with environment.write() as tx:
            old = "CREATE OR REPLACE FUNCTION patron_functions() RETURNS text"
            tx.run(f"{old} LANGUAGE sql IMMUTABLE AS $$ SELECT 'older' $$")
            tx.run("DROP FUNCTION patron_upper(text, text)")

    upgrade(environment, ENVIRONMENT)

    with environment.read() as tx:
        assert tx.rows("SELECT patron_upper('éa', NULL)") == [("ÉA",)]


def test_the_fold_of_postgresql_is_that_of_python(database: Database):
    """One order of names on both databases, whatever the letters."""
    upgrade(database, ENVIRONMENT)
    texts = ["Élan", "ΟΔΟΣ", "İstanbul", "Straße", "ﬁn", "Ångström", "ЖУК", "日本", "", "a%b", "Ǆ"]

    with database.read() as tx:
        sql = native(tx, "SELECT patron_fold(CAST(? AS text))")
        found = [tx.rows(sql, (text,))[0][0] for text in texts]
        nothing = tx.rows("SELECT patron_fold(NULL)")

    assert found == [fold(text) for text in texts]
    assert nothing == [(None,)]
