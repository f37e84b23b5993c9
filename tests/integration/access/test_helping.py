"""Working as somebody else: what nobody does in another's name, and both names in the audit."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from engine.store.platform import audit
from tests.integration.access.test_matrix import split
from tests.integration.conftest import installed, on_both
from tests.support.access_rules import PAGES
from tests.support.approving import DISCOUNT, PEOPLE, texts
from tests.support.houses import ADMIN, PRODUCTION, House
from tests.support.visitors import Visitor, visitor_of

HOME = "/e/production/"
REFUSED = "You work as somebody else"
TAKER = "permission_set: taker\nlabel: Taker\npermissions: [export_data]\n"
HELPS = "permission_set: helps\nlabel: Helps\npermissions: [log_in_as]\n"


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with an approval, its people and a second administrator."""
    sets = {"access__permission_sets__taker": TAKER, "access__permission_sets__helps": HELPS}
    files = texts(DISCOUNT, **sets)
    with installed(request, files) as made:
        admin, ids = made.caller(), {}
        for who in ("boss", "rep"):
            more = ["taker", *["helps"] * (who == "boss")]
            made.admit(who, *PEOPLE[who]["permission_sets"], *more)
            found = admin.get("/records/user", where=f'email = "{who}@example.test"').json
            ids[who] = found["records"][0]["id"]
            admin.patch(f"/records/user/{ids[who]}", {"role": PEOPLE[who]["role"]})
        admin.patch(f"/records/user/{ids['rep']}", {"manager": ids["boss"]})
        made.admit("second", ADMIN)
        yield made


def helper(house: House, other: str, who: str = "admin") -> Visitor:
    """Give the browser of an administrator, or of `who`, in which they work as somebody else."""
    visitor = visitor_of(house, who)
    begun = visitor.send(
        HOME, f"{HOME}log-in-as", reason="A ticket of today", email=f"{other}@example.test"
    )
    assert begun.status_code == 303
    return visitor


def submitted(house: House) -> int:
    """Give a deal that waits for the boss."""
    rep = house.caller("rep")
    made = rep.create("deal", name="Licence", amount=1000, discount="0.1")
    rep.patch(f"/records/deal/{made['id']}", {"discount": "0.2"})
    return int(made["id"])


def status(house: House, deal: int) -> str:
    """Tell how the request of a deal stands."""
    found = house.caller().get(f"/records/deal/{deal}/approvals").json["approvals"]
    return str(found[0]["status"])


@pytest.mark.parametrize("deed", ["approve", "reject"])
def test_nobody_decides_in_the_name_of_another(house: House, deed: str) -> None:
    """By the card of the record and by the page of what waits; they themselves can."""
    deal = submitted(house)
    card = f"{HOME}o/deal/{deal}"
    mark = re.search(r'name="mark" value="([^"]+)"', visitor_of(house, "boss").get(card).text)
    assert mark is not None
    visitor = helper(house, "boss")

    one = visitor.send(card, f"{card}/approval/{deed}", approval="discount")
    many = visitor.send(f"{HOME}approvals", f"{HOME}approvals", deed=deed, pick=mark[1])

    assert REFUSED in one.text
    assert REFUSED in many.text
    assert ">Approve</button>" not in visitor.get(card).text
    assert "is for Boss to decide" in visitor.get(f"{HOME}approvals").text
    assert status(house, deal) == "pending"
    decided = house.caller("boss").post(f"/records/deal/{deal}/{deed}", {})
    assert decided.status == 200


def test_what_a_helper_submits_is_not_theirs_to_decide(house: House) -> None:
    """On the page, over REST and by mail: the request names both, and asks others."""
    deal = submitted(house)
    house.caller("rep").post(f"/records/deal/{deal}/recall", {})
    card, boss = f"{HOME}o/deal/{deal}", house.caller("boss")
    visitor = helper(house, "rep", "boss")
    visitor.send(card, f"{card}/approval/submit", approval="discount")
    ended = visitor.send(HOME, "/log-in-as/end")

    page = visitor.get(card).text
    told = boss.get(f"/records/deal/{deal}/approvals").json["approvals"][0]
    refused = boss.post(f"/records/deal/{deal}/approve", {})
    waiting = [one["record"] for one in boss.get("/approvals").json["to_decide"]]
    decided = house.caller("second").post(f"/records/deal/{deal}/approve", {})

    assert (ended.status_code, told["status"]) == (303, "pending")
    assert "asked by Boss as Rep" in page
    assert ">Approve</button>" not in page
    assert (told["may"], {one["name"] for one in told["asked"]}) == ([], {"Admin", "Second"})
    assert told["helper"] != told["submitted_by"]
    assert (refused.status, refused.json["code"]) == (403, "W166")
    assert deal not in waiting
    assert decided.status == 200


def test_nobody_makes_themselves_a_delegate(house: House) -> None:
    """An absence in another's name would be a way to decide in their place."""
    visitor = helper(house, "boss")

    answer = visitor.send(f"{HOME}me", f"{HOME}me/absence", delegate="admin@example.test")
    back = visitor.send(f"{HOME}me", f"{HOME}me/absence", do="back")

    assert (answer.status_code, back.status_code) == (403, 403)
    assert house.caller("boss").get("/absence").json["away"] is False


def test_setup_is_looked_at_only(house: House) -> None:
    """A104 for every form: no right, no person, no version, no plan in another's name."""
    visitor = helper(house, "second")

    wrong = {}
    for line, rule in PAGES.items():
        method, path = split(line)
        if path.startswith("/setup/") and method != "GET":
            found = in_setup(visitor, path, dict(rule.body))
            if found != (403, True):
                wrong[line] = found
    assert wrong == {}
    assert visitor.get(f"{HOME}setup/").status_code == 200


def in_setup(visitor: Visitor, path: str, form: dict[str, object]) -> tuple[int, bool]:
    """Send a form of Setup with the token of a page."""
    given = {name: str(value) for name, value in form.items()}
    answer = visitor.send(HOME, f"/e/{PRODUCTION}{path}", **given)
    return answer.status_code, REFUSED in answer.text


def test_an_export_names_both(house: House) -> None:
    """Who really took the records along stands in the audit, and as whom."""
    submitted(house)
    answer = helper(house, "rep").get(f"{HOME}o/deal/export")
    assert answer.status_code == 200

    with house.environments.open(PRODUCTION).database.read() as tx:
        (line,) = audit.search(tx, audit.Search(action="export"))
    assert line.actor == "admin@example.test"
    assert line.detail["as"] == "rep@example.test"
