"""Waking a worker: nobody waits for a broker, and threads of one name run once."""

from __future__ import annotations

import threading
from pathlib import Path

from engine.delivery.waking import Waker
from engine.jobs.threads import Threads
from engine.settings import Settings
from tests.support.servers import free_port, wait_until


def test_a_message_lies_where_the_worker_looks(tmp_path: Path) -> None:
    """Many effects at once make one message or two, not one each."""
    waker = Waker(Settings(home=tmp_path))
    for _ in range(50):
        waker()

    waiting = tmp_path / "jobs" / "waiting"
    assert wait_until(lambda: list(waiting.glob("*.msg")))
    assert len(list(waiting.glob("*.msg"))) < 50


def test_a_broker_that_is_down_is_nobodys_trouble(tmp_path: Path) -> None:
    """The request goes on, and so does the thread: the worker will look by itself."""
    waker = Waker(Settings(home=tmp_path, broker_url=f"amqp://127.0.0.1:{free_port()}//"))

    for _ in range(1000):
        waker()

    assert any(thread.name == "patron-waker" for thread in threading.enumerate())


def test_a_task_of_one_name_runs_once_at_a_time() -> None:
    """While it runs, another of its name is refused; others go on; what it raises is its own."""
    threads, going, ended = Threads(), threading.Event(), []

    def work() -> None:
        going.wait(30)
        ended.append(1)
        raise ValueError

    first, second = threads.start("lane", work), threads.start("lane", work)
    other = threads.start("other", lambda: ended.append(2))
    assert wait_until(lambda: 2 in ended)
    going.set()
    assert wait_until(lambda: threads.start("lane", lambda: ended.append(3)))

    assert (first, second, other) == (True, False, True)
    assert wait_until(lambda: ended == [2, 1, 3])
