"""The shipped application works: a year of one customer, and every list, on both databases."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import RecordInvalid
from engine.session import ListRequest, Record
from engine.store.database import Database
from tests.support.worlds import World, build_world

SHIPPED = Path(__file__).parents[2] / "metadata"
REP = {"permission_sets": ["sales_rep"], "role": "sales"}
MANAGER = {"permission_sets": ["sales_rep", "sales_manager"], "role": "sales_manager"}
AGENT = {"permission_sets": ["service_agent"], "role": "service"}
# What a record of each object takes at least, beside the records it points at.
LEAST: dict[str, dict[str, object]] = {
    "account": {"name": "Castor Énergie", "billing_country": "fr", "billing_city": "Lyon"},
    "contact": {"first_name": "Amélie", "last_name": "Dufour", "email": "a.dufour@example.com"},
    "campaign": {"name": "Spring fair", "code": "FAIR", "actual_cost": 1000},
    "lead": {"last_name": "Petit", "company": "Brioche & Fils", "phone": "+33144556677"},
    "product": {"name": "Gold support", "code": "GOLD"},
    "price_book": {"name": "Standard", "code": "STD"},
    "opportunity": {"name": "Group licence", "amount": 50000, "discount": Decimal("0.2")},
    "task": {"subject": "Call back"},
    "call": {"subject": "First call", "duration": 18},
    "note": {"title": "Competitor", "body": "Quoted 390 k"},
    "case": {"subject": "Invoice twice"},
    "contract": {
        "name": "Gold 2026",
        "starts_on": "2026-01-31",
        "term_months": 13,
        "annual_value": 24000,
    },
    "refund": {"amount": "99.90", "reason": "billing_error"},
}


@pytest.fixture
def world(database: Database) -> World:
    """Give an environment with the shipped metadata, a rep, a manager and a service agent."""
    files = sorted(SHIPPED.rglob("*.yaml"))
    texts = {str(f.relative_to(SHIPPED)): f.read_text(encoding="utf-8") for f in files}
    return build_world(database, texts, {"rep": REP, "manager": MANAGER, "agent": AGENT})


def make(world: World, name: str, who: str = "admin", /, **values: object) -> Record:
    """Create a record with what it takes at least, and the given values."""
    return world.run(lambda s: s.create(name, {**LEAST.get(name, {}), **values}), who=who)


def read(world: World, name: str, record: Record, who: str = "admin") -> Record:
    """Read a record again."""
    return world.run(lambda s: s.get(name, int(record["id"])), who=who, write=False)


def change(
    world: World, name: str, record: Record, who: str = "admin", /, **values: object
) -> Record:
    """Change a record."""
    return world.run(lambda s: s.update(name, int(record["id"]), values), who=who)


def recall(world: World, name: str, record: Record, who: str) -> None:
    """Take back the request for approval that a record waits for."""
    number = int(record["id"])
    world.run(lambda s: s.approvals.recall(s.compiled(name), number), who=who)


def refused(
    world: World, name: str, record: Record, who: str = "admin", /, **values: object
) -> str:
    """Try a change that a rule must refuse, and give the rule's name."""
    with pytest.raises(RecordInvalid) as caught:
        change(world, name, record, who, **values)
    return caught.value.errors[0].code


def test_a_deal_adds_up(world: World) -> None:
    """Lines roll up into the deal, deals into the account, and formulas follow."""
    account = make(world, "account", "rep")
    deal = make(world, "opportunity", "rep", account=account["id"])
    product = make(world, "product", unit_cost=40)
    line = {"opportunity": deal["id"], "product": product["id"], "price": 100}
    make(world, "line_item", quantity=2, discount="0.1", unit_cost=40, **line)
    make(world, "line_item", quantity=5, is_optional=True, **line)

    found = read(world, "opportunity", deal)
    customer = read(world, "account", account)

    assert (found["line_count"], found["line_total"]) == (2, Decimal("180.00"))
    assert (found["margin_total"], found["margin_rate"]) == (Decimal("100.00"), Decimal("0.5556"))
    assert (found["net_amount"], found["expected_revenue"]) == (40000, 4000)
    assert (customer["open_opportunities"], customer["open_pipeline"]) == (1, 50000)
    assert customer["billing_address"] == "Lyon (FR)"


def test_rules_of_a_deal_hold(world: World) -> None:
    """A rep meets the rules of a deal, and a manager may pass two of them."""
    account = make(world, "account", "rep")
    deal = make(world, "opportunity", "rep", account=account["id"], discount="0.1")

    assert refused(world, "opportunity", deal, "rep", discount="0.4") == "discount_limit"
    change(world, "opportunity", deal, "manager", discount="0.4")
    recall(world, "opportunity", deal, "manager")
    change(world, "opportunity", deal, "rep", discount="0.1")
    assert refused(world, "opportunity", deal, "rep", stage="lost") == "lost_needs_reason"
    won = change(world, "opportunity", deal, "rep", stage="won")
    assert won["expected_revenue"] == won["net_amount"]
    reopened = {"stage": "negotiation"}
    assert refused(world, "opportunity", deal, "rep", **reopened) == "reopening_needs_permission"
    change(world, "account", account, is_on_hold=True, hold_reason="Two invoices unpaid")
    change(world, "opportunity", deal, "manager", stage="negotiation")
    assert refused(world, "opportunity", deal, "rep", stage="won") == "account_on_hold"


def test_a_rep_does_not_see_margins(world: World) -> None:
    """What the permission set withholds is absent, and what hangs on a deal follows the deal."""
    account = make(world, "account", "rep")
    deal = make(world, "opportunity", "rep", account=account["id"])
    product = make(world, "product")
    line = make(
        world, "line_item", opportunity=deal["id"], product=product["id"], price=10, unit_cost=4
    )

    seen = read(world, "line_item", line, "rep")

    assert seen["total"] == 10
    assert not {"margin", "unit_cost"} & set(seen)
    assert "margin_total" not in read(world, "opportunity", deal, "rep")


def test_people_have_many_companies(world: World) -> None:
    """A contact has roles at several accounts, once each, and both sides count them."""
    here, there = make(world, "account"), make(world, "account", name="Halle Logistik")
    person = make(world, "contact", account=here["id"])
    for account in (here, there):
        make(world, "account_contact", account=account["id"], contact=person["id"], roles=["buyer"])

    found = read(world, "contact", person)

    assert (found["name"], found["account_count"]) == ("Amélie Dufour", 2)
    assert read(world, "account", there)["contact_count"] == 1


def test_a_quote_and_a_contract_compute_their_dates_and_totals(world: World) -> None:
    """Quotes add tax to their lines; a term of 13 months from 31 January ends where months do."""
    account = make(world, "account")
    deal = make(world, "opportunity", account=account["id"])
    quote = make(world, "quote", name="Offer", opportunity=deal["id"], discount="0.1")
    product = make(world, "product")
    make(world, "quote_line", quote=quote["id"], product=product["id"], quantity=3, price=100)
    contract = make(world, "contract", account=account["id"])

    offered = read(world, "quote", quote)

    assert (offered["subtotal"], offered["tax_total"]) == (300, 60)
    assert (offered["net_total"], offered["grand_total"]) == (270, 324)
    assert contract["ends_on"] == date(2027, 2, 27)
    assert contract["total_value"] == 26000


def test_service_cases_are_answered(world: World) -> None:
    """A case needs a resolution, counts on its account, and adds up the refunds that were paid."""
    account = make(world, "account", "rep")
    case = make(world, "case", "agent", account=account["id"])
    refund = make(world, "refund", "agent", account=account["id"], case=case["id"])

    assert refused(world, "case", case, "agent", status="resolved") == "resolved_needs_resolution"
    assert read(world, "account", account)["open_cases"] == 1
    change(world, "refund", refund, status="approved")
    change(world, "refund", refund, status="paid", paid_on="2026-11-20")
    assert read(world, "case", case)["refund_total"] == Decimal("99.90")
    change(world, "case", case, "agent", status="resolved", resolution="Credit note sent")
    assert read(world, "account", account)["open_cases"] == 0


def test_a_campaign_counts_what_it_brought(world: World) -> None:
    """Leads, members and won deals roll up into their campaign."""
    campaign = make(world, "campaign")
    lead = make(world, "lead", campaign=campaign["id"])
    make(world, "campaign_member", campaign=campaign["id"], lead=lead["id"], status="responded")
    account = make(world, "account")
    deal = make(world, "opportunity", account=account["id"], campaign=campaign["id"])
    change(world, "opportunity", deal, stage="won", amount=3000)

    found = read(world, "campaign", campaign)

    assert (found["lead_count"], found["response_rate"]) == (1, 1)
    assert (found["won_revenue"], found["return_on_cost"]) == (3000, 2)


def test_activities_belong_to_any_record(world: World) -> None:
    """Tasks, calls, meetings and notes point at an account, a deal or a case alike."""
    account = make(world, "account")
    deal = make(world, "opportunity", account=account["id"])
    case = make(world, "case", account=account["id"])
    for about in (account, deal, case):
        make(world, "task", related_to=about["id"])
        make(world, "call", related_to=about["id"])
        make(world, "note", related_to=about["id"])
    times = {"starts_at": "2026-11-24T09:00:00Z", "ends_at": "2026-11-24T09:45:00Z"}

    met = make(world, "meeting", subject="Review", related_to=deal["id"], **times)

    assert met["duration"] == 45


def test_every_view_lists(world: World) -> None:
    """Each list view runs as SQL, for the administrator and for the rep who may read its object."""
    model = world.run(lambda s: s.snapshot.model, write=False)
    views = [(owner, name) for owner, named in model.views.items() for name in named]
    account = make(world, "account", "rep")
    make(world, "opportunity", "rep", account=account["id"])
    readable = {entry["object"] for entry in world.run(lambda s: s.objects(), who="rep")}

    for owner, name in views:
        request = ListRequest(object=owner, view=name, count=True)
        for who in ("admin", *(["rep"] if owner in readable else [])):
            page = world.run(lambda s, r=request: s.list(r), who=who, write=False)
            assert page.count == len(page.records), f"{owner}.{name}"

    mine = ListRequest(object="opportunity", view="my_open")
    assert len(world.run(lambda s: s.list(mine), who="rep", write=False).records) == 1
