"""Steps take a record that was just saved as it is in memory, unless it is not so any more."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from engine.session import Session
from tests.support.worlds import World, texts_of

ACCOUNT = """\
object: account
plural: Accounts
sharing: read
fields: {name: {type: text}, size: {type: number, default: 0}}
"""
DEAL = """\
object: deal
plural: Deals
sharing: read_write
fields:
  name: {type: text}
  stage: {type: text}
  count: {type: number, default: 0}
  note: {type: text}
  secret: {type: number, default: 0}
  account: {type: lookup, to: account}
  parent: {type: lookup, to: deal}
  total: {type: roll_up, from: line, via: deal, measure: sum, of: amount}
  twice: {type: formula, returns: number, formula: count * 2}
  where_from: {type: formula, returns: text, formula: account.name}
"""
LINE = """\
object: line
plural: Lines
sharing: read
fields:
  deal: {type: master_detail, to: deal}
  amount: {type: number, default: 0}
  done: {type: checkbox}
"""
REP = """\
permission_set: rep
objects: {deal: {create: true, read: true, edit: true, fields: {secret: none}}}
"""
ADD = "{name: add, set: {count: count + 1, secret: 7}}"
FLOWS = {
    "a step before it": (
        "{name: own, update: deal, where: name = $record.name, set: {count: count + 10}}"
    ),
    "a workflow that was undone": (
        "{name: much, set: {count: count + 10}}, {name: bad, set: {note: TEXT(1 / (count - 11))}}"
    ),
    "a child that feeds it": "{name: line, create: line, values: {deal: id, amount: 5}}",
    "what its path reads": (
        "{name: other, update: account, where: name = 'Old', set: {name: '\"New\"'}}"
    ),
}
FOUND = {
    "a step before it": {"count": 11},
    "a workflow that was undone": {"count": 1},
    "a child that feeds it": {"count": 1, "total": 5},
    "what its path reads": {"count": 1, "where_from": "New"},
}


def _texts(first: str, condition: str = "ISCHANGED(stage)") -> dict[str, str]:
    flows = "---\n".join(
        f"workflow: {name}\nobject: deal\nwhen: updated\nif: {condition}\nsteps: [{steps}]\n"
        for name, steps in (("a", first), ("b", ADD))
        if steps
    )
    return texts_of(
        {"account": ACCOUNT, "deal": DEAL, "line": LINE},
        workflows__deals=flows,
        access__permission_sets__rep=REP,
    )


def _deal(world: World, **values: object) -> int:
    def work(session: Session) -> int:
        account = session.create("account", {"name": "Old"})["id"]
        first = session.create("deal", {"note": "x"})["id"]
        given = {"name": "d", "account": account, "parent": first, **values}
        return int(str(session.create("deal", given)["id"]))

    return world.run(work)


@pytest.mark.parametrize("between", FLOWS)
def test_what_was_changed_in_between_is_read_again(
    make_world: Callable[..., World], between: str
) -> None:
    """The second workflow computes with what the first one left, or with what was undone."""
    world = make_world(_texts(FLOWS[between]))
    deal = _deal(world)

    answered = world.run(lambda s: s.update("deal", deal, {"stage": "go"}))

    stored = world.run(lambda s: s.get("deal", deal), write=False)
    wanted = FOUND[between]
    assert {name: stored[name] for name in wanted} == wanted
    assert {name: answered[name] for name in wanted} == wanted
    assert answered["version"] == stored["version"]


def test_a_path_back_to_the_object_itself_is_read(make_world: Callable[..., World]) -> None:
    """In a bulk the parent is written beside its child: rules of the step's save see its value."""
    texts = _texts("", "ISCHANGED(note) AND note = 'z'")
    rule = 'validation_rules: {late: {invalid_if: count > 0 AND parent.note = "x", message: Late.}}'
    texts["objects/deal.yaml"] += rule
    world = make_world(texts)
    child = _deal(world)
    parent = world.run(lambda s: s.get("deal", child), write=False)["parent"]

    rows = [{"id": parent, "note": "y"}, {"id": child, "note": "z"}]
    world.run(lambda s: s.bulk("deal", "update", rows, atomic=True))

    assert world.run(lambda s: s.get("deal", child), write=False)["count"] == 1


def test_a_path_to_a_parent_that_was_rolled_up_is_read(make_world: Callable[..., World]) -> None:
    """A line that is saved changes the sum of its deal; its rules see the new sum."""
    texts = _texts("")
    rule = "validation_rules: {sum: {invalid_if: done AND deal.total <> 5, message: Late.}}\n"
    texts["objects/line.yaml"] += rule
    texts["workflows/lines.yaml"] = (
        "workflow: d\nobject: line\nwhen: updated\nif: ISCHANGED(amount)\n"
        "steps: [{name: d, set: {done: true}}]\n"
    )
    world = make_world(texts)
    deal = _deal(world)
    line = world.run(lambda s: s.create("line", {"deal": deal, "amount": 1}))["id"]

    answered = world.run(lambda s: s.update("line", int(str(line)), {"amount": 5}))

    assert answered["done"] is True


def test_the_answer_is_whole_and_hides_what_is_hidden(make_world: Callable[..., World]) -> None:
    """A caller is told what a workflow has set, formulas included, of fields that they may read."""
    world = make_world(_texts(""), rep={"permission_sets": ["rep"]})
    deal = _deal(world)

    answered = world.run(lambda s: s.update("deal", deal, {"stage": "go"}), who="rep")

    read = world.run(lambda s: s.get("deal", deal), who="rep", write=False)
    assert {**answered, "updated_at": None} == {**read, "updated_at": None}
    assert (answered["count"], answered["twice"]) == (Decimal(1), Decimal(2))
    assert "secret" not in answered
    assert world.run(lambda s: s.get("deal", deal), write=False)["secret"] == 7
