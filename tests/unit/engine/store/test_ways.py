"""The way to somebody's rows is kept for a minute, and for so many callers."""

from __future__ import annotations

from engine.store.ways import SECONDS, Way, Ways


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def test_a_way_is_known_for_a_minute():
    """Then it is found out anew."""
    watch = Watch()
    ways = Ways(10, watch)
    assert ways.known("sofia") is None

    ways.note("sofia", Way.MANY)
    watch.now += SECONDS - 1
    assert ways.known("sofia") is Way.MANY
    assert ways.known("luis") is None
    watch.now += 1
    assert ways.known("sofia") is None


def test_what_was_found_last_counts():
    """Whoever sees less by now is not kept on the way of before."""
    ways = Ways(10, Watch())
    ways.note("sofia", Way.MANY)
    ways.note("sofia", Way.FEW)

    assert ways.known("sofia") is Way.FEW


def test_those_found_out_longest_ago_leave_first():
    """A caller who was found out again counts as new."""
    ways = Ways(2, Watch())
    for caller in ("sofia", "luis", "sofia", "ines"):
        ways.note(caller, Way.SOME)

    assert [ways.known(caller) for caller in ("luis", "sofia", "ines")] == [
        None,
        Way.SOME,
        Way.SOME,
    ]
