"""Clocks of deadlines: started, paused, stopped by saves; a miss is noticed exactly once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import FixedClock
from engine.compiled import CompiledObject
from engine.errors import NotFound
from engine.names import ObjectName
from engine.saving.deadlines.timing import Timing, breach_one, clocks_of
from engine.session import Session
from engine.store.platform import clocks
from tests.support.worlds import World, publish_texts, texts_of

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)  # nine in Paris
HOUR = timedelta(hours=1)
CASE = """\
object: case
label: Case
sharing: private
fields:
  name: {type: text}
  status: {type: picklist, default: new, values: {new: {}, waiting: {}, done: {closed: true}}}
  tries: {type: number, default: 0}
  note: {type: text}
  is_urgent: {type: formula, returns: checkbox, formula: tries > 5}
"""
SLA = """\
sla: answer
label: Answer
object: case
start_if: NOT status.closed
stop_if: status.closed
pause_if: status = "waiting"
within: 4 hours
hours: office
on_breach: [{name: count, set: {tries: tries + 1}}]
"""
HOURS = """\
hours:
  office: {days: {mon-fri: ["09:00-12:00", "13:00-17:00"]}, time_zone: Europe/Paris}
  early: {days: {mon-fri: ["06:00-10:00"]}, time_zone: Europe/Paris}
"""
REP = "permission_set: rep\nobjects: {case: {create: true, read: true, edit: true}}\n"


def files(sla: str = SLA, **others: str) -> dict[str, str]:
    """Give a configuration of cases with a deadline."""
    more = {"sla__case": sla, "hours": HOURS, "access__permission_sets__rep": REP, **others}
    return texts_of({"case": CASE}, **{key: text for key, text in more.items() if text})


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give an environment with an agent."""
    return make_world(files(), agent={"permission_sets": ["rep"]})


def at(hours: float) -> FixedClock:
    """Give a clock so many hours after Monday at nine."""
    return FixedClock(MONDAY + hours * HOUR)


def case(world: World, hours: float = 0, **values: object) -> int:
    """Create a case at a time."""
    made = world.run(lambda s: s.create("case", values), clock=at(hours))
    return int(made["id"])  # type: ignore[call-overload]  # an integer


def save(world: World, record: int, hours: float, **values: object) -> None:
    """Change a case at a time."""
    world.run(lambda s: s.update("case", record, values), clock=at(hours))


def seen(world: World, record: int, hours: float = 0, who: str = "admin") -> list[Timing]:
    """Give the clocks of a case at a time, the newest first."""

    def work(session: Session) -> list[Timing]:
        return clocks_of(session.unit, _case(session), record)

    return world.run(work, clock=at(hours), who=who, write=False)


def notice(world: World, hours: float) -> int:
    """Look for misses as the worker does; give how many there were."""

    def work(session: Session) -> int:
        unit = session.unit
        found = clocks.due(unit.tx, at=unit.now)
        return sum(breach_one(unit, *one) for one in found)

    return world.run(work, clock=at(hours))


def tries(world: World, record: int) -> int:
    """Give how often the steps of a miss ran."""
    return int(world.run(lambda s: s.get("case", record)["tries"], write=False))  # type: ignore[call-overload, arg-type]  # a number


def _case(session: Session) -> CompiledObject:
    return session.snapshot.model.objects[ObjectName("case")]


def test_a_clock_counts_working_time_only(world: World) -> None:
    """Four hours from nine on, with an hour's lunch: due at two; at night nothing passes."""
    record = case(world)

    (early,) = seen(world, record, 2)
    (evening,) = seen(world, record, 12)

    assert early.due_at == MONDAY + 5 * HOUR
    assert (early.state, early.remaining, early.used) == ("running", 2 * 3600, 2 * 3600)
    assert (early.label, early.hours, early.within) == ("Answer", "office", 4 * 3600)
    assert (evening.remaining, evening.is_late) == (-3 * 3600, True)


def test_a_pause_moves_the_deadline(world: World) -> None:
    """While it stands still nothing is due; afterwards it has what was left."""
    record = case(world)

    save(world, record, 1, status="waiting")
    (waiting,) = seen(world, record, 30)
    assert (waiting.state, waiting.due_at, waiting.remaining) == ("paused", None, 3 * 3600)
    assert notice(world, 200) == 0

    save(world, record, 24, status="new")
    (again,) = seen(world, record, 24)
    assert (again.state, again.due_at) == ("running", MONDAY + 27 * HOUR)


def test_it_stops_for_good_and_a_new_one_begins(world: World) -> None:
    """A case that is closed in time has met its deadline; opened again it has a new one."""
    record = case(world)

    save(world, record, 1, status="done")
    save(world, record, 2, status="new")
    save(world, record, 8, status="done")
    newer, older = seen(world, record, 9)

    assert (older.state, older.used, older.remaining) == ("met", 3600, None)
    assert (newer.state, newer.is_late) == ("missed", True)
    assert newer.breached_at == MONDAY + 7 * HOUR  # 11, 12 | 13, 14, 15, 16 in Paris
    assert tries(world, record) == 1


def test_a_miss_is_noticed_once(world: World) -> None:
    """After days without a worker it happens once, also with two of them; the clock goes on."""
    record = case(world)
    assert notice(world, 4.9) == 0
    found: list[int] = []

    def work() -> None:
        found.append(notice(world, 100))

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert sorted(found) == [0, 0, 1]
    assert (notice(world, 101), tries(world, record)) == (0, 1)
    (late,) = seen(world, record, 101)
    assert (late.state, late.is_late, late.breached_at) == ("running", True, MONDAY + 5 * HOUR)
    run = world.run(lambda s: s.unit.tx.row("SELECT component, state FROM patron_run"))
    assert run == ("sla:answer", "done")


def test_what_follows_may_stop_the_clock(make_world: Callable[..., World]) -> None:
    """The steps of a miss save the record: its clock is not missed a second time."""
    closing = SLA.replace("set: {tries: tries + 1}", "set: {tries: tries + 1, status: done}")
    world = make_world(files(closing))
    record, other = case(world), case(world)

    assert notice(world, 6) == 2
    save(world, other, 7, note="x")

    (clock,) = seen(world, record, 7)
    assert (clock.state, clock.is_late, tries(world, record)) == ("missed", True, 1)
    assert tries(world, other) == 1


def test_saves_that_turn_nothing_make_no_statement(make_world: Callable[..., World]) -> None:
    """A save of an object with deadlines costs what it costs without any."""
    without, with_one = make_world(files(sla="")), None
    record = case(without)
    save(without, record, 1, note="warm")
    plain = without.statements(lambda s: s.update("case", record, {"note": "a"}), clock=at(1))

    publish_texts(without, files())
    with_one = without
    save(with_one, record, 1, note="warmer")

    assert (
        with_one.statements(lambda s: s.update("case", record, {"note": "b"}), clock=at(1)) == plain
    )


def test_many_records_cost_as_many_statements_as_one(world: World) -> None:
    """Clocks are started, paused and stopped for a whole bulk at once."""

    def create(count: int) -> int:
        rows = [{"name": str(number)} for number in range(count)]
        return world.statements(lambda s: s.bulk("case", "create", rows, atomic=True))

    create(1)  # the first of a process looks for older revisions
    assert create(1) == create(40)
    ids = [row[0] for row in world.run(lambda s: s.unit.tx.rows("SELECT record FROM patron_clock"))]

    def pause(some: list[int]) -> int:
        rows = [{"id": number, "status": "waiting"} for number in some]
        return world.statements(lambda s: s.bulk("case", "update", rows, atomic=True))

    pause(ids[:1])
    assert pause(ids[1:3]) == pause(ids[3:40])
    assert [seen(world, number)[0].state for number in (ids[0], ids[39])] == ["paused"] * 2


def test_a_running_clock_keeps_the_revision_it_began_with(world: World) -> None:
    """A new deadline is for new clocks; conditions, length, hours and steps of the old one stay."""
    old, idle = case(world), case(world)
    changed = SLA.replace("4 hours", "1 hour").replace('pause_if: status = "waiting"\n', "")
    changed = changed.replace("tries + 1", "tries + 100")
    publish_texts(world, files(changed, hours=HOURS.replace("09:00-12:00", "10:00-12:00")))
    new = case(world)

    save(world, old, 1, status="waiting")
    save(world, new, 1, status="waiting")
    (before,), (after,) = seen(world, old, 1), seen(world, new, 1)

    assert (before.state, before.within, before.used) == ("paused", 4 * 3600, 3600)
    assert (after.state, after.within, after.due_at) == ("running", 3600, MONDAY + 2 * HOUR)
    assert notice(world, 30) == 2
    assert (tries(world, idle), tries(world, new), tries(world, old)) == (1, 100, 0)


def test_a_deadline_that_is_removed_ends_its_clocks(world: World) -> None:
    """Nobody is told of a deadline that the configuration does not have any more."""
    record = case(world)
    publish_texts(world, files(sla=""))

    assert seen(world, record, 1) == []
    assert (notice(world, 50), notice(world, 50), tries(world, record)) == (1, 0, 0)


def test_one_whose_fields_are_gone_goes_on_as_declared_now(world: World) -> None:
    """What no longer compiles cannot be followed: the present conditions take over."""
    record = case(world)
    other = CASE.replace("waiting: {}", "held: {}")
    now = files(SLA.replace('"waiting"', '"held"').replace("4 hours", "2 hours"))
    publish_texts(world, {**now, "objects/case.yaml": other})

    save(world, record, 1, status="held")

    (clock,) = seen(world, record, 1)
    assert (clock.state, clock.used) == ("paused", 3600)


def test_clocks_stand_still_in_the_bin(world: World) -> None:
    """A deleted record misses nothing; taken back, its clock has what was left."""
    record = case(world)
    world.run(lambda s: s.delete("case", record), clock=at(1))
    assert notice(world, 90) == 0
    with pytest.raises(NotFound):
        seen(world, record)

    world.run(lambda s: s.restore("case", record), clock=at(24))

    (clock,) = seen(world, record, 24)
    assert (clock.state, clock.due_at) == ("running", MONDAY + 27 * HOUR)


def test_a_save_that_is_undone_leaves_no_clock(world: World) -> None:
    """A clock belongs to the transaction of its record."""

    def failing(session: Session) -> None:
        session.create("case", {"name": "A"})
        raise NotFound

    with pytest.raises(NotFound):
        world.run(failing)

    assert world.run(lambda s: s.unit.tx.row("SELECT count(*) FROM patron_clock")) == (0,)


def test_who_does_not_see_the_record_sees_no_clock(world: World) -> None:
    """The clocks of somebody else's record are not there."""
    hidden = case(world)
    own = world.run(lambda s: s.create("case", {"name": "A"})["id"], who="agent")

    assert len(seen(world, int(str(own)), who="agent")) == 1
    with pytest.raises(NotFound):
        seen(world, hidden, who="agent")


def test_formulas_may_start_a_clock(make_world: Callable[..., World]) -> None:
    """A condition over a formula compares what it gave before with what it gives now."""
    urgent = SLA.replace("NOT status.closed", "is_urgent").replace("on_breach", "x-on_breach")
    urgent = "".join(line for line in urgent.splitlines(keepends=True) if "x-" not in line)
    world = make_world(files(urgent))
    record = case(world, tries=5)

    assert seen(world, record) == []
    save(world, record, 1, tries=6)
    assert [one.state for one in seen(world, record, 1)] == ["running"]
    assert notice(world, 30) == 1  # no steps follow, and it is late all the same
    assert seen(world, record, 30)[0].is_late
