"""The shipped workflows really run: each is played with records, people and a clock of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from engine.clock import FixedClock
from engine.jobs.running import go_on_in
from engine.jobs.table import Work
from engine.session import ListRequest, Session
from engine.snapshots import Environments
from engine.store.database import Database
from engine.store.platform import runs
from engine.store.platform.runs import Wanted
from tests.support.repository import ROOT
from tests.support.worlds import World, build_world

NOW = datetime(2026, 3, 9, 9, tzinfo=UTC)  # a Monday
REP = ["sales_rep"]
PEOPLE: Mapping[str, Mapping[str, object]] = {
    "rep": {"role": "sales", "permission_sets": REP},
    "boss": {"role": "sales_manager", "permission_sets": [*REP, "sales_manager"]},
    "agent": {"role": "service", "permission_sets": ["service_agent"]},
    "chief": {"role": "service_manager", "permission_sets": ["service_agent"]},
}


@pytest.fixture
def shipped(database: Database) -> World:
    """Give an environment with the shipped configuration and people in it."""
    folder = ROOT / "metadata"
    texts = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.yaml"))
    }
    world = build_world(database, texts, PEOPLE)
    world.run(lambda s: s.update("user", world.people["rep"], {"manager": world.people["boss"]}))
    return world


def do(
    world: World, work: Callable[[Session], object], *, at: datetime = NOW, who: str = "rep"
) -> dict[str, object]:
    """Do some work as somebody at an instant."""
    return cast("dict[str, object]", world.run(work, who=who, clock=FixedClock(at)))


def made(world: World, object: str, *, who: str = "rep", **values: object) -> int:
    """Create a record and give its id."""
    return int(str(do(world, lambda s: s.create(object, values), who=who)["id"]))


def worker(world: World, at: datetime) -> None:
    """Let a worker do everything that is due at an instant."""
    nowhere = cast("Environments", None)  # the environment is given by hand
    work = Work(environments=nowhere, clock=FixedClock(at), home=Path())
    for _ in range(3):
        go_on_in(world.environment, work)


def found(world: World, name: str, *fields: str) -> list[dict[str, object]]:
    """Give values of all records of an object, in order of their ids."""
    request = ListRequest(object=name, fields=fields, sort=("id",), limit=200)
    rows = world.run(lambda s: s.list(request), write=False).records
    return [{field: row[field] for field in fields} for row in rows]


def get(world: World, name: str, record: int) -> Mapping[str, object]:
    """Give a record as the administrator sees it."""
    return world.run(lambda s: s.get(name, record), write=False)


def sent(world: World) -> list[tuple[str, str]]:
    """Give what waits to leave: kind, and the template or the endpoint."""
    sql = "SELECT kind, payload FROM patron_outbox ORDER BY id"

    def work(session: Session) -> list[tuple[str, str]]:
        rows = [(row[0], json.loads(row[1])) for row in session.unit.tx.rows(sql)]
        return [(kind, str(p.get("template") or p.get("endpoint"))) for kind, p in rows]

    return world.run(work, write=False)


def told(world: World) -> list[str]:
    """Give the texts of notifications."""
    sql = "SELECT text FROM patron_notification ORDER BY id"
    return world.run(lambda s: [str(row[0]) for row in s.unit.tx.rows(sql)], write=False)


def failed(world: World) -> list[tuple[str, str]]:
    """Give the runs that failed: which, and why."""

    def work(session: Session) -> list[tuple[str, str]]:
        rows = runs.list_runs(session.unit.tx, Wanted(state="failed"), limit=100)
        return [(row.component, row.error) for row in rows]

    return world.run(work, write=False)


def customer(world: World, who: str = "rep") -> int:
    """Create an account."""
    return made(world, "account", who=who, name="Castor Énergie")


def test_leads_are_assigned_and_welcomed(shipped: World) -> None:
    """Somebody in sales gets the lead and a task; three mails go out in three weeks."""
    values = {"first_name": "Ana", "last_name": "Roy", "company": "Castor", "source": "website"}
    lead = made(shipped, "lead", who="admin", email="ana@castor.test", **values)

    assert get(shipped, "lead", lead)["owner"] == shipped.people["rep"]
    assert [row["subject"] for row in found(shipped, "task", "subject")] == [
        "Call Ana Roy (Castor)"
    ]
    assert told(shipped) == ["New lead: Ana Roy, Castor"]
    assert sent(shipped) == [("mail", "welcome_1")]
    worker(shipped, NOW + timedelta(days=4))
    assert sent(shipped)[1:] == [("mail", "welcome_2")]
    worker(shipped, NOW + timedelta(days=19))
    assert sent(shipped)[2:] == [("mail", "welcome_3")]
    assert "Ask Ana Roy whether it is still a subject" in str(found(shipped, "task", "subject"))
    assert failed(shipped) == []


def test_a_lead_of_a_queue_has_its_task_there(shipped: World) -> None:
    """Who works in the queue finds both; nobody else is told."""
    person = {"first_name": "Luc", "last_name": "Roy", "email": "luc@pollux.test"}
    values = {**person, "company": "Pollux", "country": "fr", "source": "website"}
    lead = made(shipped, "lead", who="admin", **values)

    (task,) = found(shipped, "task", "owner")
    assert task["owner"] == get(shipped, "lead", lead)["owner"]
    assert task["owner"] not in shipped.people.values()
    assert failed(shipped) == []


def test_deals_raise_alerts_tasks_and_orders(shipped: World) -> None:
    """A hot deal, a proposal, a win and a loss, each with what it brings."""
    account = customer(shipped)
    deal = made(shipped, "opportunity", name="Big", account=account, amount=200000)
    lost = made(shipped, "opportunity", name="Small", account=account, amount=10)
    quote = made(shipped, "quote", opportunity=lost, name="Offer")

    do(shipped, lambda s: s.update("opportunity", deal, {"stage": "proposal"}))
    do(shipped, lambda s: s.update("opportunity", deal, {"stage": "negotiation"}))
    hot = get(shipped, "opportunity", deal)
    do(shipped, lambda s: s.update("opportunity", deal, {"stage": "won"}))
    do(shipped, lambda s: s.update("opportunity", lost, {"stage": "lost", "lost_reason": "price"}))

    assert (hot["priority"], str(hot["reviewed_on"])) == ("high", "2026-03-09")
    subjects = [str(row["subject"]) for row in found(shipped, "task", "subject")]
    assert subjects == [
        "Write the proposal for Castor Énergie",
        "Ask Castor Énergie about the proposal",
        "Call Castor Énergie",
        "Hand over Big to delivery",
        "Ask Castor Énergie again",
    ]
    assert sent(shipped) == [("mail", "hot_deal"), ("webhook", "erp_orders")]
    assert told(shipped)[-1] == "Won: Big"
    assert get(shipped, "quote", quote)["status"] == "expired"
    assert failed(shipped) == []


def test_stuck_deals_are_reminded_of_every_monday(shipped: World) -> None:
    """The owner by mail, after two months the manager as well."""
    account = customer(shipped)
    made(shipped, "opportunity", name="Slow", account=account, amount=10)
    worker(shipped, NOW)

    worker(shipped, datetime(2026, 4, 6, 6, tzinfo=UTC))
    assert sent(shipped) == [("mail", "stuck_deal")]
    worker(shipped, datetime(2026, 5, 18, 6, tzinfo=UTC))
    assert told(shipped) == ["Slow has not moved for two months"]
    assert failed(shipped) == []


def test_renewals_start_ninety_days_before_the_end(shipped: World) -> None:
    """An opportunity once; contracts that have ended are closed at night."""
    account = customer(shipped)
    values = {"name": "Support", "account": account, "starts_on": "2026-01-01", "term_months": 12}
    contract = made(shipped, "contract", **values, annual_value=24000)
    active = {"status": "active", "signed_on": "2025-12-20"}
    do(shipped, lambda s: s.update("contract", contract, active), who="admin")
    worker(shipped, NOW)
    assert found(shipped, "opportunity", "name") == []

    worker(shipped, datetime(2026, 10, 3, tzinfo=UTC))
    worker(shipped, datetime(2026, 10, 4, tzinfo=UTC))

    (renewal,) = found(shipped, "opportunity", "name", "record_type", "renewed_contract", "owner")
    assert renewal == {
        "name": "Renewal Support",
        "record_type": "renewal",
        "renewed_contract": contract,
        "owner": shipped.people["rep"],
    }
    assert get(shipped, "contract", contract)["is_renewal_started"] is True
    assert sent(shipped) == [("mail", "renewal_notice")]
    assert told(shipped) == ["Renewal started: Support"]
    worker(shipped, datetime(2027, 1, 3, tzinfo=UTC))
    assert get(shipped, "contract", contract)["status"] == "expired"
    assert failed(shipped) == []


def test_cases_are_taken_in_escalated_and_chased(shipped: World) -> None:
    """A queue and a mail at once; a day later the second level; a missed reply is a task."""
    account = customer(shipped)
    case = made(
        shipped,
        "case",
        who="agent",
        subject="Printer",
        account=account,
        priority="high",
        customer_email="ana@castor.test",
    )

    first = get(shipped, "case", case)
    assert first["owner"] != shipped.people["agent"]
    assert sent(shipped) == [("mail", "case_received")]
    worker(shipped, NOW)
    worker(shipped, NOW + timedelta(days=1, hours=2))
    case_now = get(shipped, "case", case)
    assert (case_now["is_escalated"], case_now["priority"]) == (True, "urgent")
    assert sent(shipped)[1:] == [("mail", "case_escalated")]
    do(shipped, lambda s: s.update("case", case, {"is_sla_missed": True}), who="admin")
    assert failed(shipped) == []
    assert "Reply time missed: Printer" in told(shipped)
    assert [row["subject"] for row in found(shipped, "task", "subject")] == [
        "Answer today: Printer"
    ]
    assert failed(shipped) == []
