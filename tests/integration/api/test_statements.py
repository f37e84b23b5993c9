"""Statements per request, by the formula: what is counted is what the driver was given.

create ≤ 4, update ≤ 5, delete ≤ 5, read ≤ 2, list ≤ 2 (≤ 3 with a count); plus 1 for a changed
lookup, plus 1 (SQLite) or 2 (PostgreSQL) per parent object with roll-ups. BEGIN and COMMIT do not
count. An Idempotency-Key costs one to look and one to keep.
"""

from __future__ import annotations

import uuid

import pytest

from tests.integration.api.conftest import Count
from tests.support.houses import Caller, House


@pytest.fixture
def per_parent(house: House) -> int:
    """Give what a parent with roll-ups costs."""
    is_sqlite = house.environments.open("production").database.dialect == "sqlite"
    return 1 if is_sqlite else 2


def warm(admin: Caller) -> int:
    """Make sure that ids are in stock and plans are known; give a deal without an account."""
    for _ in range(3):
        made = admin.create("deal", name="warm")
    return int(made["id"])


def test_a_create_is_four_statements(admin: Caller, count: Count) -> None:
    """Rights, formulas and an auto number included; a gapless number is one more."""
    warm(admin)

    assert count(lambda: admin.post("/records/deal", {"name": "x", "amount": 1})) <= 4 + 1


def test_a_create_below_a_parent_adds_its_share(
    admin: Caller, count: Count, per_parent: int
) -> None:
    """One for the lookup, and what one parent object with roll-ups costs."""
    warm(admin)
    parent = admin.create("account", name="P")["id"]
    values = {"name": "x", "amount": 1, "account": parent}

    assert count(lambda: admin.post("/records/deal", values)) <= 4 + 1 + 1 + per_parent


def test_an_update_is_five_statements(admin: Caller, count: Count) -> None:
    """Whatever the number of fields that are named."""
    deal = warm(admin)
    many = {"amount": 5, "name": "y", "units": 3, "is_hot": True, "tags": ["new"]}

    assert count(lambda: admin.patch(f"/records/deal/{deal}", {"amount": 2})) <= 5
    assert count(lambda: admin.patch(f"/records/deal/{deal}", many)) <= 5


def test_a_delete_is_five_statements(admin: Caller, count: Count) -> None:
    """To the bin, with nothing that points at it."""
    deal = warm(admin)

    assert count(lambda: admin.send("DELETE", f"/records/deal/{deal}")) <= 5


def test_a_read_is_two_statements(admin: Caller, count: Count) -> None:
    """All fields, or paths over lookups: the same."""
    deal = warm(admin)
    address = f"/records/deal/{deal}"

    assert count(lambda: admin.get(address)) <= 2
    assert count(lambda: admin.get(address, fields="name,account.name,account.region")) <= 2


def test_a_list_is_two_statements_and_three_with_a_count(admin: Caller, count: Count) -> None:
    """Whatever the number of rows, columns, lookups, filters and sort keys."""
    warm(admin)
    query = {"where": "amount >= 0 OR ISBLANK(amount)", "sort": "-amount,name", "limit": 1000}
    paths = {"fields": "name,amount,account.name,owner.name,expected"}

    assert count(lambda: admin.get("/records/deal", limit=1)) <= 2
    assert count(lambda: admin.get("/records/deal", **query, **paths)) <= 2
    assert count(lambda: admin.get("/records/deal", **query, count="true")) <= 3


def test_what_depends_on_the_model_alone_is_one_statement(admin: Caller, count: Count) -> None:
    """Describe and OpenAPI only enter; so does an aggregate, and groups in one more."""
    measures = {"group": ["stage"], "measures": {"n": "COUNT(id)"}}
    warm(admin)

    assert count(lambda: admin.get("/objects")) == 1
    assert count(lambda: admin.get("/objects/deal")) == 1
    assert count(lambda: admin.get("/openapi.json")) == 1
    assert count(lambda: admin.post("/aggregate/deal", measures)) == 2


def test_a_key_costs_two_statements(admin: Caller, count: Count) -> None:
    """One to look for the answer, one to keep it; a replay is the first alone."""
    warm(admin)
    body, key = {"name": "x"}, uuid.uuid4().hex

    plain = count(lambda: admin.post("/records/deal", body))
    first = count(lambda: admin.post("/records/deal", body, Idempotency_Key=key))
    again = count(lambda: admin.post("/records/deal", body, Idempotency_Key=key))

    assert first == plain + 2
    assert again == 2
