"""Merging and converting in several transactions at once: it happens once, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.errors import PatronError
from engine.session import Session, Wanted
from tests.support.worlds import World, texts_of

ACCOUNT = """\
object: account
label: Account
sharing: read_write
fields:
  name: {type: text, required: true}
  deals: {type: roll_up, from: deal, via: account, measure: count}
"""
DEAL = """\
object: deal
label: Deal
sharing: read_write
fields:
  name: {type: text}
  account: {type: lookup, to: account}
"""
CONVERSION = """\
conversion: deal
to: {account: {values: {name: name}}}
set: {account: $account}
"""
FILES = texts_of({"account": ACCOUNT, "deal": DEAL}, conversion__deal=CONVERSION)
PAIRS, TOGETHER = 3, 4


def at_once(*works: Callable[[], object]) -> list[str]:
    """Do everything at the same time. Returns: the codes of what was refused."""
    start, refused = threading.Barrier(len(works), timeout=60), []

    def one(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except PatronError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return refused


def test_two_that_are_merged_into_each_other_become_one(make_world: Callable[..., World]) -> None:
    """One of the two merges is done, the other finds its record gone; every deal is there."""
    world = make_world(FILES)

    def new(kind: str, **values: object) -> int:
        return int(str(world.run(lambda s: s.create(kind, values))["id"]))

    def merge(kept: int, other: int) -> Callable[[], object]:
        def work(session: Session) -> object:
            wanted = Wanted(others={other: None}, values={}, taken={})
            return session.merging.merge(session.compiled("account"), kept, wanted)

        return lambda: world.run(work)

    for _ in range(PAIRS):
        one, two = new("account", name="Castor"), new("account", name="castor")
        deals = [new("deal", name="d", account=account) for account in (one, two, two)]

        refused = at_once(merge(one, two), merge(two, one))

        assert len(refused) == 1, refused
        assert refused[0] in {"N100", "Q114"}
        held = {world.run(lambda s, deal=deal: s.get("deal", deal)["account"]) for deal in deals}
        (kept,) = held
        assert isinstance(kept, int)
        assert world.run(lambda s, kept=kept: s.get("account", kept)["deals"]) == len(deals)


def test_a_record_is_converted_once_however_many_do_it(make_world: Callable[..., World]) -> None:
    """One of them makes the account; the others are told that it is done."""
    world = make_world(FILES)
    deal = int(str(world.run(lambda s: s.create("deal", {"name": "Castor"}))["id"]))

    def convert() -> object:
        return world.run(lambda s: s.converting.convert(s.compiled("deal"), deal, {}))

    refused = at_once(*[convert] * TOGETHER)

    assert refused == ["C105"] * (TOGETHER - 1)
    counted = world.run(lambda s: s.aggregate("account", measures={"n": "COUNT()"}))
    assert counted == [{"n": 1}]
