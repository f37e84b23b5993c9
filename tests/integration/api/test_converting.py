"""Converting over REST: what is answered, a key used twice, a version that is no more, refusals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.conftest import installed, on_both
from tests.support.houses import Caller, House
from tests.support.worlds import texts_of

LEAD = """\
object: lead
label: Lead
sharing: read_write
fields:
  name: {type: text, required: true}
  status: {type: picklist, default: new, values: {new: {}, converted: {}}}
"""
ACCOUNT = """\
object: account
label: Account
sharing: read_write
fields: {name: {type: text, required: true}, city: {type: text}}
"""
DEAL = """\
object: deal
label: Deal
sharing: read_write
fields:
  name: {type: text, required: true}
  close_date: {type: date, required: true}
  account: {type: lookup, to: account}
"""
CONVERSION = """\
conversion: lead
to:
  deal: {optional: true, values: {name: 'name & " deal"', account: $account}}
  account: {match: name = $record.name, values: {name: name}}
set: {status: converted}
"""
FILES = texts_of({"lead": LEAD, "account": ACCOUNT, "deal": DEAL}, conversion__lead=CONVERSION)


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation whose leads are converted."""
    with installed(request, FILES) as made:
        yield made


@pytest.fixture
def admin(house: House) -> Caller:
    """Give the administrator."""
    return house.caller()


def test_a_conversion_is_answered_and_done_once(admin: Caller) -> None:
    """With the record and what it became; under its key it is answered again, else refused."""
    address = f"/records/lead/{admin.create('lead', name='Castor')['id']}/convert"
    body = {"to": {"account": {"city": "Lyon"}, "deal": {"close_date": "2027-01-31"}}}
    key = {"Idempotency-Key": "convert-castor", "If-Match": "1"}

    done = admin.send("POST", address, body, headers=key)
    again = admin.send("POST", address, body, headers=key)
    twice = admin.post(address, body)

    assert done.status == 200
    assert (done.json["record"]["status"], done.json["record"]["version"]) == ("converted", 2)
    made = done.json["to"]
    assert {name: one["new"] for name, one in made.items()} == {"account": True, "deal": True}
    assert (made["account"]["record"]["name"], made["account"]["record"]["city"]) == (
        "Castor",
        "Lyon",
    )
    assert made["deal"]["record"]["account"] == made["account"]["record"]["id"]
    assert made["deal"]["record"]["close_date"] == "2027-01-31"
    assert (again.status, again.json) == (200, done.json)
    assert (twice.status, twice.json["code"]) == (409, "C105")


def test_a_conversion_that_is_refused_says_everything(admin: Caller) -> None:
    """422 by record and field, 409 with the record as it is, 404 for one that is not there."""
    lead = admin.create("lead", name="Pollux")["id"]
    address = f"/records/lead/{lead}/convert"

    lacking = admin.post(address, {"to": {"account": {"city": 7, "name": None}}})
    stale = admin.send("POST", address, {}, headers={"If-Match": "9"})
    absent = admin.post("/records/lead/987654321/convert", {})

    assert lacking.status == 422
    assert {(e["field"], e["code"]) for e in lacking.json["errors"]} >= {
        ("account.name", "R105"),
        ("deal.close_date", "R105"),
    }
    assert (stale.status, stale.json["current"]["version"]) == (409, 1)
    assert absent.status == 404
    joined = admin.create("account", name="Pollux")["id"]
    done = admin.post(address, {"to": {"deal": False}})
    assert done.json["to"] == {
        "account": {"new": False, "record": {**done.json["to"]["account"]["record"], "id": joined}}
    }
