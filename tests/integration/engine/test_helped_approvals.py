"""Whoever worked as somebody else when a record was submitted does not decide about it, ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

import pytest

from engine.clock import FixedClock
from engine.delivery.asking import tell_due
from engine.errors import AccessDenied, SignInRequired
from engine.saving.runs.resuming import resume_due
from engine.session import Session, run
from engine.settings import Settings
from engine.store.platform import audit
from engine.store.platform.absences import put_absence
from engine.store.platform.enter import Helper, MemberCredential
from engine.store.platform.members import set_member_active, set_permission_sets
from engine.unit import in_name_of
from tests.support.approving import DISCOUNT, NOW, PEOPLE, asked, at, decide, requests, texts
from tests.support.worlds import World

Make = Callable[..., World]
T = TypeVar("T")
HELPS = "permission_set: helps\nlabel: Helps\npermissions: [log_in_as]\n"
QUEUE = """\
approval: queue
object: deal
enter_if: discount > 0.15
submit: {by: [owner], automatic: true}
steps: [{name: finance, approvers: {queue: finance}}]
remind_after: 24 hours
"""
BY_HAND = DISCOUNT.replace(", automatic: true", "")
LATER = """\
workflow: ask
object: deal
when: updated
if: note = "go"
steps:
  - {name: pause, wait: {for: 1 hour}}
  - {name: ask, approve: discount}
"""


def make(build: Make, *approvals: str, **more: str) -> World:
    """Make a world in which the boss, whom `rep` has as manager, may work as others."""
    people: dict[str, Mapping[str, object]] = {name: dict(about) for name, about in PEOPLE.items()}
    for name in ("boss", "clerk"):
        people[name] = {**people[name], "permission_sets": ["reader", "helps"]}
    world = build(texts(*approvals, access__permission_sets__helps=HELPS, **more), **people)
    boss = world.people["boss"]
    world.run(lambda s: s.update("user", world.people["rep"], {"manager": boss}))
    return world


def help_(world: World, helper: str, other: str, work: Callable[[Session], T]) -> T:
    """Do some work as somebody else, as a session of the helper does it."""
    who = Helper(world.people[helper], f"{helper}@example.test")
    credential = MemberCredential(world.people[other], helper=who)
    return run(world.environment, credential, work, write=True, clock=at())


def deal(world: World, helper: str = "boss", **values: object) -> int:
    """Create a deal as the representative, who is somebody else."""
    given = {"name": "Licence", "amount": 1000, **values}
    made = help_(world, helper, "rep", lambda s: s.create("deal", given))
    return int(str(made["id"]))


def is_refused(world: World, who: str, record: int) -> bool:
    """Tell whether somebody is refused as one who is not asked."""
    with pytest.raises(AccessDenied) as caught:
        decide(world, who, record)
    return caught.value.code == "W166"


def waits_for(world: World, who: str) -> list[int]:
    """Give the records that wait for somebody's decision."""
    waiting = world.run(lambda s: s.approvals.waiting(), who=who, write=False, clock=at())
    return [one.told.request.record for one in waiting]


def test_a_save_that_submits_does_not_ask_the_helper(make_world: Make) -> None:
    """The step names nobody else, so administrators are asked; the request names both."""
    world = make(make_world, DISCOUNT)
    record = deal(world, discount="0.2")

    (told,) = requests(world, record)
    request = told.request

    assert (request.submitted_by, request.helper) == (world.people["rep"], world.people["boss"])
    assert asked(told) == ["Admin"]
    assert is_refused(world, "boss", record)
    assert is_refused(world, "rep", record)
    assert waits_for(world, "boss") == []
    assert decide(world, "admin", record).request.status == "approved"


def test_submitting_by_hand_is_the_same(make_world: Make) -> None:
    """What they submit in another's name is not theirs to approve; what the other submits is."""
    world = make(make_world, BY_HAND)
    helped, own = deal(world, discount="0.2"), deal(world, discount="0.2")

    def submit(session: Session, record: int) -> object:
        return session.approvals.submit(session.compiled("deal"), record)

    help_(world, "boss", "rep", lambda s: submit(s, helped))
    world.run(lambda s: submit(s, own), who="rep", clock=at())

    assert is_refused(world, "boss", helped)
    assert decide(world, "boss", own).request.status == "approved"


def test_a_queue_asks_its_other_members(make_world: Make) -> None:
    """In a later step as well, and when members are asked again."""
    world = make(make_world, QUEUE, DISCOUNT)
    record = deal(world, "clerk", discount="0.3")
    decide(world, "boss", record, approval="discount")

    both = {told.request.approval: asked(told) for told in requests(world, record)}

    assert both == {"queue": ["Clerk2"], "discount": ["Clerk2"]}
    assert is_refused(world, "clerk", record)
    for days in range(4):
        tell(world, days)
    both = {told.request.approval: asked(told) for told in requests(world, record)}
    assert both == {"queue": ["Clerk2"], "discount": ["Clerk2"]}


def test_neither_as_a_delegate_nor_as_the_manager_of_who_is_silent(make_world: Make) -> None:
    """They are told nothing, get no link, and what they stand in for does not wait for them."""
    world = make(make_world, DISCOUNT)
    boss, clerk = world.people["boss"], world.people["clerk"]
    world.run(lambda s: s.update("user", boss, {"manager": clerk}))
    with world.environment.database.write() as tx:
        since = NOW - timedelta(days=1)
        put_absence(tx, boss, delegate=clerk, since=since, until=None, at=NOW)
    record = deal(world, "clerk", discount="0.2")
    for days in range(4):
        tell(world, days)

    with world.environment.database.read() as tx:
        links = tx.rows("SELECT DISTINCT user_id FROM patron_approval_link")
    (told,) = requests(world, record)

    assert asked(told) == ["Boss"]
    assert links == [(boss,)]
    assert waits_for(world, "clerk") == []
    assert is_refused(world, "clerk", record)
    assert told.mine == ()


def tell(world: World, days: int) -> None:
    """Tell and remind, some days later."""
    settings = replace(Settings.from_env({}), public_url="https://crm.example.test")
    tell_due(world.environment, settings, FixedClock(NOW + timedelta(days=days)))


def test_a_run_that_waited_still_knows_who_it_was(make_world: Make) -> None:
    """A worker goes on with what a helper's save began; both names stand in what it notes."""
    world = make(make_world, BY_HAND, workflows__ask=LATER)
    record = deal(world, discount="0.2")
    help_(world, "boss", "rep", lambda s: s.update("deal", record, {"note": "go"}))

    def go_on(session: Session) -> int:
        return resume_due(session.unit, partial(in_name_of, session.unit))

    after = FixedClock(NOW + timedelta(hours=2))
    done = world.run(go_on, who="admin", clock=after)
    (told,) = requests(world, record)

    assert done == 1
    assert told.request.submitted_by == world.people["rep"]
    assert told.request.helper == world.people["boss"]
    assert is_refused(world, "boss", record)


def test_what_a_helper_does_in_another_name_stays_refused(make_world: Make) -> None:
    """A104: in nobody's name is anything decided, and the audit holds the helper's own name."""
    world = make(make_world, DISCOUNT)
    made = world.run(
        lambda s: s.create("deal", {"name": "Own", "amount": 1, "discount": "0.2"}),
        who="rep",
        clock=at(),
    )
    record = int(str(made["id"]))

    def answer(session: Session) -> object:
        return session.approvals.decide(session.compiled("deal"), record, "approved")

    with pytest.raises(AccessDenied) as caught:
        help_(world, "clerk", "boss", answer)
    assert caught.value.code == "A104"

    def take_back(session: Session) -> object:
        return session.approvals.recall(session.compiled("deal"), record)

    help_(world, "boss", "rep", take_back)
    with world.environment.database.read() as tx:
        (line,) = audit.search(tx, audit.Search(action="approval.recalled"))
    assert (line.actor, line.detail["as"]) == ("boss@example.test", "rep@example.test")


@pytest.mark.parametrize("loses", ["membership", "permission", "height"])
def test_helping_ends_with_the_right_to_it(make_world: Make, loses: str) -> None:
    """A session that has begun opens nothing once its helper may not begin it any more."""
    world = make(make_world, DISCOUNT)
    boss, rep = world.people["boss"], world.people["rep"]
    with world.environment.database.write() as tx:
        if loses == "membership":
            set_member_active(tx, boss, active=False)
        elif loses == "permission":
            set_permission_sets(tx, boss, ["reader"])
        else:
            set_permission_sets(tx, rep, ["system_administrator"])

    with pytest.raises(SignInRequired) as caught:
        help_(world, "boss", "rep", lambda s: s.get("user", rep))

    assert caught.value.code == "A200"
