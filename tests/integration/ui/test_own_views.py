"""Views of one's own: kept from a list, opened by page and REST, private, true after changes."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.conftest import installed, on_both
from tests.integration.ui.conftest import FILES
from tests.support.houses import House
from tests.support.visitors import Visitor, visitor_of

ROOT = "/e/production"
LIST = f"{ROOT}/o/deal"
VIEWS = f"{LIST}/views"


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with deals, a rep who reads no margins, and a French one."""
    with installed(request, FILES) as made:
        made.admit("rep", "rep")
        made.admit("marie", "rep", language="fr")
        admin = made.caller()
        for name, amount in (("Small", 10), ("Large", 5000), ("Larger", 9000)):
            admin.create("deal", name=name, amount=amount, margin=amount / 10)
        yield made


@pytest.fixture(scope="module")
def rep(house: House) -> Visitor:
    """Give a browser of the rep."""
    return visitor_of(house, "rep")


def kept(rep: Visitor, label: str, **asks: str) -> str:
    """Keep a view by the form of its page, and give the address of the list it leads to."""
    answer = rep.send(VIEWS, VIEWS, label=label, **asks)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def number(address: str) -> str:
    """Give the number of the view in an address."""
    return parse_qs(urlsplit(address).query)["own"][0]


def test_a_list_is_kept_and_opened_again(rep: Visitor) -> None:
    """With filter, columns and order; its name is the heading, and it is in the menu of views."""
    asks = {"where": "amount > 100", "columns": "name,amount", "sort": "-amount"}

    address = kept(rep, "  Big   ones ", **asks)
    shown = rep.get(address)
    opened = rep.get(f"{VIEWS}/{number(address)}")
    menu = rep.get(VIEWS, headers={"HX-Request": "true"})

    assert shown.status_code == 200
    assert "Big ones<span" in shown.text
    assert shown.text.index("Larger") < shown.text.index("Large<")
    assert "Small" not in shown.text
    assert opened.headers["Location"] == address
    assert ">Big ones</span>" in menu.text
    assert "<html" not in menu.text


def test_what_is_changed_says_so_and_a_name_is_kept_once(rep: Visitor) -> None:
    """A list that went on from a view says that it is changed; kept anew it is the same view."""
    address = kept(rep, "Mine", where="amount > 100")

    changed = rep.get(f"{address}&where=amount+%3C+6000")
    again = kept(rep, "Mine", where="amount > 6000", own=number(address))

    assert "Mine, changed" in changed.text
    assert number(again) == number(address)
    shown = rep.get(f"{VIEWS}/{number(address)}").headers["Location"]
    assert "6000" in shown


def test_views_of_others_are_not_there(house: House, rep: Visitor) -> None:
    """Neither by page nor by REST; an address that was sent on shows the list without the name."""
    address = kept(rep, "Secret plan", where="amount > 100")
    view, marie = number(address), visitor_of(house, "marie")
    theirs = house.caller("marie")

    assert marie.get(f"{VIEWS}/{view}").status_code == 404
    assert marie.send(VIEWS, f"{VIEWS}/{view}/delete").status_code == 404
    assert theirs.get("/records/deal", view=f"own:{view}").status == 404
    assert theirs.send("DELETE", f"/objects/deal/views/{view}").status == 404
    assert "Secret plan" not in str(theirs.get("/objects/deal/views").json)
    passed_on = marie.get(address)
    assert passed_on.status_code == 200
    assert "Secret plan" not in passed_on.text
    assert house.caller("rep").get("/records/deal", view=f"own:{view}").status == 200


def test_a_view_cannot_ask_for_what_its_owner_may_not_read(house: House, rep: Visitor) -> None:
    """A hidden field is refused in the words of an unknown one, by page and by REST."""
    for where, fields in (("margin > 1", "name"), ("amount > 1", "name,margin")):
        page = rep.send(VIEWS, VIEWS, label="X", where=where, columns=fields)
        body = {"label": "X", "where": [where], "fields": fields.split(",")}
        refused = house.caller("rep").post("/objects/deal/views", body)
        unknown = house.caller("rep").post(
            "/objects/deal/views",
            {**body, "where": [where.replace("margin", "marger")], "fields": ["marger"]},
        )

        assert page.status_code == 422
        assert 'role="alert"' in page.text
        assert (refused.status, refused.json["code"]) == (422, "Q112")
        assert unknown.json["code"] == "Q112"


def test_a_view_that_lost_a_field_says_so(house: House, rep: Visitor) -> None:
    """The rest is shown; REST refuses with the field's name."""
    address = kept(rep, "Odd", where="amount > 100")
    view = int(number(address))
    database = house.environments.open("production").database
    with database.write() as tx:
        mark = "%s" if database.dialect == "postgresql" else "?"
        sql = f"UPDATE patron_own_view SET asks = replace(asks, 'amount', 'amt') WHERE id = {mark}"
        tx.run(sql, (view,))

    opened = rep.get(str(rep.get(f"{VIEWS}/{view}").headers["Location"]))
    answer = house.caller("rep").get("/records/deal", view=f"own:{view}")

    assert (opened.status_code, rep.client.answered) == (422, 200)
    assert "amt" in opened.text
    assert "Small" in opened.text
    assert answer.status == 422
    assert "amt" in str(answer.json)


def test_rest_keeps_opens_and_forgets(house: House) -> None:
    """What is asked besides comes on top; every problem of a body is told at once."""
    caller = house.caller("rep")
    body = {"label": "Top", "where": ["amount > 100", "amount < 6000"], "fields": ["name"]}

    made = caller.post("/objects/deal/views", body)
    found = caller.get("/records/deal", view=f"own:{made.json['id']}")
    fewer = caller.get("/records/deal", view=f"own:{made.json['id']}", where='name = "no"')
    wrong = caller.post("/objects/deal/views", {"label": 3, "where": "x", "colour": "red"})
    nameless = caller.post("/objects/deal/views", {"label": " ", "shape": "pie", "view": "none"})

    assert (made.status, made.json["where"]) == (201, body["where"])
    assert [record["name"] for record in found.json["records"]] == ["Large"]
    assert fewer.json["records"] == []
    assert {one["field"] for one in wrong.json["errors"]} == {"label", "where", "colour"}
    assert {one["field"] for one in nameless.json["errors"]} == {"label", "shape", "view"}
    assert caller.send("DELETE", f"/objects/deal/views/{made.json['id']}").status == 204
    assert caller.get("/records/deal", view=f"own:{made.json['id']}").status == 404
    assert caller.get("/records/deal", view="own:x").status == 404


def test_a_name_is_wanted_in_the_readers_language(house: House) -> None:
    """The form comes back with what was asked for, and the answer is a page."""
    marie = visitor_of(house, "marie")

    refused = marie.send(VIEWS, VIEWS, label="", where="amount > 100")

    assert (refused.status_code, marie.client.answered) == (422, 200)
    assert "Une vue a besoin d’un nom." in refused.text
    assert 'name="where" value="amount &gt; 100"' in refused.text


def test_who_customizes_makes_it_a_view_for_everybody(house: House, rep: Visitor) -> None:
    """The designer's form begins with the list's filter, columns and order; others have no link."""
    admin = visitor_of(house, "admin")
    asked = "where=amount+%3E+100&where=amount+%3C+600&columns=name,amount&sort=-amount"

    page = admin.get(f"{VIEWS}?{asked}")
    link = page.text.partition("/setup/new/view?")[2].partition('"')[0].replace("&amp;", "&")
    form = admin.get(f"{ROOT}/setup/new/view?{link}")

    assert form.status_code == 200
    assert "(amount &gt; 100) AND (amount &lt; 600)" in form.text
    assert '<option value="deal" selected>' in form.text
    assert "-amount" in form.text
    assert "/setup/new/view" not in rep.get(f"{VIEWS}?{asked}").text


def test_a_shared_view_takes_along_the_view_that_it_stands_on(house: House) -> None:
    """Its filter and columns are part of what the list shows."""
    admin = visitor_of(house, "admin")

    page = admin.get(f"{VIEWS}?view=open&where=amount+%3E+100")
    link = page.text.partition("/setup/new/view?")[2].partition('"')[0].replace("&amp;", "&")
    form = admin.get(f"{ROOT}/setup/new/view?{link}")

    assert "(NOT stage.closed) AND (amount &gt; 100)" in form.text
    assert 'value="close_date"' in form.text
