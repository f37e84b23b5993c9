"""VLOOKUP and CURRENCYRATE: what a record's expressions read of other records, over REST."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.api.conftest import Count
from tests.integration.conftest import installed, on_both
from tests.support.houses import Caller, House

FILES = {
    "project.yaml": "project: t\nlabel: T\nformat: 1\nlanguages: [en]\ncurrencies: [EUR, USD]\n",
    "objects/tariff.yaml": """\
object: tariff
fields:
  name: {type: text, required: true}
  code: {type: text, external_id: true}
  price: {type: currency}
  valid_from: {type: date}
  twice: {type: formula, returns: currency, formula: price * 2}
""",
    "objects/order_line.yaml": """\
object: order_line
fields:
  code: {type: text}
  count: {type: number}
  price: {type: formula, returns: currency, formula: 'VLOOKUP("tariff", "price", "code", code)'}
  total: {type: formula, returns: currency, formula: count * price}
  in_dollars: {type: formula, returns: currency, formula: 'total / CURRENCYRATE("USD")'}
  in_euros: {type: formula, returns: currency, formula: 'count * CURRENCYRATE("EUR")'}
  in_yen: {type: formula, returns: currency, formula: 'count * CURRENCYRATE("JPY")'}
  tariff_name: {type: text, default: {formula: 'VLOOKUP("tariff", "name", "code", code)'}}
validation_rules:
  known: {invalid_if: 'ISBLANK(VLOOKUP("tariff", "id", "code", code))', message: No such tariff.}
""",
    "access/permission_sets/clerk.yaml": """\
permission_set: clerk
objects: {order_line: {create: true, read: true, edit: true}}
""",
}


@on_both
def shop(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with two tariffs and three rates of the dollar."""
    with installed(request, FILES) as house:
        house.admit("clerk", "clerk")
        admin = house.caller()
        admin.create("tariff", name="Small", code="S", price="10.50")
        admin.create("tariff", name="Large", code="L", price=20)
        today = datetime.now(UTC).date()
        for days, rate in ((-400, "0.5"), (-2, "0.8"), (30, "9")):
            day = (today + timedelta(days=days)).isoformat()
            admin.create("exchange_rate", **{"from": "USD", "date": day, "rate": rate})
        yield house


@pytest.fixture
def admin(shop: House) -> Caller:
    """Give a client that may do everything."""
    return shop.caller()


def test_a_formula_a_default_and_a_rule_look_other_records_up(admin: Caller) -> None:
    """The value has the type of the field it is taken from, and computing goes on with it."""
    made = admin.create("order_line", code="S", count=3)
    refused = admin.post("/records/order_line", {"code": "XL", "count": 1})

    assert (made["price"], made["total"], made["tariff_name"]) == (10.5, 31.5, "Small")
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "known")


def test_what_is_looked_up_is_never_stale(admin: Caller) -> None:
    """A new price shows in the next read, in the list as in the record."""
    tariff = admin.create("tariff", name="Moving", code="M", price=1)
    line = admin.create("order_line", code="M", count=2)

    admin.patch(f"/records/tariff/{tariff['id']}", {"price": 5})

    listed = admin.get("/records/order_line", where='code = "M"').json["records"]
    assert admin.get(f"/records/order_line/{line['id']}").json["total"] == 10
    assert listed[0]["price"] == 5


def test_a_record_in_the_bin_is_not_found(admin: Caller) -> None:
    """What was deleted is looked up no more; the formula is blank."""
    tariff = admin.create("tariff", name="Gone", code="G", price=1)
    line = admin.create("order_line", code="G", count=2)

    admin.send("DELETE", f"/records/tariff/{tariff['id']}")

    assert admin.get(f"/records/order_line/{line['id']}").json["price"] is None


def test_the_configuration_reads_with_full_rights(shop: House) -> None:
    """A clerk who may not read tariffs sees what the admin publishes of them, and no more."""
    clerk = shop.caller("clerk")

    made = clerk.create("order_line", code="L", count=1)
    typed = clerk.get("/records/order_line", where='VLOOKUP("tariff", "price", "code", "L") > 1')

    assert made["price"] == 20
    assert clerk.get("/records/tariff").status == 404
    assert (typed.status, typed.json["code"]) == (422, "Q101")
    assert 'no object "tariff"' in typed.json["message"]


def test_rates_are_those_of_today(admin: Caller) -> None:
    """The latest rate that has begun counts; the company's own currency is worth one."""
    made = admin.create("order_line", code="L", count=2)

    assert (made["in_dollars"], made["in_euros"]) == (50, 2)
    assert made["in_yen"] is None
    assert made["_errors"] == {"in_yen": "there is no exchange rate of JPY"}


def test_a_list_asks_for_a_value_once(admin: Caller, count: Count) -> None:
    """Fifty lines of two tariffs cost one statement for each tariff beyond the list's own two."""
    rows = [{"code": "SL"[place % 2], "count": place} for place in range(50)]
    admin.post("/records/order_line/bulk?operation=create", rows)

    spent = count(lambda: admin.get("/records/order_line", fields="price", sort="-id", limit=50))

    assert spent == 4
