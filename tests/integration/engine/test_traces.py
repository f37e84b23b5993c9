"""Why, and why not: traces of saves, causes of changes, criteria part by part; off it is free."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import FixedClock
from engine.compiled import Switch
from engine.errors import AccessDenied, NotFound, RecordInvalid, RequestInvalid
from engine.saving.explaining.why import traces_of, why
from engine.session import Session, run
from engine.store.database import Tx
from engine.store.platform import traces
from engine.store.platform.enter import MemberCredential
from engine.store.platform.fence import switching
from engine.store.platform.switches import put_switches
from tests.support.worlds import World, texts_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
DEAL = """\
object: deal
label: Deal
sharing: read_write
features: {history: true}
fields:
  name: {type: text, history: true}
  stage: {type: picklist, default: open, history: true, values: {open: {}, won: {}}}
  amount: {type: currency, history: true}
  margin: {type: currency, history: true}
  tier: {type: text, history: true}
  flag: {type: text, history: true}
validation_rules:
  not_negative: {invalid_if: amount < 0 OR margin < 0, message: No.}
"""
BEFORE = """\
workflow: tier
object: deal
when: before_save
if: amount > 100
steps: [{name: t, set: {tier: '"big"'}}]
"""
AFTER = """\
workflow: won
label: Deal won
object: deal
when: saved
if: ISCHANGED(stage) AND (stage = "won" OR margin > 5) AND NOT ISBLANK(name)
steps: [{name: mark, set: {flag: '"yes"'}}]
---
workflow: born
object: deal
when: created
steps: [{name: n, note: '"born"'}]
"""
REP = """\
permission_set: rep
objects: {deal: {create: true, read: true, edit: true, fields: {margin: none}}}
"""
MAKER = REP.replace("rep", "maker") + "permissions: [customize]\n"


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give deals with two workflows, a rep, and somebody who customizes but sees no margins."""
    texts = texts_of(
        {"deal": DEAL},
        workflows__a=BEFORE,
        workflows__b=AFTER,
        access__permission_sets__rep=REP,
        access__permission_sets__maker=MAKER,
    )
    people = {name: {"permission_sets": [name]} for name in ("rep", "maker")}
    return make_world(texts, **people)


def deal(world: World, **values: object) -> int:
    """Create a deal."""
    return int(str(world.run(lambda s: s.create("deal", {"name": "A", **values}))["id"]))


def traced(world: World, work: Callable[[Session], object], who: str = "admin") -> object:
    """Do some work and keep its trace."""
    credential = MemberCredential(world.people[who])
    return run(world.environment, credential, work, write=True, trace="t1")


def entries(world: World, record: int, who: str = "admin") -> dict[str, dict[str, object]]:
    """Give what the newest trace of a record tells, by name: the first look at each."""
    found = world.run(lambda s: traces_of(s.unit, s.compiled("deal"), record), who=who, write=False)
    return {str(entry["name"]): dict(entry) for entry in reversed(found[0].entries)}


def test_a_trace_tells_what_was_looked_at_and_why(world: World) -> None:
    """Workflows before and after, rules, the values that counted, what was set, how long."""
    record = deal(world, amount=10)

    traced(world, lambda s: s.update("deal", record, {"stage": "won", "amount": 500}))

    told = entries(world, record)
    assert {name: one["outcome"] for name, one in told.items()} == {
        "tier": "fired",
        "not_negative": "passed",
        "won": "fired",
        "born": "other_trigger",
    }
    assert told["tier"]["set"] == {"tier": "big"}
    assert told["won"]["steps"] == [
        {"step": "mark", "action": "set", "state": "done", "input": {"flag": "yes"}}
    ]
    part = told["won"]["criteria"]
    assert (part.sign, part.held, len(part.parts)) == ("AND", True, 3)
    either = part.parts[1]
    assert [(one.text, one.held, one.values) for one in either.parts] == [
        ('stage = "won"', True, {"stage": "won"}),
        ("margin > 5", False, {"margin": None}),
    ]
    assert told["won"]["microseconds"] >= 0


def test_a_refused_save_leaves_its_trace(world: World) -> None:
    """What refused it is kept although the save is undone."""
    record = deal(world, amount=10)

    with pytest.raises(RecordInvalid):
        traced(world, lambda s: s.update("deal", record, {"amount": -1}))

    (row,) = world.run(lambda s: traces.of_request(s.unit.tx, "t1"), write=False)
    assert (row.outcome, row.record, row.actor) == ("R100", record, world.people["admin"])
    assert entries(world, record)["not_negative"]["outcome"] == "failed"


def test_values_that_may_not_be_read_are_absent(world: World) -> None:
    """Somebody who customizes but sees no margins is told neither the value nor what it decided."""
    record = deal(world, amount=10, margin=7)
    traced(world, lambda s: s.update("deal", record, {"stage": "won"}))

    part = entries(world, record, "maker")["won"]["criteria"]

    either = part.parts[1]
    assert (part.held, either.held) == (None, None)
    assert (either.parts[1].values, either.parts[1].held) == ({}, None)
    assert either.parts[0].values == {"stage": "won"}


def test_only_who_may_customize_can_ask(world: World) -> None:
    """A rep can neither leave a trace nor read one; hidden and absent records are not found."""
    record = deal(world)

    with pytest.raises(AccessDenied):
        traced(world, lambda s: s.create("deal", {"name": "x"}), who="rep")
    with pytest.raises(AccessDenied):
        entries(world, record, "rep")
    with pytest.raises(AccessDenied):
        world.run(lambda s: why(s.unit, s.compiled("deal"), record, "workflow:won"), who="rep")
    with pytest.raises(NotFound):
        world.run(lambda s: why(s.unit, s.compiled("deal"), 99999, "workflow:won"))


def test_a_switch_traces_a_person_or_a_record_until_its_end(world: World) -> None:
    """It counts from the next save on, in every process, and ends by itself."""
    record, other = deal(world), deal(world)
    rep = world.people["rep"]

    def switch(tx: Tx) -> None:
        until = NOW + timedelta(hours=1)
        switches = [Switch(until=until, user=rep), Switch(until=until, record=record)]
        put_switches(tx, switches)

    switching(world.environment.database, switch)

    def save(number: int, who: str, hours: float) -> int:
        clock = FixedClock(NOW + timedelta(hours=hours))
        world.run(lambda s: s.update("deal", number, {"name": f"{hours}"}), who=who, clock=clock)
        return len(world.run(lambda s: traces.of_record(s.unit.tx, number), write=False))

    assert save(other, "admin", 0.1) == 0
    assert save(record, "admin", 0.2) == 1
    assert save(other, "rep", 0.3) == 1
    assert save(other, "rep", 2) == 1
    assert save(record, "admin", 3) == 1


def test_off_it_costs_neither_a_statement_nor_a_call(world: World) -> None:
    """Functions of the trace are not called, and a save makes as many statements as ever."""
    record = deal(world)
    called: list[str] = []

    def notice(frame: object, event: str, _: object) -> None:
        name = frame.f_code.co_filename  # type: ignore[attr-defined]  # a frame
        if event == "call" and name.endswith(("tracing.py", "criteria.py", "traces.py")):
            called.append(frame.f_code.co_name)  # type: ignore[attr-defined]

    def work(session: Session) -> object:
        sys.setprofile(notice)
        try:
            return session.update("deal", record, {"stage": "won"})
        finally:
            sys.setprofile(None)

    plain = world.statements(lambda s: s.update("deal", record, {"name": "B"}))
    world.run(work)

    assert called == []
    credential = MemberCredential(world.people["admin"])
    counted = run(
        world.environment,
        credential,
        lambda s: (s.update("deal", record, {"name": "C"}), s.unit.tx.statements)[1],
        write=True,
        trace="t2",
    )
    assert counted == plain  # kept in a transaction of its own


def test_the_history_names_what_caused_a_change(world: World) -> None:
    """Fields that a workflow set before the save, and whole changes that one made after it."""
    record = deal(world, amount=10)
    world.run(lambda s: s.update("deal", record, {"stage": "won", "amount": 500}))

    def read(session: Session) -> list[tuple[str, dict[str, str]]]:
        seen = session.look("deal", record, ("name",))
        assert seen is not None
        return [(one.event, dict(one.causes)) for one in session.history(seen)]

    found = [one for one in world.run(read, write=False) if one[0] == "updated"]
    assert found == [("updated", {"": "workflow:won"}), ("updated", {"tier": "workflow:tier"})]


def test_why_not_looks_at_the_last_save(world: World) -> None:
    """What it changed counts as changed; each part says whether it held, and upon what."""
    record = deal(world, amount=10)

    def ask(component: str) -> tuple[str, str, tuple[str, ...]]:
        told = world.run(lambda s: why(s.unit, s.compiled("deal"), record, component))
        return told.outcome, told.event, told.waits_for

    assert ask("workflow:won") == ("unchanged", "created", ("stage",))
    assert ask("workflow:born") == ("fired", "created", ())
    assert ask("validation_rule:deal.not_negative") == ("passed", "created", ())
    world.run(lambda s: s.update("deal", record, {"name": None, "stage": "won"}))
    told = world.run(lambda s: why(s.unit, s.compiled("deal"), record, "workflow:won"))
    assert (told.outcome, told.label) == ("not_held", "Deal won")
    assert told.criteria is not None
    assert [part.held for part in told.criteria.parts] == [True, True, False]
    assert told.criteria.parts[2].parts[0].values == {"name": None}
    with pytest.raises(RequestInvalid) as wrong:
        ask("workflow:wom")
    assert (wrong.value.code, wrong.value.hint) == ("W192", 'did you mean "workflow:won"?')


MORE = """\
object: case
label: Case
sharing: read_write
features: {history: true}
fields:
  name: {type: text}
  level: {type: number}
  stage: {type: picklist, default: open, values: {open: {}, wait: {}, done: {closed: true}}}
"""
FILES_MORE = texts_of(
    {"case": MORE},
    access__roles="roles: {desk: {}, empty: {}}\n",
    approvals__a=(
        "approval: big\nobject: case\nenter_if: level > 10\nsubmit: {automatic: true}\n"
        "steps: [{name: s, approvers: {user: admin@example.test}}]\n---\n"
        "approval: asked\nobject: case\nenter_if: level > 1\n"
        "steps: [{name: s, approvers: {user: admin@example.test}}]\n"
    ),
    assignment__case=(
        "assignment: case\nobject: case\nentries:\n"
        "  - {if: level > 100, to: {role: desk}, by: round_robin}\n"
        "  - {to: {role: empty}, by: round_robin}\n"
        "  - {if: level > 2, to: {role: desk}, by: round_robin}\n"
    ),
    sla__case=(
        "sla: reply\nobject: case\nstart_if: stage = 'open' AND level > 0\n"
        "stop_if: stage = 'done'\npause_if: stage = 'wait'\nwithin: 4 hours\n"
    ).replace("'", '"'),
    workflows__w=(
        "workflow: give\nobject: case\nwhen: saved\nif: ISCHANGED(level) OR ISNEW()\n"
        "steps: [{name: who, assign: case}]\n"
    ),
)


@pytest.fixture
def desk(make_world: Callable[..., World]) -> World:
    """Give cases with approvals, an assignment and a deadline, and somebody at the desk."""
    return make_world(FILES_MORE, dora={"role": "desk"})


def told_of(world: World, record: int) -> dict[str, str]:
    """Give what the newest trace of a case tells, by name: the last look at each."""
    found = world.run(lambda s: traces_of(s.unit, s.compiled("case"), record), write=False)
    return {str(entry["name"]): str(entry["outcome"]) for entry in found[0].entries}


def test_a_trace_tells_of_approvals_assignments_and_clocks(desk: World) -> None:
    """Why an approval was not entered, why nobody was chosen, why a clock stands still."""
    made = int(str(desk.run(lambda s: s.create("case", {"name": "A"}))["id"]))

    traced(desk, lambda s: s.update("case", made, {"level": 2}))
    small = told_of(desk, made)
    traced(desk, lambda s: s.update("case", made, {"level": 5, "stage": "wait"}))
    waiting = told_of(desk, made)
    traced(desk, lambda s: s.update("case", made, {"stage": "open"}))
    back = told_of(desk, made)
    traced(desk, lambda s: s.update("case", made, {"level": 20, "stage": "done"}))
    big = told_of(desk, made)

    assert small["case.1"] == small["case.3"] == small["big"] == "not_held"
    assert (small["case.2"], small["asked"], small["reply"]) == (
        "nobody",
        "other_trigger",
        "started",
    )
    assert (waiting["case.3"], waiting["reply"]) == ("chosen", "paused")
    assert (back["reply"], back["big"]) == ("resumed", "unchanged")
    assert (big["big"], big["reply"]) == ("entered", "stopped")


def test_a_trace_shows_upon_what_a_clock_stood_still(desk: World) -> None:
    """The condition that decided, with the value that it read."""
    made = int(str(desk.run(lambda s: s.create("case", {"name": "A", "level": 1}))["id"]))

    traced(desk, lambda s: s.update("case", made, {"stage": "wait"}))

    found = desk.run(lambda s: traces_of(s.unit, s.compiled("case"), made), write=False)
    (clock,) = [entry for entry in found[0].entries if entry["kind"] == "sla"]
    assert (clock["criteria"].text, clock["criteria"].held) == ('stage = "wait"', True)  # type: ignore[attr-defined]  # a part
    assert clock["criteria"].values == {"stage": "wait"}  # type: ignore[attr-defined]  # the same
