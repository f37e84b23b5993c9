"""Changed workflows and rules tried on existing records, and "why" over REST and in Setup."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.conftest import installed, on_both
from tests.support.house_files import FILES
from tests.support.houses import Caller, House
from tests.support.visitors import visitor_of

WORKFLOWS = """\
workflow: big
label: Big deal
object: deal
when: before_save
if: amount > 100
steps: [{name: hot, set: {is_hot: true}}]
---
workflow: told
object: deal
when: created
if: ISNEW() AND margin > 5
steps: [{name: bell, note: name}]
"""
MAKER = """\
permission_set: maker
objects: {deal: {create: true, read: true, edit: true, fields: {margin: none}}}
permissions: [customize]
"""
RULE = "small:\n  invalid_if: amount > 150\n  message: Too big.\n"
NEW_BIG = (
    "workflow: big\nobject: deal\nwhen: before_save\nif: amount > 250 OR is_hot\n"
    "steps: [{name: hot, set: {is_hot: true, margin: 1}}]\n"
)


@on_both
def tried(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give four deals, of 50, 120, 200 and 300, in an installation with two workflows."""
    texts = {
        **FILES,
        "project.yaml": FILES["project.yaml"].replace("[en]", "[en, fr]"),
        "objects/deal.yaml": FILES["objects/deal.yaml"].replace(
            "sharing: read_write", "sharing: read_write\nfeatures: {history: true}"
        ),
        "workflows/deal.yaml": WORKFLOWS,
        "access/permission_sets/maker.yaml": MAKER,
    }
    with installed(request, texts) as house:
        house.admit("rep", "rep")
        house.admit("maker", "maker")
        admin = house.caller()
        for amount in (50, 120, 200, 300):
            admin.create("deal", name=f"D{amount}", amount=amount, margin=amount)
        yield house


def simulate(caller: Caller, component: str, text: str, **more: object) -> dict[str, object]:
    """Try a component and give what was answered."""
    body = {"component": component, "text": text, **more}
    reply = caller.post("/simulations", body)
    assert reply.status == 200, reply.raw
    found: dict[str, object] = reply.json
    return found


def test_a_new_rule_is_tried(tried: House) -> None:
    """How many records pass, and which do not; nothing is published."""
    found = simulate(tried.caller(), "validation_rule:deal.small", RULE)

    assert (found["looked_at"], found["is_all"]) == (4, True)
    assert (found["before"], found["after"], found["changed"]) == (4, 2, 2)
    differences = {one["title"]: one for one in found["differences"]}  # type: ignore[attr-defined]
    assert differences["D300"]["after"]["outcome"] == "failed"
    assert differences["D300"]["before"]["outcome"] == "passed"
    data = {"invalid_if": "amount > 250", "message": "No."}
    body = {"component": "validation_rule:deal.small", "data": data}
    assert tried.caller().post("/simulations", body).json["after"] == 3
    assert tried.caller().patch("/records/deal/1", {}).status == 404  # as it was
    made = tried.caller().create("deal", name="D160", amount=160)
    assert tried.caller().send("DELETE", f"/records/deal/{made['id']}").status == 204


def test_a_changed_workflow_is_tried_old_beside_new(tried: House) -> None:
    """For which it runs before and after, and what it sets; records stay as they are."""
    admin = tried.caller()
    before = admin.get("/records/deal", sort="name").json

    found = simulate(admin, "workflow:big", NEW_BIG)
    same = simulate(admin, "workflow:told", WORKFLOWS.split("---\n")[1])

    assert (found["before"], found["after"], found["changed"]) == (3, 3, 3)
    (first, *_) = found["differences"]  # type: ignore[misc]  # a list
    assert first["title"] == "D300"
    assert first["before"] == {"outcome": "fired", "sets": {"is_hot": True}, "does": []}
    assert first["after"]["sets"] == {"is_hot": True, "margin": 1}
    assert (same["before"], same["after"], same["changed"]) == (4, 4, 0)
    assert admin.get("/records/deal", sort="name").json == before


def test_it_is_bounded_and_needs_the_right(tried: House) -> None:
    """The newest records only; a rep may not; hidden fields are absent; mistakes are told."""
    limited = simulate(tried.caller(), "validation_rule:deal.small", RULE, limit=2)
    maker = simulate(tried.caller("maker"), "workflow:big", NEW_BIG)

    assert (limited["looked_at"], limited["is_all"]) == (2, False)
    assert maker["differences"][0]["after"]["sets"] == {"is_hot": True}  # type: ignore[index]
    wrong = tried.caller().post("/simulations", {"component": "workflow:big", "text": "if: x"})
    assert (wrong.status, wrong.json["code"]) == (422, "M100")
    body = {"component": "workflow:big", "text": NEW_BIG}
    assert tried.caller("rep").post("/simulations", body).status == 403
    assert tried.caller().post("/simulations", {"component": "object:deal"}).status == 422
    assert tried.caller().post("/simulations", {**body, "limit": 0}).status == 422
    off = {"component": "workflow:none", "text": NEW_BIG.replace("big", "none") + "active: false\n"}
    assert tried.caller().post("/simulations", off).json["code"] == "W193"


def test_why_and_traces_over_rest(tried: House) -> None:
    """A request that asks leaves its trace under its name; a switch keeps those of a record."""
    admin = tried.caller()
    deal = admin.get("/records/deal", where='name = "D120"').json["records"][0]["id"]

    told = admin.get(f"/records/deal/{deal}/why", component="workflow:big").json
    saved = admin.send(
        "PATCH", f"/records/deal/{deal}", {"notes": "x"}, headers={"Patron-Trace": "monday-1"}
    )
    found = admin.get("/traces", request="monday-1").json["traces"]

    assert (told["outcome"], told["criteria"]["values"]) == ("fired", {"amount": 120})
    assert saved.status == 200
    assert [(one["record"], one["outcome"]) for one in found] == [(deal, "done")]
    assert "big" in {entry["name"] for entry in found[0]["looked_at"]}
    refused = {"Patron-Trace": "not a name"}
    assert admin.send("PATCH", f"/records/deal/{deal}", {}, headers=refused).status == 422
    no = tried.caller("rep").send(
        "PATCH", f"/records/deal/{deal}", {}, headers={"Patron-Trace": "x"}
    )
    assert no.status == 403
    switched = admin.post("/traces/switches", {"record": deal, "minutes": 5}).json["switches"]
    assert [one["record"] for one in switched] == [deal]
    admin.patch(f"/records/deal/{deal}", {"notes": "y"})
    assert len(admin.get(f"/records/deal/{deal}/traces").json["traces"]) == 2
    assert admin.post("/traces/switches", {"record": deal, "user": 1}).status == 422
    assert admin.post("/traces/switches", {"record": -1}).status == 422
    assert admin.post("/traces/switches", {"user": 1, "minutes": 0}).status == 422
    assert admin.post("/traces/switches", {"usr": 1}).status == 422
    assert admin.send("DELETE", "/traces/switches").status == 204
    assert admin.get("/traces").json["switches"] == []


def test_the_designer_tries_what_is_not_saved(tried: House) -> None:
    """Counts and the records that differ, beside the form; the workflow stays as it was."""
    browser = visitor_of(tried, "admin")
    page = "/e/production/setup/workflow/big"

    shown = browser.send(page, page, do="try", tab="yaml", base="1", text=NEW_BIG).text

    assert "It would run for 3 of 4 records; now it does for 3." in shown
    assert "margin = 1" in shown
    assert "nothing was changed or sent" in shown
    assert "amount &gt; 100" in browser.get(f"{page}?tab=yaml").text


def test_the_page_answers_why_not(tried: House) -> None:
    """Each criterion with its values; a switch by a button; the history leads there."""
    browser, admin = visitor_of(tried, "admin"), tried.caller()
    deal = admin.get("/records/deal", where='name = "D50"').json["records"][0]["id"]
    page = f"/e/production/setup/why?object=deal&record={deal}&component=workflow:big"

    shown = browser.get(page).text
    wrong = browser.get(page.replace("big", "nothing")).text
    browser.send(page, "/e/production/setup/why", minutes="15", record=str(deal))
    on = browser.get(page).text
    browser.send(page, "/e/production/setup/why")
    off = browser.get(page).text

    assert "its criteria do not hold" in shown
    assert "<code>amount &gt; 100</code>" in shown
    assert "amount = 50" in shown
    assert "is no active workflow" in wrong
    assert f"Of the record {deal}" in on
    assert "Of the record" not in off
    assert browser.get("/e/production/setup/").text.count("setup/why") == 1
    assert visitor_of(tried, "rep").get(page).status_code == 403


def test_the_history_says_which_workflow_set_a_field(tried: House) -> None:
    """A change that a workflow made says so, and leads to why for who may customize."""
    admin = tried.caller()
    made = admin.create("deal", name="Why", amount=1)["id"]
    admin.patch(f"/records/deal/{made}", {"amount": 900})
    page = f"/e/production/o/deal/{made}?tab=history"

    shown = visitor_of(tried, "admin").get(page).text
    other = visitor_of(tried, "rep").get(page).text
    admin.send("DELETE", f"/records/deal/{made}")  # others count the deals

    assert "set by Big deal" in shown
    assert "setup/why?object=deal" in shown
    assert "set by Big deal" in other
    assert "setup/why" not in other
