"""The fence: nobody writes by an old model, nobody waits long, nobody fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

import pytest

from engine.store.database import Database
from engine.store.failures import Busy
from engine.store.platform.enter import FENCE, TokenCredential, enter
from engine.store.platform.fence import switching
from engine.store.platform.head import Head, move_head, new_token, read_head
from engine.store.tx import Tx

TOKEN = TokenCredential("secret")
# The form that looks right: lock and token in one SELECT. Its snapshot is older than the lock.
ONE_SELECT = f"""
SELECT pg_advisory_xact_lock_shared({FENCE}, 'patron_head'::regclass::oid::int), token
FROM patron_head
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def move(tx: Tx) -> str:
    """Move the head to a next version; give its token."""
    head = read_head(tx)
    moved = Head(version=head.version + 1, token=new_token(), tree=head.tree)
    move_head(tx, moved)
    return moved.token


def wait_for_a_waiter(database: Database) -> None:
    """Wait until somebody waits for an advisory lock."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with database.read() as tx:
            if tx.rows(WAITING)[0][0]:
                return
        time.sleep(0.01)
    pytest.fail("nobody waits for the fence")


def token_read_during_a_switch(database: Database, read: Callable[[Tx], str]) -> tuple[str, str]:
    """Let a writer come to the fence while a switch is inside; give (token read, true token)."""
    found: list[str] = []

    def writer() -> None:
        with database.write() as tx:
            found.append(read(tx))

    thread = threading.Thread(target=writer)

    def work(tx: Tx) -> str:
        token = move(tx)
        thread.start()
        wait_for_a_waiter(database)
        return token

    token = switching(database, work)
    thread.join()
    return found[0], token


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_lock_and_token_in_one_select_give_a_stale_token(environment: Database):
    """The trap that `enter` avoids: after its wait, the single SELECT still sees the old head."""
    read, true = token_read_during_a_switch(environment, lambda tx: tx.rows(ONE_SELECT)[0][1])

    assert read != true


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("ann")
def test_a_writer_that_waited_enters_by_the_new_head(environment: Database, now: datetime):
    """`enter` reads the head after it has the lock."""
    read, true = token_read_during_a_switch(environment, lambda tx: enter(tx, TOKEN, now=now).token)

    assert read == true


@pytest.mark.usefixtures("ann")
def test_the_head_a_writer_entered_by_stands_until_it_commits(environment: Database, now: datetime):
    """Under eight writers and many switches, no writer ever commits under another head."""
    stop, wrong, failures, written = threading.Event(), [], [], []

    def write() -> None:
        try:
            while not stop.is_set():
                with environment.write() as tx:
                    entered = enter(tx, TOKEN, now=now)
                    tx.run("UPDATE patron_counter SET next = next")
                    time.sleep(0.001)
                    if read_head(tx).token != entered.token:
                        wrong.append(entered)
                written.append(1)
        except BaseException as error:  # noqa: BLE001 -- the test looks at it
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            switching(environment, move)
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert failures == []
    assert wrong == []
    assert written
    with environment.read() as tx:
        assert read_head(tx).version == 15


@pytest.mark.usefixtures("ann")
def test_readers_are_never_stopped_by_a_switch(environment: Database, now: datetime):
    """A reader enters in the middle of a switch and sees the head before it."""
    with environment.read() as tx:
        before = read_head(tx).token
    seen: list[str] = []

    def work(tx: Tx) -> None:
        move(tx)
        with environment.read() as reader:
            seen.append(enter(reader, TOKEN, now=now).token)

    switching(environment, work)

    assert seen == [before]


def test_a_switch_that_fails_changes_nothing_and_frees_the_fence(environment: Database):
    """An error in the work is the caller's to see; the next switch works."""

    def fail(tx: Tx) -> None:
        move(tx)
        raise LookupError

    with pytest.raises(LookupError):
        switching(environment, fail)
    switching(environment, move)

    with environment.read() as tx:
        assert read_head(tx).version == 1


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("ann")
def test_a_switch_tries_again_after_a_slow_writer(environment: Database, now: datetime):
    """It waits a tenth of a second at a time, lets writers in between, and comes through."""
    pauses: list[float] = []
    inside, leave = threading.Event(), threading.Event()

    def slow() -> None:
        with environment.write() as tx:
            enter(tx, TOKEN, now=now)
            inside.set()
            leave.wait(10)

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        with environment.write() as tx:  # another writer gets in meanwhile
            enter(tx, TOKEN, now=now)
        leave.set()
        time.sleep(0.05)

    thread = threading.Thread(target=slow)
    thread.start()
    inside.wait(10)
    switching(environment, move, pause=pause)
    thread.join()

    assert pauses
    assert all(0.05 <= seconds <= 0.25 for seconds in pauses)


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("ann")
def test_a_switch_gives_up_after_its_patience(environment: Database, now: datetime):
    """Somebody who never leaves does not hold a deployment for ever."""
    with environment.write() as tx:
        enter(tx, TOKEN, now=now)

        with pytest.raises(Busy):
            switching(environment, move, patience=0, pause=lambda _: None)
