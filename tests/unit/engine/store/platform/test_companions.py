"""History, outbox, audit, kept answers, deployments, values: what accompanies the records."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from engine.names import ObjectName
from engine.store.database import Database
from engine.store.failures import UniqueViolated
from engine.store.platform import deployments, history, idempotency, outbox, values
from engine.store.platform.head import read_head

LEAD = ObjectName("lead")


def entry(version: int, **changes: tuple[object, object]) -> history.Entry:
    """Make an entry for record 5."""
    return history.Entry(
        record=5,
        object=LEAD,
        version=version,
        event="updated",
        changes=changes,  # type: ignore[arg-type]  # values of records
    )


def test_history_comes_back_newest_first_with_exact_values(environment: Database, now: datetime):
    """Decimals keep their digits, dates and times their zone; blank is null."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 6000, tzinfo=UTC)
    first = entry(1, amount=(None, Decimal("12.50")), tags=(None, ("a", "b")))
    second = entry(2, closed=(date(2026, 1, 2), None), at=(None, moment))

    with environment.write() as tx:
        history.append(tx, [first], at=now, actor=100, source="api")
        history.append(tx, [second, entry(3)], at=now, actor=100, source="ui")
        spent = tx.statements
    with environment.read() as tx:
        found = history.read(tx, 5)
        page = history.read(tx, 5, before=3, limit=1)

    assert spent == 2
    assert [kept.version for kept in found] == [3, 2, 1]
    assert found[1].changes["closed"] == ["2026-01-02", None]
    assert found[1].changes["at"][1] == "2026-01-02T03:04:05.006000Z"
    assert str(found[2].changes["amount"][1]) == "12.50"
    assert found[2].changes["tags"] == [None, ["a", "b"]]
    assert (found[2].at, found[2].actor, found[2].source) == (now, 100, "api")
    assert page == [found[1]]


def effect(key: str) -> outbox.Effect:
    """Make an effect."""
    return outbox.Effect(kind="mail", payload={"to": "a", "amount": Decimal("1.10")}, key=key)


def take(database: Database, at: datetime, **more: int) -> list[outbox.Taken]:
    """Take due effects for five minutes."""
    with database.write() as tx:
        return outbox.take(tx, at=at, until=at + timedelta(minutes=5), **more)


def test_an_effect_is_taken_once_and_finished(environment: Database, now: datetime):
    """A second worker finds nothing; the payload is what was put."""
    with environment.write() as tx:
        outbox.put(tx, [effect("1"), effect("2"), effect("1")], at=now)

    first, second = take(environment, now), take(environment, now)
    with environment.write() as tx:
        for taken in first:
            outbox.finish(tx, taken, at=now)
    later = take(environment, now + timedelta(days=1))

    assert [taken.key for taken in first] == ["1", "2"]
    assert first[0].payload == {"to": "a", "amount": Decimal("1.10")}
    assert second == later == []


def test_an_effect_waits_for_its_instant(environment: Database, now: datetime):
    """What is due later is not taken now."""
    with environment.write() as tx:
        outbox.put(tx, [effect("1")], at=now, due=now + timedelta(hours=1))

    assert take(environment, now + timedelta(minutes=59)) == []
    assert len(take(environment, now + timedelta(hours=1))) == 1


def test_a_failed_effect_is_tried_again_later_and_later_then_kept(
    environment: Database, now: datetime
):
    """Back-off doubles; after the last attempt an admin finds it as dead, with the error."""
    with environment.write() as tx:
        outbox.put(tx, [effect("1")], at=now)
    waits, at = [], now
    for _ in range(outbox.MOST_ATTEMPTS):
        (taken,) = take(environment, at)
        with environment.write() as tx:
            outbox.fail(tx, taken, error="no answer", at=at)
            ((state, due, error),) = tx.rows("SELECT state, due_at, error FROM patron_outbox")
        waits.append(due / 1000 - at.timestamp())
        at = datetime.fromtimestamp(due / 1000, UTC)

    assert [round(wait) for wait in waits[:3]] == [30, 60, 120]
    assert (state, error) == ("dead", "no answer")
    assert take(environment, at + timedelta(days=9)) == []


def test_what_a_dead_worker_held_is_free_again(environment: Database, now: datetime):
    """A worker that was killed loses no effect."""
    with environment.write() as tx:
        outbox.put(tx, [effect("1")], at=now)
    take(environment, now)

    with environment.write() as tx:
        early = outbox.free_stuck(tx, at=now)
        late = outbox.free_stuck(tx, at=now + timedelta(minutes=5))

    assert (early, late) == (0, 1)
    assert take(environment, now + timedelta(minutes=5))[0].attempts == 2


def test_an_answer_is_kept_under_its_key_and_user(environment: Database, now: datetime):
    """The same key of another user is another request; two at once cannot both be kept."""
    answer = idempotency.KeptAnswer(request="digest", status=201, answer='{"id":1}')
    with environment.write() as tx:
        idempotency.keep(tx, user=5, key="k", answer=answer, at=now)

    with environment.read() as tx:
        mine, other = idempotency.find(tx, user=5, key="k"), idempotency.find(tx, user=6, key="k")
    with pytest.raises(UniqueViolated), environment.write() as tx:
        idempotency.keep(tx, user=5, key="k", answer=answer, at=now)
    with environment.write() as tx:
        young = idempotency.forget(tx, before=now)
        old = idempotency.forget(tx, before=now + timedelta(seconds=1))

    assert (mine, other) == (answer, None)
    assert (young, old) == (0, 1)


def test_a_deployment_tells_how_far_it_came(environment: Database, now: datetime):
    """Its steps, its end and its plan can be read back."""
    with environment.write() as tx:
        number = deployments.start_deployment(
            tx, digest="d", base_version=3, plan="the plan", actor="ann", at=now
        )
        deployments.note_steps(tx, number, ["expand", "switch"])
    with environment.write() as tx:
        deployments.finish_deployment(tx, number, state="done", at=now, version=4)

    with environment.read() as tx:
        found = deployments.find_deployment(tx, number)
        listed = deployments.list_deployments(tx)
        missing = deployments.find_deployment(tx, 99)

    assert found is not None
    deployment, plan = found
    assert plan == "the plan"
    assert (deployment.state, deployment.version) == ("done", 4)
    assert deployment.steps == ("expand", "switch")
    assert deployment.finished_at == deployment.started_at == now
    assert listed == [deployment]
    assert missing is None


def test_a_value_is_seen_by_workers_at_once_and_secrets_by_no_expression(environment: Database):
    """The head gets a new token, so that snapshots with the old values are not used."""
    with environment.read() as tx:
        before = read_head(tx)

    with environment.write() as tx:
        values.put_value(tx, "ERP_URL", "https://erp", is_secret=False)
        values.put_value(tx, "ERP_KEY", "hush", is_secret=True)
        values.put_value(tx, "ERP_URL", "https://new", is_secret=False)

    with environment.read() as tx:
        after = read_head(tx)
        shown, names = values.load_values(tx), values.list_values(tx)
        secret, missing = values.read_value(tx, "ERP_KEY"), values.read_value(tx, "NO")
    assert after.token != before.token
    assert after.version == before.version
    assert shown == {"ERP_URL": "https://new"}
    assert names == {"ERP_KEY": True, "ERP_URL": False}
    assert (secret, missing) == ("hush", None)


def test_settings_are_the_environments_own(environment: Database):
    """Set and set again, of any JSON shape."""
    with environment.write() as tx:
        values.put_setting(tx, "approvers", 1)
        values.put_setting(tx, "approvers", 2)
        values.put_setting(tx, "windows", [{"from": "18:00"}])

    with environment.read() as tx:
        found = values.load_settings(tx)

    assert found == {"approvers": 2, "windows": [{"from": "18:00"}]}
