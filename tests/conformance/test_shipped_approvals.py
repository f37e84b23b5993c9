"""The shipped approvals, each played whole: who is asked, what is locked, what follows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import RecordLocked
from engine.session import Record, Session, Told
from engine.store.database import Database
from tests.support.worlds import World, build_world

SHIPPED = Path(__file__).parents[2] / "metadata"
REP = {"permission_sets": ["sales_rep"], "role": "sales"}
MANAGER = {"permission_sets": ["sales_rep", "sales_manager"], "role": "sales_manager"}
AGENT = {"permission_sets": ["service_agent"], "role": "service"}
# Beside them, people who decide; what they see is what an administrator gave them.
SEES = ["everything"]
OTHERS = {
    "chief": ("service_manager", SEES),
    "finance": ("finance", SEES),
    "finance2": ("finance", SEES),
    "legal": ("legal", SEES),
    "director": ("sales_director", SEES),
    "management": ("management", SEES),
}
EVERYTHING = """\
permission_set: everything
objects:
  opportunity: {read: true, view_all: true}
  contract: {read: true, view_all: true}
  refund: {read: true, view_all: true}
"""


@pytest.fixture
def world(database: Database) -> World:
    """Give an environment with the shipped metadata and everybody whom its approvals ask."""
    files = sorted(SHIPPED.rglob("*.yaml"))
    texts = {str(f.relative_to(SHIPPED)): f.read_text(encoding="utf-8") for f in files}
    texts["access/permission_sets/everything.yaml"] = EVERYTHING
    people = {"rep": REP, "manager": MANAGER, "agent": AGENT}
    people |= {who: {"role": role, "permission_sets": sets} for who, (role, sets) in OTHERS.items()}
    world = build_world(database, texts, people)
    manager = world.people["manager"]
    world.run(lambda s: s.update("user", world.people["rep"], {"manager": manager}))
    return world


def make(world: World, name: str, who: str, /, **values: object) -> Record:
    """Create a record as somebody."""
    return world.run(lambda s: s.create(name, values), who=who)


def read(world: World, name: str, record: Record) -> Record:
    """Read a record again, with full rights."""
    return world.run(lambda s: s.get(name, int(record["id"])), write=False)


def submit(world: World, name: str, record: Record, who: str) -> Told:
    """Submit a record."""
    number = int(record["id"])
    return world.run(lambda s: s.approvals.submit(s.compiled(name), number), who=who)


def decide(world: World, name: str, record: Record, who: str, answer: str = "approved") -> str:
    """Decide as somebody, and give the state and the step of the request."""
    number = int(record["id"])

    def work(session: Session) -> Told:
        return session.approvals.decide(session.compiled(name), number, answer)

    told = world.run(work, who=who)
    return f"{told.request.status} {told.request.step}"


def is_locked(work: Callable[[], object]) -> bool:
    """Tell whether a change is refused by a lock."""
    with pytest.raises(RecordLocked):
        work()
    return True


def mails(world: World) -> list[str]:
    """Name the mails that wait, by their template."""
    with world.environment.database.read() as tx:
        rows = tx.rows("SELECT payload FROM patron_outbox WHERE kind = 'mail' ORDER BY id")
    return [row[0] for row in rows]


def test_a_discount(world: World) -> None:
    """20 % waits by itself for the manager, 28 % for finance too; refused, the discount goes."""
    account = make(world, "account", "rep", name="Castor", billing_country="fr")
    about = {"name": "Licence", "account": account["id"], "amount": 50000}
    small = make(world, "opportunity", "rep", **about, discount="0.2")
    high = make(world, "opportunity", "rep", **about, discount="0.28")
    refused = make(world, "opportunity", "rep", **about, discount="0.2")
    number = int(small["id"])

    assert is_locked(
        lambda: world.run(lambda s: s.update("opportunity", number, {"amount": 1}), who="rep")
    )
    assert decide(world, "opportunity", small, "manager") == "approved manager"
    assert read(world, "opportunity", small)["is_discount_approved"] is True
    assert decide(world, "opportunity", high, "manager") == "pending finance"
    assert decide(world, "opportunity", high, "finance", "rejected") == "pending manager"
    assert decide(world, "opportunity", high, "manager") == "pending finance"
    assert decide(world, "opportunity", high, "finance2") == "approved finance"
    assert decide(world, "opportunity", refused, "manager", "rejected") == "rejected manager"
    assert read(world, "opportunity", refused)["discount"] == 0
    assert sum("discount_rejected" in mail for mail in mails(world)) == 1
    changed = world.run(lambda s: s.update("opportunity", number, {"amount": 1}), who="rep")
    assert changed["amount"] == Decimal(1)


def test_a_contract(world: World) -> None:
    """Read by the manager, by lawyers for special terms, by all of management when it is big."""
    account = make(world, "account", "rep", name="Castor", billing_country="fr")
    contract = make(
        world,
        "contract",
        "rep",
        name="Gold",
        account=account["id"],
        starts_on="2026-01-31",
        term_months=48,
        annual_value=24000,
        has_special_terms=True,
        special_terms="Liability capped at one yearly fee",
    )

    told = submit(world, "contract", contract, "rep")

    assert (told.request.step, read(world, "contract", contract)["status"]) == (
        "manager",
        "in_approval",
    )
    assert decide(world, "contract", contract, "manager") == "pending lawyers"
    assert decide(world, "contract", contract, "legal") == "pending management"
    assert decide(world, "contract", contract, "director") == "pending management"
    assert decide(world, "contract", contract, "management") == "approved management"
    assert read(world, "contract", contract)["status"] == "approved"


def test_a_refund(world: World) -> None:
    """Small ones by the head of service, from 500 by finance too, from 10,000 by two of them."""
    account = make(world, "account", "admin", name="Castor", billing_country="fr")
    about = {"account": account["id"], "reason": "billing_error"}
    small, middle, big, refused = (
        make(world, "refund", "agent", **about, amount=amount)
        for amount in ("99.90", "600", "12000", "50")
    )
    for one in (small, middle, big, refused):
        submit(world, "refund", one, "agent")

    assert decide(world, "refund", small, "chief") == "approved service"
    assert decide(world, "refund", middle, "chief") == "pending finance"
    assert decide(world, "refund", middle, "finance") == "approved finance"
    assert decide(world, "refund", big, "chief") == "pending big"
    assert decide(world, "refund", big, "finance") == "pending big"
    assert decide(world, "refund", big, "finance2") == "approved big"
    assert decide(world, "refund", refused, "chief", "rejected") == "rejected service"
    states = [str(read(world, "refund", one)["status"]) for one in (small, middle, big, refused)]
    assert states == ["approved", "approved", "approved", "rejected"]
