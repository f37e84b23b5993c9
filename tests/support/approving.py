"""A small configuration with approvals, and its people: for tests of every layer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from engine.clock import Clock, FixedClock
from engine.session import Session, Told
from tests.support.worlds import World, texts_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DEAL = """\
object: deal
label: Deal
sharing: read
fields:
  name: {type: text, required: true}
  code: {type: text, external_id: true}
  amount: {type: currency}
  discount: {type: percent, max: 0.6}
  net: {type: formula, returns: currency, formula: amount * (1 - discount)}
  is_approved: {type: checkbox}
  status: {type: picklist, default: draft, values: {draft: {}, waiting: {}, done: {}}}
  note: {type: text}
validation_rules:
  at_most_half: {invalid_if: discount > 0.5, message: At most half., field: discount}
"""
LINE = """\
object: line
label: Line
sharing: private
fields:
  name: {type: text}
  deal: {type: lookup, to: deal, on_delete: cascade}
"""
DISCOUNT = """\
approval: discount
label: Discount approval
object: deal
enter_if: discount > 0.15
submit: {by: [owner], automatic: true}
steps:
  - {name: manager, label: Sales manager, approvers: owner.manager}
  - {name: finance, if: discount > 0.25, approvers: {queue: finance}, on_reject: previous}
remind_after: 24 hours
"""
REVIEW = """\
approval: review
object: deal
enter_if: status = "draft"
submit: {by: [owner, {role: boss}]}
lock: false
steps:
  - {name: board, approvers: [{role: boss}, {role: clerk}], decide: all}
"""
ROLES = "roles: {boss: {}, rep: {parent: boss}, clerk: {}, other: {}}\n"
QUEUES = "queues: {finance: {members: [{role: clerk}]}}\n"
SETS = """\
permission_set: seller
objects:
  deal: {create: true, read: true, edit: true, delete: true, transfer: true}
  line: {create: true, read: true, edit: true, delete: true}
"""
READER = """\
permission_set: reader
objects: {deal: {read: true}}
"""
# Name -> role and permission set. `boss` manages `rep`; the clerks are the queue finance.
PEOPLE: dict[str, dict[str, Any]] = {
    "boss": {"role": "boss", "permission_sets": ["reader"]},
    "rep": {"role": "rep", "permission_sets": ["seller"]},
    "clerk": {"role": "clerk", "permission_sets": ["reader"]},
    "clerk2": {"role": "clerk", "permission_sets": ["reader"]},
    "other": {"role": "other", "permission_sets": ["seller"]},
    "blind": {"role": "other", "permission_sets": []},
}


def texts(*approvals: str, deal: str = DEAL, **files: str) -> dict[str, str]:
    """Give a configuration with some approvals on deals."""
    if approvals:
        files["approvals__deals"] = "---\n".join(approvals)
    return texts_of(
        {"deal": deal, "line": LINE},
        access__roles=ROLES,
        access__queues=QUEUES,
        access__permission_sets__seller=SETS,
        access__permission_sets__reader=READER,
        **files,
    )


def make(build: Callable[..., World], *approvals: str, **more: str) -> World:
    """Make a world with some approvals and its people; `boss` is the manager of `rep`."""
    world = build(texts(*approvals, **more), **PEOPLE)
    boss = world.people["boss"]
    world.run(lambda s: s.update("user", world.people["rep"], {"manager": boss}))
    return world


def at(now: datetime = NOW) -> Clock:
    """Give a clock that stands still."""
    return FixedClock(now)


def deal(world: World, who: str = "rep", **values: object) -> int:
    """Create a deal as somebody; give its id."""
    given = {"name": "Licence", "amount": 1000, **values}
    made = world.run(lambda s: s.create("deal", given), who=who, clock=at())
    return int(str(made["id"]))


def decide(world: World, who: str, record: int, answer: str = "approved", **how: Any) -> Told:
    """Answer as somebody."""
    clock = how.pop("clock", at())

    def work(session: Session) -> Told:
        return session.approvals.decide(session.compiled("deal"), record, answer, **how)

    return world.run(work, who=who, clock=clock)


def submit(world: World, who: str, record: int, **how: Any) -> Told:
    """Submit as somebody."""

    def work(session: Session) -> Told:
        return session.approvals.submit(session.compiled("deal"), record, **how)

    return world.run(work, who=who, clock=at())


def recall(world: World, who: str, record: int, **how: Any) -> Told:
    """Take back as somebody."""

    def work(session: Session) -> Told:
        return session.approvals.recall(session.compiled("deal"), record, **how)

    return world.run(work, who=who, clock=at())


def requests(world: World, record: int, who: str = "admin") -> list[Told]:
    """Give the requests of a deal."""

    def work(session: Session) -> list[Told]:
        return session.approvals.of_record(session.compiled("deal"), record)

    return world.run(work, who=who, write=False, clock=at())


def asked(told: Told) -> list[str]:
    """Give the names of those who are asked now."""
    return sorted(one.name for one in told.now)
