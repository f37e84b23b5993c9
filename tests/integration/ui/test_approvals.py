"""Approvals on screens: the card of a record, what waits for whom, deciding several at once."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

import pytest

from engine.store.database import Tx
from tests.integration.conftest import installed, on_both
from tests.support.approving import DISCOUNT, PEOPLE, REVIEW, texts
from tests.support.houses import House
from tests.support.visitors import CSRF, Visitor, visitor_of

FRENCH = """\
translations: fr
approvals:
  discount: {label: Approbation de la remise, steps: {manager: {label: Responsable}}}
"""


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with two approvals and its people."""
    files = texts(DISCOUNT, REVIEW, translations__fr__approvals=FRENCH)
    files["project.yaml"] += "languages: [en, fr]\n"
    files["objects/deal.yaml"] = files["objects/deal.yaml"].replace(
        "fields:\n", "features: {history: true}\nfields:\n", 1
    )
    with installed(request, files) as made:
        admin, ids = made.caller(), {}
        for who, about in PEOPLE.items():
            made.admit(who, *about["permission_sets"])
            found = admin.get("/records/user", where=f'email = "{who}@example.test"').json
            ids[who] = found["records"][0]["id"]
            admin.patch(f"/records/user/{ids[who]}", {"role": about["role"]})
        admin.patch(f"/records/user/{ids['rep']}", {"manager": ids["boss"]})
        admin.patch(f"/records/user/{ids['clerk']}", {"language": "fr"})
        yield made


@pytest.fixture(scope="module")
def people(house: House) -> dict[str, Visitor]:
    """Give a browser of each of them."""
    return {who: visitor_of(house, who) for who in ("rep", "boss", "clerk", "clerk2", "admin")}


def make(house: House, discount: str = "0.2", **values: object) -> int:
    """Create a deal at 10 %, then raise its discount, as the rep."""
    caller = house.caller("rep")
    made = caller.create("deal", name="Licence", amount=1000, discount="0.1", **values)
    caller.patch(f"/records/deal/{made['id']}", {"discount": discount})
    return int(made["id"])


def address(record: int) -> str:
    """Give the address of a deal's page."""
    return f"/e/production/o/deal/{record}"


def mark(page: str) -> str:
    """Give the question that a page asks."""
    found = re.search(r'name="mark" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def test_the_card_shows_what_is_asked(house: House, people: dict[str, Visitor]) -> None:
    """The approver sees the step, who asks, old and new value, and may answer; the rep recalls."""
    record = make(house)

    boss, rep = people["boss"].get(address(record)).text, people["rep"].get(address(record)).text

    for said in ("Discount approval", "Step 1 of 2: Sales manager", "asked by Rep"):
        assert said in boss
    assert re.search(r"<del>.*10.*</del>.*20", boss)
    assert ">Approve</button>" in boss
    assert "/approval/recall" not in boss
    assert "/approval/recall" in rep
    assert "/approval/approve" not in rep


def test_a_locked_record_says_why_it_is_not_edited(
    house: House, people: dict[str, Visitor]
) -> None:
    """No editor, no button, and the reason; once decided, both are back."""
    record = make(house)

    locked = people["rep"].get(address(record)).text
    page = people["boss"].get(address(record)).text
    people["boss"].send(address(record), f"{address(record)}/approval/approve", mark=mark(page))
    free = people["rep"].get(address(record)).text

    assert "An approval waits for a decision" in locked
    assert f"{address(record)}/edit" not in locked
    assert f"{address(record)}/edit" in free


def test_a_click_decides_about_the_question_that_was_shown(
    house: House, people: dict[str, Visitor]
) -> None:
    """Back in the browser and clicked again: said so, and nothing is decided."""
    record = make(house, discount="0.3")
    boss, path = people["boss"], f"{address(record)}/approval/approve"
    shown = mark(boss.get(address(record)).text)

    first = boss.send(address(record), path, mark=shown, comment="Fine")
    again = boss.send(address(record), path, mark=shown)

    assert (first.status_code, again.status_code) == (303, 409)
    assert "This was decided already." in again.text
    assert "Boss approved. “Fine”" in boss.get(address(record)).text


def test_in_french(house: House, people: dict[str, Visitor]) -> None:
    """Labels of the configuration, words of the page and refusals of the engine."""
    record = make(house, discount="0.3")
    boss = people["boss"]
    shown = mark(boss.get(address(record)).text)
    boss.send(address(record), f"{address(record)}/approval/approve", mark=shown)

    clerk = people["clerk"].get(address(record)).text
    refused = people["clerk"].send(
        address(record), f"{address(record)}/approval/approve", mark=shown
    )

    assert "Approbation de la remise" in clerk
    assert "Étape 2 sur 2" in clerk
    assert "On ne vous demande pas de décider de ceci." in html.unescape(refused.text)


def test_submitting_from_the_page(house: House, people: dict[str, Visitor]) -> None:
    """Whoever may submit has a button for it, with a comment; others have none."""
    record = make(house, discount="0.1")

    offered = people["rep"].get(address(record)).text
    people["rep"].send(
        address(record), f"{address(record)}/approval/submit", approval="review", comment="Please"
    )

    assert "/approval/submit" in offered
    assert "/approval/submit" not in people["clerk2"].get(address(record)).text
    assert "“Please”" in people["clerk2"].get(address(record)).text
    assert "/approval/submit" not in people["rep"].get(address(record)).text


def test_deciding_several_at_once(house: House, people: dict[str, Visitor]) -> None:
    """All that was picked; one that somebody decided meanwhile is told, the others are done."""
    first, second, third = make(house), make(house), make(house)
    boss = people["boss"]
    page = boss.get("/e/production/approvals").text
    assert re.search(r"<dt>Discount</dt><dd><b>.*20", page)
    picks = {
        int(value.split("-")[1]): value
        for value in re.findall(r'name="pick" value="([^"]+)"', page)
    }
    house.caller("rep").post(f"/records/deal/{third}/recall", {})
    token = CSRF.search(page)
    assert token is not None

    answer = boss.client.post(
        "/e/production/approvals",
        data={
            "csrf": token[1],
            "deed": "reject",
            "comment": "Not now",
            "pick": [picks[first], picks[second], picks[third]],
        },
    )

    assert answer.status_code == 409
    assert "2 decided." in answer.text
    assert "Nothing waits for a decision here." in answer.text
    assert answer.text.count("2 decided.") == 1
    mine = people["rep"].get("/e/production/approvals").text
    assert mine.count("Not now") >= 2


def test_nothing_chosen(people: dict[str, Visitor]) -> None:
    """The page asks for a choice."""
    answer = people["boss"].send(
        "/e/production/approvals", "/e/production/approvals", deed="approve"
    )

    assert "Choose at least one." in answer.text


def test_statements(
    house: House, people: dict[str, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page with a tab and a request that waits keeps within 6; without one nothing is added."""
    waiting, free = make(house), make(house, discount="0.1")
    opened_: list[Tx] = []
    begin = Tx.begin

    def noting(tx: Tx, sql: str) -> None:
        opened_.append(tx)
        begin(tx, sql)

    monkeypatch.setattr(Tx, "begin", noting)

    def count(who: str, path: str) -> int:
        people[who].get(path)
        opened_.clear()
        people[who].get(path)
        return sum(tx.statements for tx in opened_)

    session = 1
    read: Callable[[int], int] = lambda record: count("boss", address(record))  # noqa: E731
    assert read(free) + 1 >= read(waiting)
    assert read(waiting) <= 6 + session
    assert count("boss", "/e/production/approvals") <= 8 + session


def test_saying_that_one_is_away(people: dict[str, Visitor]) -> None:
    """The settings take a colleague and a last day, say what is wrong, and take it back."""
    me = "/e/production/me"
    admin = people["admin"]

    wrong = admin.send(me, f"{me}/absence", delegate="nobody@example.test", until="yesterday")
    named = admin.send(me, f"{me}/absence", delegate="nobody@example.test", until="")
    gone = admin.send(me, f"{me}/absence", delegate="boss@example.test", until="2999-12-31")
    shown = admin.get(me).text
    admin.send(me, f"{me}/absence", back="true")

    assert (wrong.status_code, named.status_code, gone.status_code) == (422, 422, 303)
    assert "This is no day" in wrong.text
    assert "Name an active member" in named.text
    assert "You are away; Boss decides in your place." in shown
    assert "I am away" in admin.get(me).text
