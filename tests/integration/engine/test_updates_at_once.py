"""Steps that update other records, in several transactions at once: nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.session import ListRequest, Session
from tests.support.worlds import World, texts_of

DEAL = """\
object: deal
plural: Deals
sharing: read
fields: {name: {type: text}, stage: {type: text}}
"""
TALLY = """\
object: tally
plural: Tallies
sharing: read
fields: {kind: {type: text}, count: {type: number, default: 0}}
"""
FLOW = """\
workflow: tally
object: deal
when: updated
if: ISCHANGED(stage)
steps:
  - {name: more, update: tally, where: 'kind = "won" AND count < 1000', set: {count: count + 1}}
"""
SAVERS, SAVES, TALLIES = 4, 6, 3


def test_no_update_of_a_step_is_lost(make_world: Callable[..., World]) -> None:
    """Four savers at once, each adds one to the same records: all of it is in them."""
    world = make_world(texts_of({"deal": DEAL, "tally": TALLY}, workflows__tally=FLOW))
    deals = [int(str(world.run(lambda s: s.create("deal", {}))["id"])) for _ in range(SAVERS)]
    for _ in range(TALLIES):
        world.run(lambda s: s.create("tally", {"kind": "won"}))
    start, failures = threading.Barrier(SAVERS, timeout=60), []

    def save(deal: int) -> None:
        start.wait()
        for turn in range(SAVES):
            try:
                world.run(lambda s, turn=turn: s.update("deal", deal, {"stage": str(turn)}))
            except Exception as wrong:  # noqa: BLE001  # whatever it is, the test tells it
                failures.append(wrong)

    threads = [threading.Thread(target=save, args=(deal,)) for deal in deals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    def counts(session: Session) -> list[object]:
        found = session.list(ListRequest(object="tally", fields=("count",))).records
        return [row["count"] for row in found]

    def failed(session: Session) -> list[object]:
        return [*session.unit.tx.rows("SELECT code, error FROM patron_run WHERE state = 'failed'")]

    assert failures == world.run(failed, write=False) == []
    assert world.run(counts, write=False) == [SAVERS * SAVES] * TALLIES
