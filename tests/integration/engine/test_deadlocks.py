"""Transactions that wait for each other: one gives way, is done again, and nothing is lost.

PostgreSQL alone: on SQLite one writer follows the other. Each scene is brought about for certain:
two savers hold what is theirs and wait at a gate of their own, which a third transaction keeps shut
until both are there; then each wants what the other holds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from engine.clock import FixedClock
from engine.jobs.running import go_on
from engine.jobs.table import Work
from engine.session import TRIES, ListRequest, Session, run
from engine.snapshots import Environments
from engine.store.failures import Busy, Deadlock
from engine.store.platform.enter import MemberCredential
from tests.support.worlds import World, texts_of

PATIENCE = 60  # seconds
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DEAL = """\
object: deal
plural: Deals
sharing: read
fields:
  name: {type: text}
  stage: {type: text}
  partner: {type: text}
  seen: {type: number, default: 0}
"""
GATE = """\
object: gate
plural: Gates
sharing: read
fields: {name: {type: text}, passed: {type: number, default: 0}}
"""
ORDER = """\
object: order
plural: Orders
sharing: read
fields:
  name: {type: text}
  total: {type: roll_up, from: line, via: order, measure: sum, of: amount}
"""
LINE = """\
object: line
plural: Lines
sharing: read
fields:
  name: {type: text}
  order: {type: master_detail, to: order}
  stage: {type: text}
  partner: {type: text}
  amount: {type: number, default: 0}
"""
PASS = "  - {name: gate, update: gate, where: name = $record.name, set: {passed: passed + 1}}\n"
REACH = "  - {name: reach, update: deal, where: name = $record.partner, set: {seen: seen + 1}}\n"
DELETE = "  - {name: reach, delete: deal, where: name = $record.partner}\n"
ADD = "  - {name: add, update: line, where: name = $record.partner, set: {amount: amount + 1}}\n"
WAIT = "  - {name: pause, wait: {for: 1 hour}}\n"


def _flow(steps: str, object: str = "deal") -> str:
    criteria = f"workflow: w\nobject: {object}\nwhen: updated\nif: ISCHANGED(stage)\n"
    return f"{criteria}steps:\n{steps}"


def _texts(flow: str) -> dict[str, str]:
    objects = {"deal": DEAL, "gate": GATE, "order": ORDER, "line": LINE}
    return texts_of(objects, workflows__w=flow)


def _make(world: World, object: str, rows: Mapping[str, Mapping[str, object]]) -> dict[str, int]:
    def work(session: Session) -> dict[str, int]:
        made = {n: session.create(object, {"name": n, **given}) for n, given in rows.items()}
        return {name: int(str(record["id"])) for name, record in made.items()}

    return world.run(work)


def _values(world: World, object: str, field: str) -> list[object]:
    request = ListRequest(object=object, fields=(field,), sort=("id",))
    return [row[field] for row in world.run(lambda s: s.list(request), write=False).records]


def _bad_runs(world: World) -> list[object]:
    sql = "SELECT code, error FROM patron_run WHERE state <> 'done'"
    return world.run(lambda s: [*s.unit.tx.rows(sql)], write=False)


@contextmanager
def _shut(world: World, gates: Mapping[str, int]) -> Iterator[Callable[[], None]]:
    """Keep the gates shut; the function given waits until somebody stands at each of them."""
    database = world.environment.database
    with database.write() as tx:
        row = tx.row("SELECT pg_backend_pid()")
        assert row is not None
        held = ", ".join(map(str, gates.values()))
        table = world.run(lambda s: s.snapshot.physical["gate"].table, write=False)  # type: ignore[index]  # a name
        tx.rows(f'SELECT id FROM "{table}" WHERE id IN ({held}) FOR UPDATE')

        def until_all_wait() -> None:
            sql = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
            limit = time.monotonic() + PATIENCE
            while time.monotonic() < limit:
                with database.read() as looking:
                    found = looking.row(sql, (row[0],))
                if found is not None and found[0] == len(gates):
                    return
                time.sleep(0.02)
            pytest.fail("the savers did not come to their gates")

        yield until_all_wait


def _together(
    world: World, gates: Mapping[str, int], *works: Callable[[], object]
) -> list[BaseException | None]:
    """Let everybody work up to their gate, then go on at once; give what each of them met."""
    with ThreadPoolExecutor(len(works)) as pool:
        with _shut(world, gates) as until_all_wait:
            futures: list[Future[object]] = [pool.submit(work) for work in works]
            until_all_wait()
        return [future.exception(PATIENCE) for future in futures]


@pytest.fixture
def dialect() -> str:
    """Give the kind of database in which two transactions write at once."""
    return "postgresql"


pytestmark = pytest.mark.postgresql


def _saver(world: World, object: str, record: int, *, tries: int = 1) -> Callable[[], object]:
    credential = MemberCredential(world.people["admin"])

    def save(session: Session) -> object:
        return session.update(object, record, {"stage": f"by {threading.get_ident()}"})

    return lambda: run(world.environment, credential, save, write=True, tries=tries)


def _pair(world: World) -> tuple[dict[str, int], dict[str, int]]:
    deals = _make(world, "deal", {"a": {"partner": "b"}, "b": {"partner": "a"}})
    return deals, _make(world, "gate", {"a": {}, "b": {}})


@pytest.mark.parametrize("step", [REACH, DELETE])
def test_one_of_two_that_want_each_others_record_gives_way(
    make_world: Callable[..., World], step: str
) -> None:
    """It is told that the database is busy, has changed nothing, and its run has not failed."""
    world = make_world(_texts(_flow(PASS + step)))
    deals, gates = _pair(world)
    savers = [_saver(world, "deal", one) for one in deals.values()]

    met = _together(world, gates, *savers)

    lost = [error for error in met if error is not None]
    assert [type(error) for error in lost] == [Deadlock]
    assert isinstance(lost[0], Busy)
    assert (lost[0].code, lost[0].status) == ("S102", 503)
    assert _bad_runs(world) == []
    assert sum(map(int, map(str, _values(world, "gate", "passed")))) == 1


def test_a_face_begins_again_by_itself(make_world: Callable[..., World]) -> None:
    """Nobody is told anything, and both have done all of it once."""
    world = make_world(_texts(_flow(PASS + REACH)))
    deals, gates = _pair(world)
    savers = [_saver(world, "deal", one, tries=TRIES) for one in deals.values()]

    met = _together(world, gates, *savers)

    assert met == [None, None]
    assert (_values(world, "deal", "seen"), _values(world, "gate", "passed")) == ([1, 1], [1, 1])
    assert _bad_runs(world) == []


def test_a_bulk_that_meets_another_does_its_rows_again(make_world: Callable[..., World]) -> None:
    """The whole of an atomic one is done again; no row of it is refused, none counts twice."""
    world = make_world(_texts(_flow(PASS + REACH)))
    deals, gates = _pair(world)
    credential = MemberCredential(world.people["admin"])

    def bulk(session: Session) -> list[int]:
        row = {"id": deals["b"], "stage": "bulk"}
        return [one.status for one in session.bulk("deal", "update", [row], atomic=True)]

    def work() -> object:
        return run(world.environment, credential, bulk, write=True, tries=TRIES)

    met = _together(world, gates, _saver(world, "deal", deals["a"], tries=TRIES), work)

    assert met == [None, None]
    assert (_values(world, "deal", "seen"), _bad_runs(world)) == ([1, 1], [])


def test_parents_that_two_saves_want_in_another_order(make_world: Callable[..., World]) -> None:
    """Each holds the sum of its own order and adds to a line of the other's."""
    world = make_world(_texts(_flow(PASS + ADD, "line")))
    orders = _make(world, "order", {"one": {}, "two": {}})
    rows: dict[str, dict[str, object]] = {
        "a": {"order": orders["one"], "partner": "far"},
        "b": {"order": orders["two"], "partner": "near"},
        "near": {"order": orders["one"]},
        "far": {"order": orders["two"]},
    }
    lines = _make(world, "line", rows)
    gates = _make(world, "gate", {"a": {}, "b": {}})
    credential = MemberCredential(world.people["admin"])

    def saver(name: str) -> Callable[[], object]:
        values = {"stage": "go", "amount": 10}
        return lambda: run(
            world.environment,
            credential,
            lambda s: s.update("line", lines[name], values),
            write=True,
            tries=TRIES,
        )

    met = _together(world, gates, saver("a"), saver("b"))

    assert met == [None, None]
    assert _values(world, "order", "total") == [11, 11]
    assert _values(world, "line", "amount") == [10, 10, 1, 1]
    assert _bad_runs(world) == []


class _Here:
    """The one environment of a world, as jobs ask for it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def names(self) -> list[str]:
        """Name it."""
        return [self._world.environment.name]

    def open(self, _name: str) -> object:
        """Give it."""
        return self._world.environment


def test_a_worker_that_meets_a_person_does_its_run_again(
    make_world: Callable[..., World],
) -> None:
    """Whoever gives way: the run is done once, the save is done once, no run has failed."""
    slow = "workflow: v\nobject: deal\nwhen: created\nif: partner = 'b'\nsteps:\n" + WAIT + PASS
    world = make_world(_texts(f"{slow}{REACH}---\n{_flow(PASS + REACH)}"))
    early = FixedClock(NOW)
    rows = {"a": {"partner": "b"}, "b": {"partner": "a"}}
    made = {
        name: world.run(
            lambda s, name=name: s.create("deal", {"name": name, **rows[name]}), clock=early
        )
        for name in rows
    }
    gates = _make(world, "gate", {"a": {}, "b": {}})
    here = cast("Environments", _Here(world))
    work = Work(environments=here, clock=FixedClock(NOW + timedelta(hours=2)), home=Path())

    person = _saver(world, "deal", int(str(made["b"]["id"])), tries=TRIES)
    met = _together(world, gates, lambda: go_on(work), person)
    with suppress(Busy):
        go_on(work)

    assert met == [None, None]
    assert (_values(world, "deal", "seen"), _values(world, "gate", "passed")) == ([1, 1], [1, 1])
    assert _bad_runs(world) == []
