"""Automation in bulk."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.session import Session
from tests.support.proof import proof_length
from tests.support.worlds import World, texts_of

DEAL = """\
object: deal
plural: Deals
sharing: read
fields:
  name: {type: text}
  count: {type: number, default: 0}
"""
TASK = (
    "object: task\nplural: Tasks\nfields: {subject: {type: text}, deal: {type: lookup, to: deal}}\n"
)
FLOWS = """\
workflow: count
object: deal
when: created
steps: [{name: more, set: {count: count + 1}}]
---
workflow: follow
object: deal
when: saved
steps: [{name: call, create: task, values: {subject: name, deal: id}}]
"""


@pytest.mark.slow
def test_fifty_thousand_records_fire_each_rule_once(
    make_world: Callable[..., World], figure: Callable[[str, str, str], None], dialect: str
) -> None:
    """Created in calls of 10,000: each workflow runs once for each record, and none fails."""
    world = make_world(texts_of({"deal": DEAL, "task": TASK}, workflows__deals=FLOWS))
    calls = proof_length(1, 5)
    many = proof_length(1000, 10_000)

    def work(session: Session) -> object:
        rows = [{"name": str(n)} for n in range(many)]
        return session.bulk("deal", "create", rows, atomic=True)

    statements = [world.statements(work) for _ in range(calls)]

    def counts(session: Session) -> list[tuple[object, ...]]:
        tx = session.unit.tx
        runs = tx.rows("SELECT component, state, count(*) FROM patron_run GROUP BY 1, 2 ORDER BY 1")
        twice = tx.rows("SELECT 1 FROM patron_run GROUP BY component, record HAVING count(*) > 1")
        return [*map(tuple, runs), ("twice", len(twice))]

    total = calls * many
    assert world.run(counts, write=False) == [
        ("workflow:count", "done", total),
        ("workflow:follow", "done", total),
        ("twice", 0),
    ]
    each = max(statements) * 500 / many
    figure(
        f"{total:,} records, two workflows each: runs that are done, {dialect}",
        f"{2 * total:,}",
        f"{2 * total:,}",
    )
    figure(f"statements for 500 records with two workflows, {dialect}", f"{each:.0f}", "≤ 40")
    assert each <= 40
