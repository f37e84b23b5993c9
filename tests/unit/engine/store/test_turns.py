"""Requests of a process take turns, and who waits for a lock gives the turn away."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from engine.store import turns
from engine.store.database import Database

LIMIT = 30  # seconds; nothing here takes one


@pytest.fixture
def next_one():
    """Give a function that starts the next request, and tells when it has its turn."""
    started: list[threading.Thread] = []

    def start() -> threading.Event:
        came = threading.Event()

        def work() -> None:
            with turns.turn():
                if turns.has_turn():
                    came.set()

        started.append(threading.Thread(target=work))
        started[-1].start()
        return came

    yield start
    for thread in started:
        thread.join(LIMIT)


def test_one_at_a_time(next_one, monkeypatch):
    """The next request waits until this one is answered."""
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", LIMIT)
    with turns.turn():
        came = next_one()
        assert (turns.has_turn(), came.wait(0.05)) == (True, False)

    assert came.wait(LIMIT)
    assert not turns.has_turn()


def test_who_gives_way_goes_on_without_a_turn(next_one, monkeypatch):
    """The next one is let in once, and the end of the block gives nothing back twice."""
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", LIMIT)
    with turns.turn():
        turns.give_way()
        turns.give_way()
        assert (turns.has_turn(), next_one().wait(LIMIT)) == (False, True)

    assert next_one().wait(LIMIT)


def test_a_long_request_is_overtaken():
    """Who has waited a while goes on without a turn; its end does not take the other's."""
    went_on = threading.Event()

    def impatient() -> None:
        with turns.turn():
            if not turns.has_turn():
                went_on.set()

    thread = threading.Thread(target=impatient)
    with turns.turn():
        thread.start()
        assert went_on.wait(LIMIT)
        thread.join(LIMIT)
        assert turns.has_turn()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_save_that_finds_the_file_taken_gives_way(database: Database, next_one, monkeypatch):
    """The next request goes on while it waits; a save that finds it free keeps its turn."""
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", LIMIT)
    with turns.turn(), database.write() as tx:
        tx.run("CREATE TABLE t (a)")
        assert turns.has_turn()
    other = sqlite3.connect(str(database.path), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    done = threading.Event()

    def save() -> None:
        with turns.turn(), database.write() as tx:
            tx.run("INSERT INTO t VALUES (1)")
        done.set()

    waiting = threading.Thread(target=save)
    waiting.start()
    try:
        assert next_one().wait(LIMIT)
        assert not done.is_set()
    finally:
        other.execute("COMMIT")
        other.close()
        waiting.join(LIMIT)
    assert done.is_set()
    with database.read() as tx:
        assert [tuple(row) for row in tx.rows("SELECT a FROM t")] == [(1,)]
        assert tuple(tx.rows("PRAGMA busy_timeout")[0]) == (30_000,)
