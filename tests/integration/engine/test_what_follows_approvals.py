"""What follows from approvals: their steps run with full rights, and runs that wait go on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.saving.runs.resuming import resume_due
from engine.session import Session
from engine.store.platform import runs
from engine.store.platform.history import read
from engine.store.platform.runs import RunRow, Wanted
from engine.unit import in_name_of
from tests.support.approving import DISCOUNT, NOW, at, deal, decide, make, recall, requests, texts
from tests.support.worlds import World, publish_texts

Make = Callable[..., World]
STEPPED = (
    DISCOUNT
    + """\
on_submit: [{name: mark, set: {status: waiting}}]
on_approve: [{name: mark, set: {is_approved: true, status: done}}]
on_reject: [{name: reset, set: {discount: 0, status: draft}}]
on_recall: [{name: reset, set: {status: draft, note: '"taken back"'}}]
"""
)
ASKING = """\
workflow: ask_first
object: deal
when: updated
if: ISCHANGED(note) AND note = "go"
steps:
  - {name: ask, approve: discount}
  - {name: after, set: {code: '"asked"'}}
"""


def read_deal(world: World, record: int) -> dict[str, object]:
    """Read a deal."""
    return world.run(lambda s: s.get("deal", record), write=False)


def runs_of(world: World, record: int) -> list[RunRow]:
    """Give the runs of a record, oldest first."""

    def work(session: Session) -> list[RunRow]:
        return sorted(
            runs.list_runs(session.unit.tx, Wanted(record=record)), key=lambda run: run.id
        )

    return world.run(work, write=False)


def test_steps_follow_each_deed_though_the_record_is_locked(make_world: Make) -> None:
    """On submit, on approve, on reject and on recall; the one who decides may not edit."""
    world = make(make_world, STEPPED)
    first, second, third = (deal(world, discount="0.2") for _ in range(3))

    waiting = read_deal(world, first)
    decide(world, "boss", first)
    decide(world, "boss", second, "rejected")
    recall(world, "rep", third)

    assert waiting["status"] == "waiting"
    assert (read_deal(world, first)["is_approved"], read_deal(world, first)["status"]) == (
        True,
        "done",
    )
    assert (read_deal(world, second)["discount"], read_deal(world, second)["status"]) == (
        0,
        "draft",
    )
    assert read_deal(world, third)["note"] == "taken back"
    assert [len(requests(world, one)) for one in (first, second, third)] == [1, 1, 1]


def test_what_follows_never_submits_the_same_again(make_world: Make) -> None:
    """Sent back to a state that needs the approval: it waits for somebody to change something."""
    again = STEPPED.replace(
        "enter_if: discount > 0.15", "enter_if: status = 'draft' AND discount > 0"
    ).replace("set: {discount: 0, status: draft}", "set: {status: draft}")
    world = make(make_world, again)
    record = deal(world, discount="0.2")

    decide(world, "boss", record, "rejected")

    assert [one.request.status for one in requests(world, record)] == ["rejected"]


def test_history_names_who_decided(make_world: Make) -> None:
    """The change comes by automation, in the name of the one whose click it followed."""
    kept = "features: {history: true}\nfields:\n"
    from_files = texts(STEPPED)
    world = make(make_world, STEPPED)
    from_files["objects/deal.yaml"] = from_files["objects/deal.yaml"].replace("fields:\n", kept, 1)
    publish_texts(world, from_files)
    record = deal(world, discount="0.2")
    decide(world, "boss", record)

    with world.environment.database.read() as tx:
        newest = read(tx, record)[0]

    assert (newest.actor, newest.source) == (world.people["boss"], "workflow")
    assert newest.changes["is_approved"] == [False, True]


def test_a_run_waits_for_the_decision(make_world: Make) -> None:
    """A step `approve` submits; its run goes on when somebody has decided."""
    world = make(make_world, DISCOUNT, workflows__ask=ASKING)
    record = deal(world, discount="0.2")
    recall(world, "rep", record)
    world.run(lambda s: s.update("deal", record, {"note": "go"}), who="rep", clock=at())

    (waiting,) = runs_of(world, record)
    decide(world, "boss", record)
    world.run(go_on, who="admin", clock=at())
    (done,) = runs_of(world, record)

    assert waiting.waits_for == f"approval:{requests(world, record)[0].request.id}"
    assert (done.state, read_deal(world, record)["code"]) == ("done", "asked")


def go_on(session: Session) -> int:
    """Go on with whatever is due, as the worker does."""
    return resume_due(session.unit, partial(in_name_of, session.unit))


def test_steps_are_those_of_the_revision_it_began_with(make_world: Make) -> None:
    """Changed meanwhile: what was promised at submission follows."""
    world = make(make_world, STEPPED)
    record = deal(world, discount="0.2")
    publish_texts(world, texts(STEPPED.replace("status: done", "status: draft")))

    decide(world, "boss", record)

    assert read_deal(world, record)["status"] == "done"


def test_a_step_that_fails_leaves_the_decision(make_world: Make) -> None:
    """The run is kept as failed; what was decided stays decided."""
    world = make(make_world, STEPPED.replace("status: done}", "status: done, discount: 0.55}"))
    record = deal(world, discount="0.2")

    told = decide(world, "boss", record)

    assert told.request.status == "approved"
    assert [run.state for run in runs_of(world, record)] == ["done", "failed"]
    assert read_deal(world, record)["is_approved"] is False
    assert told.request.ended_at == NOW
