"""The memo keeps what is used and stays within its size."""

from __future__ import annotations

import threading

import pytest

from engine.store.memo import Memo


def test_a_value_is_made_once():
    """The second call gives the very object of the first."""
    memo: Memo[str, list[int]] = Memo(2)

    first = memo.get_or_make("a", lambda: [1])
    second = memo.get_or_make("a", lambda: [2])

    assert first is second


def test_the_least_recently_used_leaves():
    """A full memo drops what nobody asked for longest, never what was just used."""
    memo: Memo[str, int] = Memo(2)
    memo.get_or_make("a", lambda: 1)
    memo.get_or_make("b", lambda: 2)
    memo.get_or_make("a", lambda: 0)

    memo.get_or_make("c", lambda: 3)

    assert len(memo) == 2
    assert memo.get_or_make("a", lambda: 0) == 1
    assert memo.get_or_make("b", lambda: 9) == 9


def test_nothing_is_kept_of_a_failure():
    """An error is not a value: the next call tries again."""
    memo: Memo[str, int] = Memo(2)

    def fail() -> int:
        raise LookupError

    with pytest.raises(LookupError):
        memo.get_or_make("a", fail)

    assert memo.get_or_make("a", lambda: 1) == 1


def test_threads_share_one_value():
    """Threads that make the same value at once all get the same one."""
    memo: Memo[str, object] = Memo(4)
    barrier = threading.Barrier(4)
    found: list[object] = []

    def make() -> object:
        barrier.wait()
        return object()

    def ask() -> None:
        found.append(memo.get_or_make("a", make))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(map(id, found))) == 1
