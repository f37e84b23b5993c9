"""Runs that wait, moments and regular times: rows that any worker goes on with, each once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from engine.clock import FixedClock
from engine.errors import Conflict
from engine.jobs.running import go_on_in
from engine.jobs.table import Work
from engine.saving.runs.resuming import cancel, retry
from engine.session import ListRequest, Session, run
from engine.snapshots import Environments
from engine.store.failures import Busy
from engine.store.platform import runs
from engine.store.platform.enter import MemberCredential
from engine.store.platform.runs import RunRow, Wanted
from engine.unit import in_name_of
from tests.support.worlds import World, environment_of, publish_texts, texts_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DEAL = """\
object: deal
label: Deal
sharing: read
fields:
  name: {type: text}
  stage: {type: picklist, default: open, values: {open: {label: Open}, won: {label: Won}}}
  closes: {type: date}
  note: {type: text}
  count: {type: number, default: 0}
"""


def flow(steps: str, when: str = "created", name: str = "w", condition: str = "") -> str:
    """Write a workflow on deals."""
    criteria = f"if: {condition!r}\n" if condition else ""
    return f"workflow: {name}\nobject: deal\nwhen: {when}\n{criteria}steps:\n{steps}"


def with_flows(*flows: str) -> dict[str, str]:
    """Give a configuration of deals with workflows."""
    return texts_of({"deal": DEAL}, workflows__deals="---\n".join(flows))


def at(world: World, moment: datetime, work: Callable[[Session], object]) -> dict[str, object]:
    """Do some work at an instant."""
    return cast("dict[str, object]", world.run(work, clock=FixedClock(moment)))


def worker(world: World, moment: datetime) -> None:
    """Do what a worker that has just started does at an instant."""
    fresh = environment_of("production", world.environment.database)
    nowhere = cast("Environments", None)  # one environment is given by hand
    go_on_in(fresh, Work(environments=nowhere, clock=FixedClock(moment), home=Path()))


def deals(world: World, *fields: str) -> list[tuple[object, ...]]:
    """Give values of all deals, in order of their ids."""
    request = ListRequest(object="deal", fields=fields, sort=("id",), limit=1000)
    found = world.run(lambda s: s.list(request), write=False).records
    return [tuple(row[name] for name in fields) for row in found]


def runs_of(world: World, **wanted: object) -> list[RunRow]:
    """Give the runs there are, the oldest first."""

    def work(session: Session) -> list[RunRow]:
        return runs.list_runs(session.unit.tx, Wanted(**wanted), limit=1000)  # type: ignore[arg-type]  # passed on

    return world.run(work, write=False)[::-1]


def test_a_run_waits_ninety_days_and_goes_on_in_another_process(
    make_world: Callable[..., World],
) -> None:
    """Its place is a row; days keep the time of day over the change of clocks."""
    steps = """\
  - {name: first, set: {note: '"waiting"'}}
  - {name: pause, wait: {for: 90 days}}
  - {name: last, set: {note: '"gone on"', count: count + 1}}
"""
    world = make_world(with_flows(flow(steps)))
    at(world, NOW, lambda s: s.create("deal", {"name": "a"}))

    (run,) = runs_of(world)
    assert (run.state, run.waits_for, run.due_at) == (
        "waiting",
        "time",
        datetime(2026, 6, 8, 11, tzinfo=UTC),
    )
    worker(world, NOW + timedelta(days=89))
    assert deals(world, "note") == [("waiting",)]
    worker(world, NOW + timedelta(days=91))
    worker(world, NOW + timedelta(days=92))
    assert deals(world, "note", "count") == [("gone on", 1)]
    assert [one.state for one in runs_of(world)] == ["done"]


def test_a_run_waits_until_a_date_and_until_a_condition(make_world: Callable[..., World]) -> None:
    """A date begins in the project's zone; a condition is looked at when the record is saved."""
    steps = """\
  - {name: date, wait: {until: closes - 7}}
  - {name: mark, set: {note: '"soon"'}}
  - {name: won, wait: {until: stage = "won"}}
  - {name: done, set: {note: '"won"'}}
"""
    world = make_world(with_flows(flow(steps)))
    made = at(world, NOW, lambda s: s.create("deal", {"closes": "2026-04-17"}))
    blank = at(world, NOW, lambda s: s.create("deal", {"name": "no date"}))

    first, second = runs_of(world)
    assert (first.due_at, second.waits_for) == (datetime(2026, 4, 9, 22, tzinfo=UTC), "condition")
    worker(world, datetime(2026, 4, 9, 23, tzinfo=UTC))
    assert deals(world, "note") == [("soon",), ("soon",)]
    later = datetime(2026, 4, 12, tzinfo=UTC)
    for record in (made, blank):
        at(world, later, lambda s, r=record: s.update("deal", r["id"], {"stage": "won"}))
    worker(world, later)
    assert deals(world, "note") == [("won",), ("won",)]


def test_a_run_keeps_to_the_revision_it_began_with(make_world: Callable[..., World]) -> None:
    """A new version runs for new runs; one that was retired still ends what it began."""
    old = "  - {name: p, wait: {for: 1 day}}\n  - {name: s, set: {note: '\"old\"'}}\n"
    new = old.replace("old", "new")
    world = make_world(with_flows(flow(old)))
    at(world, NOW, lambda s: s.create("deal", {"name": "a"}))
    publish_texts(world, with_flows(flow(new)))
    at(world, NOW, lambda s: s.create("deal", {"name": "b"}))
    publish_texts(world, with_flows(flow(new, name="other")))

    worker(world, NOW + timedelta(days=2))

    assert deals(world, "note") == [("old",), ("new",)]


def test_a_run_whose_fields_are_gone_fails_and_says_so(make_world: Callable[..., World]) -> None:
    """What it was does not fit any more: the run is kept, with the reason."""
    steps = "  - {name: p, wait: {for: 1 day}}\n  - {name: s, set: {note: '\"old\"'}}\n"
    world = make_world(with_flows(flow(steps)))
    at(world, NOW, lambda s: s.create("deal", {"name": "a"}))
    publish_texts(world, texts_of({"deal": DEAL.replace("  note: {type: text}\n", "")}))

    worker(world, NOW + timedelta(days=2))

    (run,) = runs_of(world)
    assert (run.state, run.code) == ("failed", "W114")
    assert '"note"' in run.error


AT = "{at: {field: closes, offset: -30 days, where: 'stage = \"open\"'}}"
MARK = "  - {name: s, set: {note: '\"due\"', count: count + 1}}\n"


def test_a_date_is_planned_anew_whenever_it_is_saved(make_world: Callable[..., World]) -> None:
    """Once for each date; a day that is past already counts while the date itself is ahead."""
    world = make_world(with_flows(flow(MARK, AT)))
    made = at(world, NOW, lambda s: s.create("deal", {"name": "a", "closes": "2026-06-01"}))
    at(world, NOW, lambda s: s.create("deal", {"name": "near", "closes": "2026-03-20"}))
    at(world, NOW, lambda s: s.create("deal", {"name": "over", "closes": "2026-03-01"}))
    at(world, NOW, lambda s: s.create("deal", {"closes": "2026-06-01", "stage": "won"}))

    worker(world, NOW)
    assert deals(world, "count") == [(0,), (1,), (0,), (0,)]
    worker(world, datetime(2026, 5, 2, 1, tzinfo=UTC))
    worker(world, datetime(2026, 5, 3, 1, tzinfo=UTC))
    assert deals(world, "count") == [(1,), (1,), (0,), (0,)]
    may = datetime(2026, 5, 4, tzinfo=UTC)
    at(world, may, lambda s: s.update("deal", made["id"], {"name": "same date"}))
    worker(world, may)
    at(world, may, lambda s: s.update("deal", made["id"], {"closes": "2026-08-01"}))
    worker(world, datetime(2026, 8, 1, tzinfo=UTC))
    assert deals(world, "count") == [(2,), (1,), (0,), (0,)]


def test_records_that_were_there_before_are_planned_too(make_world: Callable[..., World]) -> None:
    """Publishing plans them in small pieces; a second worker plans nothing twice."""
    world = make_world(texts_of({"deal": DEAL}))
    rows = [{"name": str(n), "closes": "2026-06-01"} for n in range(501)]
    at(world, NOW, lambda s: s.bulk("deal", "create", rows, atomic=True))
    publish_texts(world, with_flows(flow(MARK, AT)))

    for _ in range(4):
        worker(world, NOW)
    worker(world, datetime(2026, 5, 3, tzinfo=UTC))

    assert set(deals(world, "count")) == {(1,)}


EVERY = "{every: {cron: '0 7 * * 1', where: 'stage = \"open\"'}}"


def test_regular_times_run_once_for_each_record_that_matches(
    make_world: Callable[..., World],
) -> None:
    """In the project's zone; what was missed while no worker was there happens once."""
    world = make_world(with_flows(flow(MARK, EVERY, condition='name <> "not me"')))
    for name, stage in (("a", "open"), ("b", "won"), ("not me", "open")):
        values = {"name": name, "stage": stage}
        at(world, NOW, lambda s, v=values: s.create("deal", v))

    worker(world, NOW)
    worker(world, datetime(2026, 3, 16, 5, 59, tzinfo=UTC))
    assert deals(world, "count") == [(0,), (0,), (0,)]
    worker(world, datetime(2026, 3, 16, 6, tzinfo=UTC))
    worker(world, datetime(2026, 3, 16, 6, 1, tzinfo=UTC))
    assert deals(world, "count") == [(1,), (0,), (0,)]
    worker(world, datetime(2026, 4, 27, 12, tzinfo=UTC))
    worker(world, datetime(2026, 4, 27, 13, tzinfo=UTC))
    assert deals(world, "count") == [(2,), (0,), (0,)]


def test_two_workers_at_once_start_nothing_twice(make_world: Callable[..., World]) -> None:
    """Waits, dates and regular times, each taken by one of them."""
    wait = "  - {name: p, wait: {for: 1 hour}}\n" + MARK
    world = make_world(
        with_flows(flow(wait, name="a"), flow(MARK, AT, name="b"), flow(MARK, EVERY, name="c"))
    )
    rows = [{"name": str(n), "closes": "2026-04-15"} for n in range(30)]
    worker(world, NOW)
    at(world, NOW, lambda s: s.bulk("deal", "create", rows, atomic=True))
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(3):
                with suppress(Busy):  # the job comes back a second later
                    worker(world, datetime(2026, 3, 16, 6, 30, tzinfo=UTC))
        except BaseException as error:  # noqa: BLE001  # told below
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    worker(world, datetime(2026, 3, 16, 6, 31, tzinfo=UTC))
    assert not failed
    assert {run.state for run in runs_of(world)} == {"done"}
    assert set(deals(world, "count")) == {(3,)}


def test_a_failed_run_is_tried_again_and_one_that_waits_is_cancelled(
    make_world: Callable[..., World],
) -> None:
    """Behind what is kept: what was done before the wait is not done twice."""
    steps = """\
  - {name: first, set: {count: count + 1}}
  - {name: pause, wait: {for: 1 day}}
  - {name: bad, set: {note: TEXT(10 / (count - 1))}}
"""
    world = make_world(with_flows(flow(steps)))
    made = at(world, NOW, lambda s: s.create("deal", {"name": "a"}))
    at(world, NOW, lambda s: s.create("deal", {"name": "b"}))
    one, two = runs_of(world)
    cancelled = world.run(lambda s: cancel(s.unit, two.id))
    worker(world, NOW + timedelta(days=2))
    failed, _ = runs_of(world)

    at(world, NOW, lambda s: s.update("deal", made["id"], {"count": 3}))
    again = world.run(lambda s: retry(s.unit, one.id, partial(in_name_of, s.unit)))

    assert (failed.state, failed.code, cancelled.state) == ("failed", "W110", "cancelled")
    assert (again.state, again.error) == ("done", "")
    assert deals(world, "note", "count") == [("5", 3), (None, 1)]
    with pytest.raises(Conflict) as refused:
        world.run(lambda s: cancel(s.unit, one.id))
    assert refused.value.code == "W115"


def test_a_run_whose_record_is_gone_says_so(make_world: Callable[..., World]) -> None:
    """It fails with the reason, and goes on once the record is back."""
    steps = "  - {name: p, wait: {for: 1 day}}\n" + MARK
    world = make_world(with_flows(flow(steps)))
    made = at(world, NOW, lambda s: s.create("deal", {"name": "a"}))
    world.run(lambda s: s.delete("deal", int(str(made["id"]))))

    worker(world, NOW + timedelta(days=2))
    (run,) = runs_of(world)
    world.run(lambda s: s.restore("deal", int(str(made["id"]))))
    world.run(lambda s: retry(s.unit, run.id, partial(in_name_of, s.unit)))

    assert (run.state, run.code) == ("failed", "W113")
    assert deals(world, "count") == [(1,)]


ASK = """\
approval: ask
object: deal
submit: {by: [owner]}
steps: [{name: one, approvers: owner.manager}]
"""


@pytest.mark.parametrize(("answer", "note"), [("approved", "yes"), ("rejected", "no")])
def test_a_run_waits_for_a_decision_and_goes_on(
    make_world: Callable[..., World], answer: str, note: str
) -> None:
    """The step submits the record; whatever is decided, the run goes on and looks at it."""
    ask = ASK + "on_approve: [{name: mark, set: {stage: won}}]\n"
    steps = """\
  - {name: ask, approve: ask}
  - name: look
    if: stage = "won"
    then: [{name: yes, set: {note: '"yes"'}}]
    else: [{name: no, set: {note: '"no"'}}]
"""
    flows = with_flows(flow(steps))
    boss = {"permission_sets": ["system_administrator"]}
    world = make_world({**flows, "approvals/ask.yaml": ask}, boss=boss)
    people = world.people
    world.run(lambda s: s.update("user", people["admin"], {"manager": people["boss"]}))
    made = at(world, NOW, lambda s: s.create("deal", {"name": "a"}))
    worker(world, NOW + timedelta(days=5))
    (waiting,) = runs_of(world)

    def decide(session: Session) -> object:
        deal = session.compiled("deal")
        return session.approvals.decide(deal, int(str(made["id"])), answer, None, "")

    world.run(decide, who="boss")
    worker(world, datetime.now(UTC) + timedelta(minutes=1))

    assert waiting.waits_for.startswith("approval:")
    assert deals(world, "note") == [(note,)]
    assert {run.state for run in runs_of(world)} == {"done"}


def test_what_comes_in_starts_webhook_workflows(make_world: Callable[..., World]) -> None:
    """A record that an incoming endpoint makes, and no other."""
    world = make_world(with_flows(flow(MARK, "webhook")))
    credential = MemberCredential(world.people["admin"])
    for source in ("webhook", "api"):
        run(
            world.environment,
            credential,
            lambda s: s.create("deal", {"name": "x"}),
            write=True,
            source=source,
        )

    assert deals(world, "count") == [(1,), (0,)]


def test_runs_that_ended_long_ago_are_forgotten(make_world: Callable[..., World]) -> None:
    """With their steps; what failed and what waits stays."""
    bad = "  - {name: s, set: {count: 1 / (count - count)}}\n"
    wait = "  - {name: p, wait: {for: 300 days}}\n"
    world = make_world(with_flows(flow(MARK, name="a"), flow(bad, name="b"), flow(wait, name="c")))
    at(world, NOW, lambda s: s.create("deal", {"name": "a"}))

    for days in (10, 100):
        before = NOW + timedelta(days=days)
        world.run(lambda s, b=before: runs.sweep(s.unit.tx, before=b - timedelta(days=90)))

    assert sorted(run.state for run in runs_of(world)) == ["failed", "waiting"]
    steps = world.run(lambda s: s.unit.tx.rows("SELECT count(*) FROM patron_run_step"))
    assert steps == [(2,)]
