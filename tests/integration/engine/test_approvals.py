"""Approvals carried out: submitted, decided step by step, recalled; and the lock meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import (
    AccessDenied,
    Conflict,
    NotFound,
    PatronError,
    RecordLocked,
    RequestInvalid,
)
from engine.names import component_key
from engine.session import Session
from engine.store.platform.approvals import count_in_flight
from engine.store.platform.members import set_permission_sets
from tests.support.approving import (
    DEAL,
    DISCOUNT,
    REVIEW,
    asked,
    deal,
    decide,
    make,
    recall,
    requests,
    submit,
    texts,
)
from tests.support.worlds import World, publish_texts

Make = Callable[..., World]
LOOSE = REVIEW.replace("decide: all", "decide: {votes: 2}")


def code(work: Callable[[], object], kind: type[PatronError]) -> str:
    """Give the code that some work is refused with."""
    with pytest.raises(kind) as refused:
        work()
    return refused.value.code


def test_saving_submits_and_asks_the_manager(make_world: Make) -> None:
    """A record whose criteria hold after a save waits; its first step asks whom its path names."""
    world = make(make_world, DISCOUNT)

    record = deal(world, discount="0.2")
    (found,) = requests(world, record)

    assert (found.request.approval, found.request.status, found.request.step) == (
        "discount",
        "pending",
        "manager",
    )
    assert asked(found) == ["Boss"]
    assert found.title == "Discount approval"


def test_a_save_that_does_not_concern_the_criteria_submits_nothing(make_world: Make) -> None:
    """Neither a low discount, nor a change of something else after a recall."""
    world = make(make_world, DISCOUNT)
    low, high = deal(world, discount="0.1"), deal(world, discount="0.2")
    recall(world, "rep", high)

    world.run(lambda s: s.update("deal", high, {"note": "again"}), who="rep")

    assert requests(world, low) == []
    assert [one.request.status for one in requests(world, high)] == ["recalled"]


def test_a_change_of_what_the_criteria_read_submits_again(make_world: Make) -> None:
    """After a recall another discount waits anew."""
    world = make(make_world, DISCOUNT)
    record = deal(world, discount="0.2")
    recall(world, "rep", record)

    world.run(lambda s: s.update("deal", record, {"discount": "0.3"}), who="rep")

    assert [one.request.status for one in requests(world, record)] == ["pending", "recalled"]


def test_a_step_whose_condition_fails_is_left_out(make_world: Make) -> None:
    """At 20 % the manager alone decides; the record is free afterwards."""
    world = make(make_world, DISCOUNT)
    record = deal(world, discount="0.2")

    done = decide(world, "boss", record, comment="Fine")
    world.run(lambda s: s.update("deal", record, {"note": "free"}), who="rep")

    assert (done.request.status, done.request.ended_comment) == ("approved", "Fine")
    assert [(one.step, one.answer) for one in done.asked] == [("manager", "approved")]


def test_steps_ask_in_order_and_a_refusal_may_lead_back(make_world: Make) -> None:
    """Finance refuses at 30 %: the manager is asked again; what they then refuse is refused."""
    world = make(make_world, DISCOUNT)
    record = deal(world, discount="0.3")

    second = decide(world, "boss", record)
    back = decide(world, "clerk", record, "rejected", comment="Too much")
    done = decide(world, "boss", record, "rejected")

    assert (second.request.step, asked(second)) == ("finance", ["Clerk", "Clerk2"])
    assert (back.request.status, back.request.step, asked(back)) == ("pending", "manager", ["Boss"])
    assert [one.answer for one in back.now] == [None]
    assert done.request.status == "rejected"
    assert [one.round for one in done.asked] == [1, 2, 2, 3]


def test_all_must_agree(make_world: Make) -> None:
    """With `all` everybody who is asked answers; the last one ends it, and one refusal does."""
    world = make(make_world, REVIEW)
    first, second = deal(world), deal(world)
    for record in (first, second):
        assert asked(submit(world, "rep", record)) == ["Boss", "Clerk", "Clerk2"]

    states = [decide(world, who, first).request.status for who in ("boss", "clerk", "clerk2")]
    refused = decide(world, "clerk", second, "rejected")

    assert states == ["pending", "pending", "approved"]
    assert refused.request.status == "rejected"


def test_votes_are_counted(make_world: Make) -> None:
    """Two votes of three are enough, and two refusals put them out of reach."""
    world = make(make_world, LOOSE)
    first, second = deal(world), deal(world)
    submit(world, "rep", first)
    submit(world, "rep", second)

    agreed = [decide(world, who, first).request.status for who in ("boss", "clerk")]
    refused = [decide(world, who, second, "rejected").request.status for who in ("boss", "clerk2")]

    assert agreed == ["pending", "approved"]
    assert refused == ["pending", "rejected"]


def test_nobody_decides_about_what_they_submitted(make_world: Make) -> None:
    """Whoever submits is not asked, even where the step names them."""
    world = make(make_world, REVIEW)
    record = deal(world)

    told = submit(world, "boss", record)

    assert asked(told) == ["Clerk", "Clerk2"]
    assert code(lambda: decide(world, "boss", record), AccessDenied) == "W166"


def test_a_step_without_an_approver_asks_the_administrators(make_world: Make) -> None:
    """A rep without a manager is not approved silently."""
    world = make(make_world, DISCOUNT)
    world.run(lambda s: s.update("user", world.people["rep"], {"manager": None}))

    record = deal(world, discount="0.2")
    (found,) = requests(world, record)

    assert [(one.name, one.why) for one in found.now] == [("Admin", "nobody")]
    assert decide(world, "admin", record).request.status == "approved"


def test_too_few_for_the_votes_ask_the_administrators_as_well(make_world: Make) -> None:
    """Three votes of one clerk cannot be had: an administrator helps."""
    world = make(
        make_world,
        REVIEW.replace("[{role: boss}, {role: clerk}]", "owner.manager").replace(
            "decide: all", "decide: {votes: 2}"
        ),
    )
    record = deal(world)

    told = submit(world, "rep", record)

    assert [(one.name, one.why) for one in told.now] == [("Boss", "approver"), ("Admin", "nobody")]


def test_who_may_not_decide(make_world: Make) -> None:
    """Not asked: refused; hidden: not there; nothing pending: a conflict; decided: another."""
    world = make(make_world, DISCOUNT)
    record, free = deal(world, discount="0.2"), deal(world)

    assert code(lambda: decide(world, "clerk", record), AccessDenied) == "W166"
    assert code(lambda: decide(world, "rep", record), AccessDenied) == "W166"
    assert code(lambda: decide(world, "blind", record), NotFound) == "N100"
    assert code(lambda: requests(world, record, "blind"), NotFound) == "N100"
    assert code(lambda: decide(world, "boss", free), Conflict) == "W165"
    decide(world, "boss", record)
    assert code(lambda: decide(world, "boss", record), Conflict) == "W165"


def test_an_answer_is_given_once(make_world: Make) -> None:
    """Whoever has agreed does not agree again while others are waited for."""
    world = make(make_world, REVIEW)
    record = deal(world)
    submit(world, "rep", record)
    decide(world, "boss", record)

    assert code(lambda: decide(world, "boss", record, "rejected"), Conflict) == "W167"


def test_who_may_submit_and_what_for(make_world: Make) -> None:
    """Those whom `submit.by` names, for what fulfils the criteria, once at a time."""
    world = make(make_world, REVIEW)
    record, done = deal(world), deal(world, status="done")

    assert code(lambda: submit(world, "clerk", record), AccessDenied) == "W162"
    assert code(lambda: submit(world, "blind", record), NotFound) == "N100"
    assert code(lambda: submit(world, "rep", done), RequestInvalid) == "W163"
    assert code(lambda: submit(world, "rep", record, approval="reveiw"), RequestInvalid) == "W161"
    assert code(lambda: submit(world, "rep", record, comment="x" * 4001), RequestInvalid) == "W173"
    submit(world, "rep", record, comment="Please")
    assert code(lambda: submit(world, "rep", record), Conflict) == "W164"


def test_without_submit_by_whoever_may_change_the_record_submits(make_world: Make) -> None:
    """A reader may not."""
    world = make(make_world, REVIEW.replace("submit: {by: [owner, {role: boss}]}\n", ""))
    record = deal(world)

    assert code(lambda: submit(world, "clerk", record), AccessDenied) == "W162"
    assert submit(world, "rep", record).request.status == "pending"


def test_recalling(make_world: Make) -> None:
    """Whoever submitted takes it back, or an administrator; nobody else."""
    world = make(make_world, DISCOUNT)
    first, second = deal(world, discount="0.2"), deal(world, discount="0.2")

    assert code(lambda: recall(world, "boss", first), AccessDenied) == "W168"
    assert recall(world, "rep", first).request.status == "recalled"
    assert recall(world, "admin", second).request.status == "recalled"
    assert code(lambda: recall(world, "rep", first), Conflict) == "W165"
    world.run(lambda s: s.update("deal", first, {"note": "free"}), who="rep")


def test_several_approvals_of_one_record(make_world: Make) -> None:
    """It must be said which is meant where both wait for the same person."""
    world = make(make_world, DISCOUNT, REVIEW)
    record = deal(world, discount="0.2")
    submit(world, "rep", record, approval="review")

    assert code(lambda: decide(world, "boss", record), RequestInvalid) == "W170"
    assert decide(world, "boss", record, approval="discount").request.status == "approved"
    assert decide(world, "clerk", record).request.approval == "review"


def locked_code(work: Callable[[], object]) -> str:
    """Give the code of a refusal that is a lock."""
    return code(work, RecordLocked)


def test_the_lock_holds_on_every_path(make_world: Make) -> None:
    """Update, delete, bulk, handing over and what a cascade would take along."""
    world = make(make_world, DISCOUNT)
    record, free = deal(world, discount="0.2"), deal(world)
    change = {"note": "x"}

    def bulk(operation: str) -> list[int]:
        rows = [{"id": record, **change}, {"id": free, **change}]
        found = world.run(lambda s: s.bulk("deal", operation, rows, atomic=False), who="rep")
        return [one.status for one in found]

    def hand_over() -> object:
        owner = world.people["other"]
        return world.run(
            lambda s: s.sharing.hand_over(s.compiled("deal"), record, owner), who="rep"
        )

    assert locked_code(lambda: world.run(lambda s: s.update("deal", record, change), who="rep"))
    assert locked_code(lambda: world.run(lambda s: s.delete("deal", record), who="rep")) == "W160"
    assert locked_code(hand_over) == "W160"
    assert bulk("update") == [423, 200]
    assert bulk("delete") == [423, 204]


def test_a_cascade_stops_at_a_locked_record(make_world: Make) -> None:
    """Deleting what a locked record hangs on is refused as well."""
    line = (
        DISCOUNT.replace("object: deal", "object: line")
        .replace("enter_if: discount > 0.15", 'enter_if: name = "lock"')
        .replace("owner.manager", "{role: boss}")
        .replace("if: discount > 0.25, ", "")
    )
    world = make(make_world, line)
    record = deal(world)
    world.run(lambda s: s.create("line", {"name": "lock", "deal": record}), who="rep")

    assert locked_code(lambda: world.run(lambda s: s.delete("deal", record), who="rep")) == "W160"


def test_a_locked_record_says_what_else_is_wrong(make_world: Make) -> None:
    """The refusal names the approval, and the rules that the change breaks besides."""
    world = make(make_world, DISCOUNT)
    record = deal(world, discount="0.2")

    with pytest.raises(RecordLocked) as refused:
        world.run(lambda s: s.update("deal", record, {"discount": "0.55"}), who="rep")

    assert refused.value.status == 423
    assert '"Discount approval"' in refused.value.message
    assert [error.code for error in refused.value.errors] == ["at_most_half"]


def test_an_approval_may_leave_its_record_open(make_world: Make) -> None:
    """With `lock: false` everybody goes on."""
    world = make(make_world, REVIEW)
    record = deal(world)
    submit(world, "rep", record)

    changed = world.run(lambda s: s.update("deal", record, {"note": "open"}), who="rep")

    assert changed["note"] == "open"


LOCKPICK = """\
permission_set: lockpick
objects: {deal: {edit: true}}
permissions: [edit_locked]
"""


def test_who_may_change_a_locked_record(make_world: Make) -> None:
    """Administrators; with the permission those who are asked, while they are; nobody else."""
    world = make(
        make_world,
        DISCOUNT,
        deal=DEAL.replace("sharing: read", "sharing: read_write"),
        access__permission_sets__lockpick=LOCKPICK,
    )
    record = deal(world, discount="0.3")
    with world.environment.database.write() as tx:
        for who in ("boss", "clerk"):
            set_permission_sets(tx, world.people[who], ["reader", "lockpick"])

    def change(who: str) -> object:
        return world.run(lambda s: s.update("deal", record, {"note": who}), who=who)

    change("admin")
    change("boss")
    assert locked_code(lambda: change("clerk")) == "W160"
    decide(world, "boss", record)
    change("clerk")
    assert locked_code(lambda: change("boss")) == "W160"


def test_a_request_goes_by_the_revision_it_began_with(make_world: Make) -> None:
    """Changed or retired meanwhile: its steps stay; the next submission takes the new ones."""
    world = make(make_world, DISCOUNT)
    old = deal(world, discount="0.3")
    publish_texts(world, texts(DISCOUNT.replace("{queue: finance}", "owner.manager")))
    new = deal(world, discount="0.3")

    assert asked(decide(world, "boss", old)) == ["Clerk", "Clerk2"]
    assert asked(decide(world, "boss", new)) == ["Boss"]

    publish_texts(world, texts(REVIEW))
    assert locked_code(lambda: world.run(lambda s: s.update("deal", old, {"note": "x"}), who="rep"))
    assert decide(world, "clerk2", old).request.status == "approved"


def test_a_revision_that_is_lost_decides_nothing(make_world: Make) -> None:
    """Where the version of a request cannot be read, it is recalled and submitted again."""
    world = make(make_world, DISCOUNT.replace("0.15", "0.14"))
    record = deal(world, discount="0.2")
    publish_texts(world, texts(DISCOUNT))
    with world.environment.database.write() as tx:
        tx.run(
            "DELETE FROM patron_revision WHERE component = 'approval:discount'"
            " AND digest NOT IN (SELECT digest FROM patron_component)"
        )

    assert code(lambda: decide(world, "boss", record), Conflict) == "W169"
    assert requests(world, record)[0].definition is None
    assert recall(world, "rep", record).request.status == "recalled"


def test_requests_in_flight_are_counted(make_world: Make) -> None:
    """What waits for an approval, for the plan that changes or retires it."""
    world = make(make_world, DISCOUNT)
    deal(world, discount="0.2")
    decide(world, "boss", deal(world, discount="0.2"))

    with world.environment.database.read() as tx:
        found = [count_in_flight(tx, component_key("approval", name)) for name in ("discount", "x")]

    assert found == [1, 0]


def test_statements(make_world: Make) -> None:
    """Two for an approval that is entered, none for one that does not concern the record."""
    world = make(make_world)
    values = {"name": "a", "amount": 1}

    def create(discount: str) -> Callable[[Session], object]:
        return lambda session: session.create("deal", {**values, "discount": discount})

    world.run(create("0.1"), who="rep")
    without = world.statements(create("0.2"), who="rep")
    publish_texts(world, texts(DISCOUNT))
    world.run(create("0.1"), who="rep")
    idle, entered = (world.statements(create(high), who="rep") for high in ("0.1", "0.2"))

    assert (idle - without, entered - without) == (0, 2)
