"""The history of a record that somebody sees tells nothing of what they do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.session import Session
from tests.support.worlds import World, texts_of

ACCOUNT = """\
object: account
sharing: read_write
features: {history: true}
fields:
  name: {type: text}
  limit: {type: currency}
  total: {type: roll_up, from: deal, via: account, measure: sum, of: amount}
"""
DEAL = """\
object: deal
sharing: private
fields:
  amount: {type: currency}
  account: {type: lookup, to: account}
"""
REP = """\
permission_set: rep
objects:
  account: {read: true, edit: true, fields: {limit: none, total: none}}
  deal: {read: true}
"""
LIMIT = """\
workflow: limit
object: account
when: before_save
if: name = "rich"
steps: [{name: raise, set: {limit: 900}}]
"""
BOSS = "permission_set: boss\nobjects: {account: {read: true, edit: true}}\n"


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give accounts that everybody sees, with a field and a total that some do not."""
    files = texts_of(
        {"account": ACCOUNT, "deal": DEAL},
        access__permission_sets__rep=REP,
        access__permission_sets__boss=BOSS,
        workflows__limit=LIMIT,
    )
    return make_world(files, rep={"permission_sets": ["rep"]}, boss={"permission_sets": ["boss"]})


def events(world: World, who: str, record: int) -> list[tuple[str, list[str]]]:
    """Give what somebody reads of a record's history, the newest first."""

    def work(session: Session) -> list[tuple[str, list[str]]]:
        seen = session.look("account", record, ("name",))
        assert seen is not None
        return [
            (one.event, [str(field.name) for field, _, _ in one.changes])
            for one in session.history(seen)
        ]

    return world.run(work, who=who, write=False)


def test_nobody_reads_that_something_hidden_changed(world: World) -> None:
    """Neither by whom nor when: of a hidden field, and of a total over records of others."""
    account = int(str(world.run(lambda s: s.create("account", {"name": "A"}))["id"]))
    world.run(lambda s: s.update("account", account, {"limit": 5}))
    world.run(lambda s: s.create("deal", {"account": account, "amount": 7}))
    world.run(lambda s: s.update("account", account, {"name": "B", "limit": 6}))

    whole, half = events(world, "boss", account), events(world, "rep", account)

    assert [event for event, _ in whole] == ["updated", "rolled_up", "updated", "created"]
    assert half == [("updated", ["name"]), ("created", ["name"])]


def test_nobody_reads_what_set_a_hidden_field(world: World) -> None:
    """The workflow that did it is named with the field, to who sees the field."""
    account = int(str(world.run(lambda s: s.create("account", {"name": "A"}))["id"]))
    world.run(lambda s: s.update("account", account, {"name": "rich"}))

    def work(session: Session) -> object:
        seen = session.look("account", account, ("name",))
        assert seen is not None
        return dict(session.history(seen)[0].causes)

    whole, half = (world.run(work, who=who, write=False) for who in ("boss", "rep"))

    assert (whole, half) == ({"limit": "workflow:limit"}, {})
