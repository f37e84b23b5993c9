"""Why not, of approvals, deadlines and assignments: without a trace, under the asker's rights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import FixedClock
from engine.saving.explaining.answers import Point, Why
from engine.session import Session
from tests.support.worlds import World, texts_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CASE = """\
object: case
label: Case
sharing: read_write
fields:
  name: {type: text}
  level: {type: number}
  secret: {type: number}
  boss: {type: lookup, to: user}
  chief: {type: lookup, to: user}
  stage: {type: picklist, default: open, values: {open: {}, wait: {}, done: {closed: true}}}
"""
APPROVALS = """\
approval: big
label: Big ones
object: case
enter_if: level > 10
submit: {automatic: true}
steps:
  - {name: first, approvers: [boss, {role: desk}]}
  - {name: second, if: level > 100, approvers: chief}
---
approval: asked
object: case
enter_if: level > 1
steps: [{name: only, approvers: owner.manager}]
---
approval: hidden
object: case
enter_if: secret > 5
submit: {automatic: true}
steps: [{name: only, if: secret > 50, approvers: {role: desk}}]
"""
ASSIGNMENT = """\
assignment: case
object: case
entries:
  - {if: secret > 100, to: {role: desk}, by: round_robin}
  - {if: level > 100, to: {role: empty}, by: round_robin}
  - {if: level > 2, to: {role: desk}, by: round_robin}
  - {to: boss}
---
assignment: plain
object: case
entries:
  - {if: level > 2, to: {role: desk}, by: round_robin}
  - {to: boss}
"""
SLA = """\
sla: reply
object: case
start_if: level > 0
stop_if: stage = "done"
pause_if: stage = "wait"
within: 4 hours
"""
GIVE = """\
workflow: give
object: case
when: created
if: level = 7
steps: [{name: who, assign: plain}]
"""
MAKER = """\
permission_set: maker
objects: {case: {create: true, read: true, edit: true, fields: {secret: none, chief: none}}}
permissions: [customize]
"""


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give cases with three approvals, two assignments and a deadline, and people of a desk."""
    texts = texts_of(
        {"case": CASE},
        access__roles="roles: {desk: {}, empty: {}}\n",
        access__permission_sets__maker=MAKER,
        approvals__a=APPROVALS,
        assignment__a=ASSIGNMENT,
        sla__a=SLA,
        workflows__a=GIVE,
    )
    return make_world(
        texts,
        dora={"role": "desk", "permission_sets": ["maker"]},
        dan={"role": "desk", "permission_sets": ["maker"]},
        maker={"permission_sets": ["maker"]},
    )


def case(world: World, who: str = "admin", **values: object) -> int:
    """Create a case."""
    clock = FixedClock(NOW)
    made = world.run(lambda s: s.create("case", {"name": "A", **values}), who=who, clock=clock)
    return int(str(made["id"]))


def save(world: World, record: int, hours: int = 1, **values: object) -> None:
    """Change a case some hours later."""
    clock = FixedClock(NOW + timedelta(hours=hours))
    world.run(lambda s: s.update("case", record, values), clock=clock)


def ask(world: World, record: int, component: str, who: str = "admin") -> Why:
    """Ask why."""

    def work(session: Session) -> Why:
        return session.tracing.why("case", record, component)

    return world.run(work, who=who, write=False, clock=FixedClock(NOW + timedelta(hours=2)))


def said(point: Point) -> list[tuple[str, str]]:
    """Give what is told of the people of a point."""
    return [(one.name or one.by, one.outcome) for one in point.people]


def switch_off(world: World, name: str) -> None:
    """Let somebody not enter any more."""
    sql = "UPDATE patron_member SET active = {} WHERE user_id = {}"
    off = "FALSE" if world.environment.database.dialect == "postgresql" else "0"
    with world.environment.database.write() as tx:
        tx.run(sql.format(off, world.people[name]))


def test_an_approval_says_why_it_was_not_submitted(world: World) -> None:
    """Its criteria do not hold, it is submitted by hand, or nothing it looks at has changed."""
    small, large = case(world, level=2), case(world, level=9)
    save(world, large, name="B")

    low = ask(world, small, "approval:big")

    assert (low.label, low.outcome, low.state) == ("Big ones", "not_held", "")
    assert low.criteria is not None
    assert low.criteria.values == {"level": 2}
    assert ask(world, small, "approval:asked").outcome == "by_hand"
    assert ask(world, large, "approval:big").outcome == "not_held"


def test_an_approval_that_was_decided_tells_so(world: World) -> None:
    """It was entered and recalled; a save that changes nothing it looks at submits it not again."""
    record = case(world, level=11)
    compiled = lambda s: s.compiled("case")  # noqa: E731  # named twice below
    world.run(lambda s: s.approvals.recall(compiled(s), record, "big"), clock=FixedClock(NOW))

    entered = ask(world, record, "approval:big")
    save(world, record, name="B")
    unchanged = ask(world, record, "approval:big")

    assert (entered.outcome, entered.state, entered.since) == ("entered", "recalled", NOW)
    assert (unchanged.outcome, unchanged.state) == ("unchanged", "recalled")


def test_a_request_says_whom_it_asks_and_whom_not(world: World) -> None:
    """Who submitted it is not asked, nor who left; who came later is asked with a reminder."""
    switch_off(world, "dan")
    record = case(world, "dora", level=11, boss=world.people["admin"])
    sql = "UPDATE patron_user SET role = 'desk' WHERE id = ?"
    mark = "%s" if world.environment.database.dialect == "postgresql" else "?"
    with world.environment.database.write() as tx:
        tx.run(sql.replace("?", mark), (world.people["maker"],))

    told = ask(world, record, "approval:big")

    first, second = told.points
    assert (told.outcome, told.state, first.outcome, second.outcome) == (
        "waits",
        "pending",
        "waits",
        "not_held",
    )
    assert said(first) == [
        ("Admin", "asked"),
        ("Dora", "author"),
        ("Dan", "inactive"),
        ("Maker", "later"),
    ]
    assert said(second) == [("chief", "blank")]


def test_administrators_stand_in_where_a_step_finds_nobody(world: World) -> None:
    """The answer says that nobody named them, and that the path is blank."""
    record = case(world, "dora", level=3)
    world.run(
        lambda s: s.approvals.submit(s.compiled("case"), record, "asked"),
        who="dora",
        clock=FixedClock(NOW),
    )

    (only,) = ask(world, record, "approval:asked").points

    assert said(only) == [("owner.manager", "blank"), ("Admin", "instead")]


def test_a_deadline_says_why_no_clock_runs(world: World) -> None:
    """Its start does not hold, what stops it holds, or its start held before it was declared."""
    none, over = case(world), case(world, level=1, stage="done")

    told = ask(world, none, "sla:reply")

    assert (told.outcome, told.state) == ("not_held", "")
    assert [(one.name, one.outcome) for one in told.points] == [
        ("start_if", "not_held"),
        ("pause_if", "not_held"),
        ("stop_if", "not_held"),
    ]
    assert told.points[0].criteria is not None
    assert told.points[0].criteria.values == {"level": None}
    assert ask(world, over, "sla:reply").outcome == "over"


def test_a_deadline_tells_of_its_clock(world: World) -> None:
    """It runs until, stands still, was stopped; one that was never begun says so."""
    record = case(world, level=1)
    runs = ask(world, record, "sla:reply")
    save(world, record, stage="wait")
    stands = ask(world, record, "sla:reply")
    save(world, record, stage="done")
    stopped = ask(world, record, "sla:reply")
    with world.environment.database.write() as tx:
        tx.run("DELETE FROM patron_clock")
    save(world, record, stage="open")

    unchanged = ask(world, record, "sla:reply")

    assert (runs.outcome, runs.state, runs.since) == ("runs", "running", NOW)
    assert runs.due_at == NOW + timedelta(hours=4)
    assert (stands.outcome, stands.state, stands.due_at) == ("paused", "paused", None)
    assert stands.points[1].outcome == "holds"
    assert (stopped.outcome, stopped.state) == ("stopped", "met")
    assert unchanged.outcome in {"runs", "unchanged"}


def test_an_assignment_says_which_entry_counts_and_who_can_take_it(world: World) -> None:
    """Nobody, a group with whose turn it was, and the entries behind it; what a run chose."""
    record = case(world, level=7, boss=world.people["admin"])
    owner = world.run(lambda s: s.get("case", record), write=False)["owner"]

    told = ask(world, record, "assignment:plain")
    high = ask(world, case(world, level=101, secret=1), "assignment:case")

    first, second = told.points
    assert (told.outcome, first.outcome, second.outcome) == ("chosen", "chosen", "after")
    assert (told.state, told.since) == ("chose", NOW)
    assert owner == world.people["dora"]
    assert said(first) == [("Dora", "owns"), ("Dan", "takes")]
    assert [one.outcome for one in high.points] == ["not_held", "nobody", "chosen", "after"]
    assert said(high.points[2]) == [("Dora", "last"), ("Dan", "takes")]


def test_an_assignment_passes_over_who_left_or_is_away(world: World) -> None:
    """Both are named with their reason; where nobody is left, nobody takes it."""
    switch_off(world, "dan")
    world.run(lambda s: s.approvals.go_away(world.people["admin"], None, None), who="dora")
    record = case(world, level=7)

    told = ask(world, record, "assignment:plain")

    assert told.outcome == "nobody"
    assert [one.outcome for one in told.points] == ["nobody", "nobody"]
    assert said(told.points[0]) == [("Dora", "away"), ("Dan", "inactive")]


def test_nothing_is_told_that_follows_from_hidden_fields(world: World) -> None:
    """Neither a value, nor whether it held, nor what follows, nor whom a hidden lookup names."""
    record = case(world, secret=60, level=101, chief=world.people["dan"])
    plain = case(world, secret=1, level=1)

    for number, stands in ((record, "waits"), (plain, "unknown")):  # the card of a request shows
        told = ask(world, number, "approval:hidden", "maker")
        assert told.criteria is not None
        assert (told.criteria.values, told.criteria.held) == ({}, None)
        assert [one.outcome for one in told.points] == [stands]
        chosen = ask(world, number, "assignment:case", "maker")
        assert [one.outcome for one in chosen.points] == ["unknown"] * 4
        assert chosen.points[0].people == ()
        assert chosen.outcome == "unknown"
    assert ask(world, plain, "approval:hidden", "maker").outcome == "unknown"
    second = ask(world, record, "approval:big", "maker").points[1]
    assert said(second) == [("chief", "unknown")]
    assert said(ask(world, record, "approval:big").points[1]) == [("Dan", "would_be_asked")]
