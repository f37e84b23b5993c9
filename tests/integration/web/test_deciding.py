"""Deciding by the link of a mail: opening it decides nothing, its button decides once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.clock import SystemClock
from engine.delivery.asking import tell_due
from engine.settings import Settings
from tests.integration.conftest import installed, on_both
from tests.support.approving import DISCOUNT, PEOPLE, texts
from tests.support.houses import House
from web.settling import STATUS

BASE = "http://localhost"
CAREFUL = """\
permission_set: careful
requires_second_factor: true
"""


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with an approval and its people."""
    files = texts(DISCOUNT, access__permission_sets__careful=CAREFUL)
    with installed(request, files) as made:
        admin, ids = made.caller(), {}
        for who, about in PEOPLE.items():
            more = ["careful"] if who == "clerk2" else []
            made.admit(who, *about["permission_sets"], *more)
            found = admin.get("/records/user", where=f'email = "{who}@example.test"').json
            ids[who] = found["records"][0]["id"]
            admin.patch(f"/records/user/{ids[who]}", {"role": about["role"]})
        admin.patch(f"/records/user/{ids['rep']}", {"manager": ids["boss"]})
        yield made


def make(house: House, discount: str = "0.2") -> str:
    """Create a deal that waits, and give its address."""
    made = house.caller("rep").create("deal", name="Licence", amount=1, discount=discount)
    return f"/records/deal/{made['id']}"


def link(house: House, who: str, address: str) -> str:
    """Let everybody be told, and give the path of the link that somebody got for a record."""
    environment = house.environments.open("production")
    settings: Settings = replace(house.settings, public_url=BASE)
    tell_due(environment, settings, SystemClock())
    with environment.database.read() as tx:
        rows = tx.rows("SELECT payload FROM patron_outbox WHERE kind = 'mail' ORDER BY id DESC")
    for row in rows:
        mail = json.loads(row[0])
        is_meant = mail["to"].startswith(f"{who}@") and address.endswith(f"/{mail['record']}")
        if is_meant:
            found = re.search(rf"{BASE}(/decide/\S+)\?answer=approve", mail["text"])
            assert found is not None
            return found[1]
    raise AssertionError(rows)


def status(house: House, address: str) -> str:
    """Give the state of the newest request of a record."""
    found = house.caller("rep").get(f"{address}/approvals").json["approvals"]
    return str(found[0]["status"])


def test_opening_decides_nothing_and_the_button_decides_once(house: House) -> None:
    """Scanners may open it as often as they like."""
    address = make(house)
    path = link(house, "boss", address)
    browser = house.client.application.test_client()

    pages = [browser.get(f"{path}?answer=approve") for _ in range(3)]
    before = status(house, address)
    done = browser.post(path, data={"answer": "approve", "comment": "From the train"})
    again = browser.post(path, data={"answer": "reject"})

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert "“Licence” waits for your decision." in pages[0].text
    assert pages[0].headers["Referrer-Policy"] == "strict-origin"
    assert before == "pending"
    assert (done.status_code, "You approved it." in done.text) == (200, True)
    assert again.status_code == 404
    assert status(house, address) == "approved"
    told = house.caller("rep").get(f"{address}/approvals").json["approvals"][0]
    assert told["asked"][0]["comment"] == "From the train"


def test_a_link_is_bound_to_its_question(house: House) -> None:
    """Sent back and asked anew: the old link decides nothing any more."""
    address = make(house, "0.3")
    old = link(house, "boss", address)
    house.caller("boss").post(f"{address}/approve", {})
    house.caller("clerk").post(f"{address}/reject", {})
    browser = house.client.application.test_client()

    assert browser.get(old).status_code == 404
    answer = browser.post(old, data={"answer": "approve"})
    assert answer.headers.get(STATUS, str(answer.status_code)) in {"404", "409"}
    assert status(house, address) == "pending"


def test_what_is_no_link_and_what_is_no_answer(house: House) -> None:
    """Guessed secrets, other environments, and forms without an answer lead nowhere."""
    address = make(house)
    path = link(house, "boss", address)
    browser = house.client.application.test_client()

    assert browser.get("/decide/production/guess").status_code == 404
    assert browser.get("/decide/nowhere/guess").status_code == 404
    assert browser.post(path, data={"answer": "perhaps"}).status_code == 404
    assert status(house, address) == "pending"


def test_whoever_needs_a_second_factor_signs_in(house: House) -> None:
    """A link is no second factor."""
    address = make(house, "0.3")
    house.caller("boss").post(f"{address}/approve", {})
    path = link(house, "clerk2", address)
    browser = house.client.application.test_client()

    answer = browser.post(path, data={"answer": "approve"})

    assert answer.status_code == 403
    assert status(house, address) == "pending"


def test_absence_over_rest(house: House) -> None:
    """Everybody says for themselves that they are away, and who decides meanwhile."""
    boss = house.caller("boss")

    gone = boss.send("PUT", "/absence", {"delegate": "clerk@example.test"})
    address = make(house)
    decided = house.caller("clerk").post(f"{address}/approve", {})
    back = boss.send("DELETE", "/absence")
    refused = house.caller("clerk").post(f"{make(house)}/approve", {})

    assert (gone.status, gone.json["away"], gone.json["delegate_name"]) == (200, True, "Clerk")
    assert decided.json["status"] == "approved"
    assert (back.json["away"], back.json["delegate_name"]) == (False, "Clerk")
    assert refused.status == 403
    assert boss.get("/absence").json["away"] is False


def test_an_absence_that_cannot_be_noted(house: House) -> None:
    """Oneself, nobody, and an end before the beginning; every problem at once."""
    boss = house.caller("boss")

    self_named = boss.send("PUT", "/absence", {"delegate": "boss@example.test"})
    both = boss.send(
        "PUT", "/absence", {"delegate": "nobody@example.test", "until": "2020-01-01T00:00:00Z"}
    )
    odd = boss.send("PUT", "/absence", {"delegate": True})

    assert (self_named.status, self_named.json["code"]) == (422, "W172")
    assert [error["field"] for error in both.json["errors"]] == ["delegate", "until"]
    assert odd.json["code"] == "Q111"
