"""Runs over REST and in Setup: seen by rights, tried again, cancelled; buttons that start one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from admin.runs import ACTIONS as WORDS
from admin.runs import CAUSES
from engine.saving.runs import stepping, triggering
from tests.integration.conftest import installed, on_both
from tests.support.houses import House
from tests.support.visitors import Visitor, visitor_of

DEAL = """\
object: deal
label: Deal
plural: Deals
sharing: private
fields:
  name: {type: text, required: true}
  margin: {type: number}
  state: {type: text}
  count: {type: number, default: 0}
"""
FLOWS = """\
workflow: on_create
label: On creation
object: deal
when: created
steps:
  - {name: mark, set: {margin: 5, state: '"new"'}}
  - {name: post, note: '"margin " & TEXT(margin)'}
---
workflow: rise
label: Rise
object: deal
when: button
if: count < 2
steps:
  - {name: more, set: {count: count + 1}}
---
workflow: broken
label: Broken
object: deal
when: button
steps:
  - {name: bad, set: {count: 1 / (count - count)}}
---
workflow: waiting
label: Waiting
object: deal
when: button
steps:
  - {name: pause, wait: {for: 3 days}}
"""
ACTIONS = """\
action: rise_it
label: Rise it
object: deal
workflow: rise
---
action: break_it
object: deal
workflow: broken
---
action: wait_it
object: deal
workflow: waiting
"""
LAYOUT = "layout: deal.default\nactions: [rise_it, break_it, wait_it]\n"
SETS = """\
permission_set: rep
objects: {deal: {create: true, read: true, edit: true, fields: {margin: none}}}
---
permission_set: reader
objects: {deal: {read: true, view_all: true}}
---
app: sales
label: Sales
items: [deal]
"""
FILES = {
    "project.yaml": "project: test\nlabel: Test\nformat: 1\nlanguages: [en, fr]\n",
    "objects/deal.yaml": DEAL,
    "workflows/deal.yaml": FLOWS,
    "actions/deal.yaml": ACTIONS,
    "layouts/deal.yaml": LAYOUT,
    "access/permission_sets/sets.yaml": SETS,
}


@on_both
def running(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with the workflows above, a rep, another one, and a reader."""
    with installed(request, FILES) as made:
        made.admit("rep", "rep")
        made.admit("other", "rep")
        made.admit("reader", "reader")
        yield made


def test_a_run_shows_what_its_viewer_may_read(running: House) -> None:
    """The administrator sees everything, the rep no field and no text that is not theirs."""
    admin, rep, other = (running.caller(who) for who in ("admin", "rep", "other"))
    made = rep.create("deal", name="a")

    listed = admin.get("/runs", workflow="on_create", record=made["id"]).json["runs"]
    whole = admin.get(f"/runs/{listed[0]['id']}").json
    theirs = rep.get(f"/runs/{listed[0]['id']}").json

    assert [(s["step"], s["action"]) for s in whole["steps"]] == [("mark", "set"), ("post", "note")]
    assert whole["steps"][0]["input"] == {"margin": 5, "state": "new"}
    assert whole["steps"][1]["output"] == {"text": "margin 5"}
    assert theirs["steps"][0]["input"] == {"state": "new"}
    assert theirs["steps"][1]["output"] == {}
    assert [r["id"] for r in rep.get("/runs", record=made["id"]).json["runs"]] == [listed[0]["id"]]
    assert rep.get("/runs").status == 403
    assert other.get(f"/runs/{listed[0]['id']}").status == 404
    assert other.get("/runs", record=made["id"]).status == 404
    assert admin.get("/runs/999999").status == 404
    assert admin.get("/runs", state="odd").status == 422


def test_a_button_runs_for_who_may_change_the_record(running: House) -> None:
    """With the configuration's rights, while its criteria hold; hidden records have no buttons."""
    admin, rep = running.caller(), running.caller("rep")
    made = rep.create("deal", name="b")
    press = f"/records/deal/{made['id']}/actions"

    first = rep.post(f"{press}/rise_it", {})
    second = rep.post(f"{press}/rise_it", {})
    third = rep.post(f"{press}/rise_it", {})

    assert (first.status, first.json["state"], first.json["cause"]) == (200, "done", "button")
    assert second.json["state"] == "done"
    assert (third.status, third.json["code"]) == (409, "W116")
    assert rep.get(f"/records/deal/{made['id']}").json["count"] == 2
    assert rep.post(f"{press}/nothing", {}).status == 404
    assert running.caller("other").post(f"{press}/rise_it", {}).status == 404
    assert running.caller("reader").post(f"{press}/rise_it", {}).status == 403
    assert admin.get("/runs", record=made["id"], workflow="rise", limit=1).json["next"] is not None


def test_failed_runs_are_tried_again_and_waiting_ones_cancelled(running: House) -> None:
    """By who customizes; a second click finds another state and says so."""
    admin, rep = running.caller(), running.caller("rep")
    made = rep.create("deal", name="c")
    failed = rep.post(f"/records/deal/{made['id']}/actions/break_it", {}).json
    waiting = rep.post(f"/records/deal/{made['id']}/actions/wait_it", {}).json

    assert (failed["state"], failed["code"], failed["error"]) == ("failed", "W110", None)
    assert "division by zero" in admin.get(f"/runs/{failed['id']}").json["error"]
    assert rep.post(f"/runs/{failed['id']}/retry", {}).status == 403
    assert admin.post(f"/runs/{failed['id']}/retry", {}).json["state"] == "failed"
    assert (waiting["state"], waiting["waits_for"]) == ("waiting", "time")
    assert admin.post(f"/runs/{waiting['id']}/cancel", {}).json["state"] == "cancelled"
    again = admin.post(f"/runs/{waiting['id']}/cancel", {})
    assert (again.status, again.json["code"]) == (409, "W115")


@pytest.fixture
def visitor(running: House) -> Visitor:
    """Give a signed-in browser of the administrator."""
    return visitor_of(running, "admin")


def test_pages_show_runs_and_buttons(running: House, visitor: Visitor) -> None:
    """The list with filters, one run with its steps, trying again; a button on the record."""
    root = "/e/production"
    made = running.caller().create("deal", name="d")
    record = f"{root}/o/deal/{made['id']}"
    assert "Rise it" in visitor.get(record).text
    assert visitor.send(record, f"{record}/action/rise_it").status_code == 303
    broken = visitor.send(record, f"{record}/action/break_it")
    assert (broken.status_code, "division by zero" in broken.text) == (422, True)

    (run,) = running.caller().get("/runs", record=made["id"], state="failed").json["runs"]
    one = f"{root}/setup/runs/{run['id']}"
    listed = visitor.get(f"{root}/setup/runs?state=failed&record={made['id']}").text
    assert one in listed
    assert "by a button" in listed
    assert ">Deal: d</a>" in listed
    assert '<option value="workflow:broken"' in listed
    assert "sets values" in visitor.get(one).text
    assert "division by zero" in visitor.get(one).text
    assert visitor.send(one, f"{one}/cancel").status_code == 303
    assert visitor.send(one, f"{one}/retry").status_code == 409
    assert f"{root}/setup/runs" in visitor.get(f"{root}/setup/").text


def test_causes_and_steps_have_words() -> None:
    """What starts a run and what a step does is said in words, not as it stands in files."""
    starts = {name for names in triggering.STARTS.values() for name in names} - {"saved"}
    deeds = {"submit", "approve", "reject", "recall"}

    assert CAUSES.keys() >= starts | triggering.STARTS.keys() | deeds | {
        "at",
        "every",
        "button",
        "sla",
    }
    assert set(stepping.ACTIONS.values()) <= WORDS.keys()
