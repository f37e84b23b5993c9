"""Calls of a request do not grow with the configuration.

Python and C calls are counted, not seconds: a number that is the same on every machine. Counted at
10, 100 and 1000 objects; the object worked on has the same shape at each size.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType

import pytest

from engine.session import ListRequest, Session
from engine.store.database import Database
from tests.support.synthetic import configuration, object_name
from tests.support.worlds import World, build_world

pytestmark = pytest.mark.slow

DRIVER = "psycopg"
SIZES = (10, 100, 1000)
THING = object_name(3)  # its parent is 1, its children are 7 and 8: there at every size
VALUES = {
    "name": "Thing",
    "stage": "open",
    "amount": "10.50",
    "quantity": 3,
    "field_003": "2026-01-31",
}
OPEN = ListRequest(object=THING, where='stage = "open"', sort=("-amount",), limit=50)


def count_calls(work: Callable[[], object]) -> int:
    """Count the calls of one run, Python's and C's.

    Left out: the garbage collector, and what the driver does inside, since it looks again and again
    while the database has not answered.
    """
    calls = 0

    def on_event(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        if event in {"call", "c_call"} and DRIVER not in frame.f_code.co_filename:
            calls += 1

    gc.disable()
    sys.setprofile(on_event)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


def least_calls(work: Callable[[], object]) -> int:
    """Count the calls of a warm run: the least of several, as ids come in blocks."""
    for _ in range(3):
        work()
    return min(count_calls(work) for _ in range(10))


def save_and_list(world: World) -> dict[str, int]:
    """Count a create, an update, a read and a list in one world."""
    parent = int(world.run(lambda s: s.create(object_name(1), {"name": "Parent"}))["id"])
    values = {**VALUES, "parent": parent}
    ids = [int(world.run(lambda s: s.create(THING, values))["id"]) for _ in range(60)]
    turn = iter(range(1000))

    def update(session: Session) -> object:
        return session.update(THING, ids[0], {"amount": str(next(turn))})

    return {
        "create": least_calls(lambda: world.run(lambda s: s.create(THING, values))),
        "update": least_calls(lambda: world.run(update)),
        "read": least_calls(lambda: world.run(lambda s: s.get(THING, ids[0]), write=False)),
        "list": least_calls(lambda: world.run(lambda s: s.list(OPEN), write=False)),
    }


@pytest.mark.parametrize("sizes", [SIZES], ids=["10, 100, 1000 objects"])
def test_calls_are_equal_at_any_size(
    make_database: Callable[[], Database],
    dialect: str,
    sizes: tuple[int, ...],
    figure: Callable[[str, str, str], None],
) -> None:
    """One request costs the same calls whatever the number of objects in the configuration."""
    # What is lowered for an object is kept for every equal one: another world fills those memos.
    save_and_list(build_world(make_database(), configuration(sizes[0] + 2), {}))

    counted = {
        size: save_and_list(build_world(make_database(), configuration(size), {})) for size in sizes
    }

    for operation, calls in counted[sizes[0]].items():
        found = [counted[size][operation] for size in sizes]
        figure(f"{operation} on {dialect}, at 10, 100, 1000 objects", f"{found} calls", "equal")
        assert found == [calls] * len(sizes), operation
