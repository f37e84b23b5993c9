"""Workflows after a save: what starts them, what their steps do, what a failure leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import pytest

from engine.clock import FixedClock
from engine.session import ListRequest, Session
from engine.store.platform import history, runs
from engine.store.platform.runs import RunRow, StepRow, Wanted
from tests.support.worlds import World, publish_texts, texts_of

T = TypeVar("T")
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DEAL = """\
object: deal
label: Deal
plural: Deals
sharing: read
features: {history: true}
fields:
  name: {type: text, required: true}
  stage:
    type: picklist
    default: open
    history: true
    values: {open: {label: Open}, hot: {label: Hot}, won: {label: Won}}
  amount: {type: currency}
  region: {type: text}
  flag: {type: text, length: 20}
  count: {type: number, default: 0}
  lines: {type: roll_up, from: line, via: deal, measure: count}
"""
LINE = """\
object: line
label: Line
plural: Lines
sharing: read_write
fields:
  name: {type: text}
  deal: {type: lookup, to: deal}
  price: {type: currency}
  state: {type: text}
"""
TASK = """\
object: task
label: Task
plural: Tasks
sharing: read_write
fields:
  subject: {type: text, length: 60, required: true}
  deal: {type: lookup, to: deal}
  due: {type: date}
"""
REP: Mapping[str, object] = {"permission_sets": ["rep"]}
SETS = """\
permission_set: rep
objects:
  deal: {create: true, read: true, edit: true, fields: {flag: none}}
"""


def flow(name: str, when: str, steps: str, condition: str = "") -> str:
    """Write a workflow on deals; `steps` are lines below `steps:`."""
    criteria = f"if: {condition!r}\n" if condition else ""
    return f"workflow: {name}\nobject: deal\nwhen: {when}\n{criteria}steps:\n{steps}"


def with_flows(*flows: str) -> dict[str, str]:
    """Give a configuration of deals, lines and tasks with workflows."""
    objects = {"deal": DEAL, "line": LINE, "task": TASK}
    more = {"access__permission_sets__rep": SETS}
    return texts_of(objects, workflows__deals="---\n".join(flows), **more)


def at_now(world: World, work: Callable[[Session], T], **how: object) -> T:
    """Do some work at the instant of these tests."""
    return world.run(work, clock=FixedClock(NOW), **how)  # type: ignore[arg-type]  # passed on


def deal(world: World, who: str = "admin", **values: object) -> dict[str, object]:
    """Create a deal and give it as it was answered."""
    return at_now(world, lambda s: s.create("deal", {"name": "Licence", **values}), who=who)


def records(world: World, name: str, *fields: str) -> list[dict[str, object]]:
    """Give the records of an object, without their ids and versions."""
    request = ListRequest(object=name, fields=fields, sort=("id",), limit=1000)
    found = world.run(lambda s: s.list(request), write=False).records
    return [{key: row[key] for key in fields} for row in found]


def runs_of(world: World, **wanted: object) -> list[RunRow]:
    """Give the runs there are, the oldest first."""

    def work(session: Session) -> list[RunRow]:
        return runs.list_runs(session.unit.tx, Wanted(**wanted), limit=1000)  # type: ignore[arg-type]  # passed on

    return world.run(work, write=False)[::-1]


def steps_of(world: World, run: RunRow) -> list[StepRow]:
    """Give the steps of a run."""
    return world.run(lambda s: runs.steps_of(s.unit.tx, run.id), write=False)


FLAG = flow(
    "flag",
    "saved",
    "  - {name: mark, set: {flag: '\"hot\"', count: count + 1}}\n",
    'ISCHANGED(stage) AND stage = "hot"',
)


def test_a_workflow_sets_its_record_after_the_save(make_world: Callable[..., World]) -> None:
    """The answer is the record as the workflow left it; the history says who saved, and how."""
    world = make_world(with_flows(FLAG), rep=REP)
    made = deal(world, who="rep")

    saved = at_now(world, lambda s: s.update("deal", int(made["id"]), {"stage": "hot"}), who="rep")
    whole = world.run(lambda s: s.get("deal", int(made["id"])), write=False)

    assert (whole["flag"], whole["count"], whole["version"]) == ("hot", 1, 3)
    assert saved["version"] == 3
    assert "flag" not in saved, "the rep may not read it, and the workflow set it"
    (run,) = runs_of(world)
    (step,) = steps_of(world, run)
    assert (run.state, run.cause, run.component, run.actor) == (
        "done",
        "updated",
        "workflow:flag",
        world.people["rep"],
    )
    assert (step.step, step.action, step.state, step.input) == (
        "mark",
        "set",
        "done",
        {"flag": "hot", "count": 1},
    )


def test_every_trigger_starts_what_it_names(make_world: Callable[..., World]) -> None:
    """Created, updated, saved and deleted, each once; a save that changes nothing starts none."""
    note = "  - {{name: note, create: task, values: {{subject: '\"{0} \" & name'}}}}\n"
    flows = [flow(f"w_{when}", when, note.format(when)) for when in ("created", "updated", "saved")]
    flows.append(flow("w_deleted", "deleted", note.format("deleted")))
    world = make_world(with_flows(*flows))

    made = deal(world)
    at_now(world, lambda s: s.update("deal", int(made["id"]), {"name": "New"}))
    at_now(world, lambda s: s.update("deal", int(made["id"]), {"name": "New"}))
    at_now(world, lambda s: s.delete("deal", int(made["id"])))

    assert [row["subject"] for row in records(world, "task", "subject")] == [
        "created Licence",
        "saved Licence",
        "saved New",
        "updated New",
        "deleted New",
    ]


def test_steps_work_on_other_records(make_world: Callable[..., World]) -> None:
    """Create, for each with a filter, update and delete on behalf of the record, note."""
    steps = """\
  - {name: call, create: task, values: {subject: '"Call " & name', due: TODAY() + 2, deal: id}}
  - name: others
    update: line
    where: deal = id AND price < amount
    set: {state: '$record.name & "/" & name'}
  - name: each
    for_each: lines
    where: price > 5
    do:
      - {name: up, set: {price: price + 1}}
      - name: big
        if: price > 20
        then: [{name: tell, create: task, values: {subject: '"Big " & name'}}]
  - {name: gone, delete: line, where: deal = id AND price < 5}
  - {name: post, note: '"Won with " & TEXT(lines)'}
"""
    world = make_world(with_flows(flow("won", "saved", steps, 'stage = "won"')))
    made = deal(world, amount=10)
    for name, price in (("a", 1), ("b", 8), ("c", 30)):
        values = {"name": name, "price": price, "deal": made["id"]}
        world.run(lambda s, v=values: s.create("line", v))

    at_now(world, lambda s: s.update("deal", int(made["id"]), {"stage": "won"}))

    assert [run.error for run in runs_of(world)] == [""]
    lines = records(world, "line", "name", "price", "state")
    assert [(r["name"], Decimal(str(r["price"])), r["state"]) for r in lines] == [
        ("b", 9, "Licence/b"),
        ("c", 31, None),
    ]
    assert [(r["subject"], str(r["due"])) for r in records(world, "task", "subject", "due")] == [
        ("Call Licence", "2026-03-12"),
        ("Big c", "None"),
    ]
    (run,) = runs_of(world)
    taken = [(s.step, s.action, s.state) for s in steps_of(world, run)]
    assert taken == [
        ("call", "create", "done"),
        ("others", "update", "done"),
        ("each", "for_each", "done"),
        ("each.up", "set", "done"),
        ("each.up", "set", "done"),
        ("each.tell", "create", "done"),
        ("gone", "delete", "done"),
        ("post", "note", "done"),
    ]
    kept = world.run(lambda s: history.read(s.unit.tx, int(made["id"])), write=False)
    assert ("noted", "workflow", {"": [None, "Won with 2"]}) in [
        (k.event, k.source, dict(k.changes)) for k in kept
    ]


def test_a_failure_undoes_the_workflow_and_leaves_the_record(
    make_world: Callable[..., World],
) -> None:
    """Under its own savepoint: the others ran, the record is saved, the run is kept as failed."""
    bad = flow(
        "b_bad",
        "saved",
        "  - {name: one, create: task, values: {subject: '\"one\"'}}\n"
        "  - {name: two, set: {count: 1 / (amount - amount)}}\n",
    )
    good = flow("c_good", "saved", "  - {name: fine, set: {region: '\"EMEA\"'}}\n")
    world = make_world(with_flows(bad, good))

    made = deal(world, amount=5)

    assert (made["region"], made["count"]) == ("EMEA", 0)
    assert records(world, "task", "subject") == []
    failed, done = runs_of(world)
    assert (failed.state, failed.code, done.state) == ("failed", "W110", "done")
    assert "division by zero" in failed.error
    assert failed.input["amount"] == 5
    assert [(s.step, s.state) for s in steps_of(world, failed)] == [
        ("one", "undone"),
        ("two", "failed"),
    ]


def test_bulk_fires_each_rule_once_per_record(make_world: Callable[..., World]) -> None:
    """Set-wise: statements do not grow with the records; one bad record fails alone."""
    count = flow("count", "created", "  - {name: more, set: {count: count + 1}}\n")
    task = flow(
        "task", "created", "  - {name: t, create: task, values: {subject: name, deal: id}}\n"
    )
    world = make_world(with_flows(count, task))

    def rows(many: int) -> list[dict[str, object]]:
        return [{"name": f"d{n}"} for n in range(many)]

    def bulk(many: int) -> Callable[[Session], object]:
        return lambda s: s.bulk("deal", "create", rows(many), atomic=True)

    few = world.statements(bulk(20))
    many = world.statements(bulk(400))
    at_now(world, lambda s: s.bulk("deal", "create", [{"name": "x" * 61}, *rows(2)], atomic=False))

    assert many <= few + 4, (few, many)  # blocks of ids
    assert {row["count"] for row in records(world, "deal", "count")} == {1}
    assert len(records(world, "task", "subject")) == 422
    found = runs_of(world, component="workflow:task", state="failed")
    assert [run.code for run in found] == ["W110"]


def test_idle_workflows_add_no_statement(make_world: Callable[..., World]) -> None:
    """Two hundred whose criteria are false, some over a lookup: a save costs what it did."""
    idle = [
        flow(
            f"w{n}",
            "saved",
            "  - {name: m, set: {flag: owner.manager.name}}\n",
            f'amount > {n + 1000} OR owner.name = "{n}"',
        )
        for n in range(200)
    ]
    plain = make_world(with_flows(FLAG))
    made, other = deal(plain), deal(plain, region="r")
    at_now(plain, lambda s: s.update("deal", int(other["id"]), {"stage": "hot"}))
    before = plain.statements(lambda s: s.update("deal", int(made["id"]), {"name": "A"}))
    publish_texts(plain, with_flows(FLAG, *idle))
    plain.run(lambda s: s.update("deal", int(made["id"]), {"name": "B"}))
    after = plain.statements(lambda s: s.update("deal", int(made["id"]), {"name": "C"}))

    assert before == after
    fired = plain.statements(lambda s: s.update("deal", int(made["id"]), {"stage": "hot"}))
    # The record written by a step: 1. The run and its steps: 2. The history of the stage: 1.
    assert fired == after + 4


def test_workflows_start_each_other_once_and_not_without_end(
    make_world: Callable[..., World],
) -> None:
    """A later save of the same transaction starts none again; a chain is cut where it is deep."""
    ping = flow("ping", "saved", "  - {name: more, set: {count: count + 1}}\n")
    chain = flow(
        "chain",
        "created",
        '  - {name: child, create: deal, values: {name: name & "x", region: region}}\n',
        'region = "chain"',
    )
    world = make_world(with_flows(ping, chain))

    once = deal(world)
    deep = deal(world, region="chain")

    def twice(session: Session) -> object:
        made = session.create("deal", {"name": "Two"})
        session.update("deal", int(str(made["id"])), {"name": "Three"})
        return session.get("deal", int(str(made["id"])))["count"]

    assert once["count"] == 1
    assert at_now(world, twice) == 1
    failed = runs_of(world, state="failed")
    assert [run.code for run in failed] == ["W112", "W112"]
    assert len([r for r in records(world, "deal", "region") if r["region"]]) == 11
    assert deep["count"] == 1


def test_a_rolled_up_parent_is_saved_too(make_world: Callable[..., World]) -> None:
    """What a child does to a roll-up starts the workflows of its parent, with its change."""
    set_flag = "  - {name: m, set: {flag: '\"many\"'}}\n"
    many = flow("many", "updated", set_flag, "ISCHANGED(lines) AND lines > 1")
    world = make_world(with_flows(many))
    made = deal(world)

    for _ in range(2):
        world.run(lambda s: s.create("line", {"name": "l", "deal": made["id"]}))

    assert [row["flag"] for row in records(world, "deal", "flag")] == ["many"]


def test_a_run_is_given_up_that_takes_too_many_steps(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loops are bounded: the run fails, nothing of it stays, and the record is saved."""
    monkeypatch.setattr("engine.saving.runs.running.MOST_STEPS", 4)
    steps = "  - {name: each, for_each: lines, do: [{name: m, set: {state: name}}]}\n"
    world = make_world(with_flows(flow("w", "saved", steps, 'stage = "won"')))
    made = deal(world)
    for _ in range(4):
        world.run(lambda s: s.create("line", {"name": "l", "deal": made["id"]}))

    at_now(world, lambda s: s.update("deal", int(str(made["id"])), {"stage": "won"}))

    (run,) = runs_of(world)
    assert (run.state, run.code) == ("failed", "W111")
    assert {row["state"] for row in records(world, "line", "state")} == {None}
