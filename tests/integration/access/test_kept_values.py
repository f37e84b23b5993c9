"""What was read with the rights of the configuration shows to nobody who could not read it.

Runs, traces, "why" and trials keep or compute values of records. For who sees half of them: no
value of a hidden field, none of a hidden record, none at the end of a path through one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.conftest import installed, on_both
from tests.support.houses import House
from tests.support.visitors import visitor_of

ACCOUNT = """\
object: account
label: Account
sharing: private
fields:
  name: {type: text, required: true}
  tier: {type: text}
validation_rules:
  no_lead: {invalid_if: tier = "lead", message: No.}
"""
DEAL = """\
object: deal
label: Deal
sharing: read_write
features: {history: true}
fields:
  name: {type: text, required: true}
  account: {type: lookup, to: account}
  amount: {type: number}
  margin: {type: number}
  state: {type: text}
validation_rules:
  golden: {invalid_if: account.tier = "gold" AND amount > 5000, message: No.}
"""
TASK = """\
object: task
label: Task
sharing: private
fields:
  subject: {type: text}
  about: {type: lookup, to: deal}
"""
FLOWS = """\
workflow: won
object: deal
when: saved
if: ISCHANGED(state) AND account.tier <> "none"
steps:
  - name: call
    create: task
    values: {subject: '"Call " & account.name', about: id, owner: account.owner}
  - {name: others, update: task, where: about = id, set: {subject: '"Ring " & account.name'}}
  - name: each
    for_each: tasks
    do: [{name: mark, set: {subject: '"Done"'}}]
  - {name: bell, notify: [owner], text: '"Margin " & TEXT(margin)'}
"""
SETS = """\
permission_set: rep
objects:
  account: {create: true, read: true, edit: true}
  task: {create: true, read: true, edit: true}
  deal: {create: true, read: true, edit: true, fields: {margin: none}}
---
permission_set: maker
objects:
  account: {create: true, read: true, edit: true}
  task: {read: true}
  deal: {create: true, read: true, edit: true, fields: {margin: none}}
permissions: [customize]
"""
FILES = {
    "project.yaml": "project: test\nlabel: Test\nformat: 1\n",
    "objects/account.yaml": ACCOUNT,
    "objects/deal.yaml": DEAL,
    "objects/task.yaml": TASK,
    "workflows/deal.yaml": FLOWS,
    "access/permission_sets/sets.yaml": SETS,
    "approvals/a.yaml": (
        "approval: rich\nobject: deal\nenter_if: account.tier <> 'none'\n"
        "submit: {automatic: true}\n"
        "steps: [{name: s, if: margin > 4000, approvers: account.owner}]\n"
    ).replace("'", '"'),
    "sla/a.yaml": (
        "sla: fast\nobject: deal\nstart_if: account.tier = 'lead' OR account.tier = 'none'\n"
        "stop_if: margin > 5000\n"
        "within: 1 hour\n"
    ).replace("'", '"'),
    "assignment/a.yaml": (
        "assignment: fair\nobject: deal\nentries:\n"
        "  - {if: account.tier <> 'none', to: {user: admin@example.test}}\n"
        "  - {to: account.owner}\n"
    ).replace("'", '"'),
}
SECRETS = ("Castor", "Pollux", "gold", "47114711")
ORACLE = (
    "workflow: oracle\nobject: deal\nwhen: before_save\nif: {}\nsteps: [{{name: s, set: {}}}]\n"
)


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with a rep and a maker who see no accounts but their own."""
    with installed(request, FILES) as made:
        made.admit("rep", "rep")
        made.admit("maker", "maker")
        yield made


@pytest.fixture
def deal(house: House) -> int:
    """Give a deal that all see, of an account that only the administrator sees, and its run."""
    admin = house.caller()
    account = admin.create("account", name="Castor", tier="gold")
    made = admin.create("deal", name="Big", account=account["id"], margin=47114711, amount=1)
    trace = {"Patron-Trace": f"t{made['id']}"}
    done = admin.send("PATCH", f"/records/deal/{made['id']}", {"state": "won"}, headers=trace)
    assert done.status == 200
    return int(made["id"])


def run_of(house: House, who: str, deal: int) -> dict[str, Any]:
    """Give the run of a deal as somebody sees it."""
    (run,) = house.caller().get("/runs", record=deal, workflow="won").json["runs"]
    found: dict[str, Any] = house.caller(who).get(f"/runs/{run['id']}").json
    return found


def test_a_run_tells_nothing_of_hidden_records(house: House, deal: int) -> None:
    """Neither their values nor their ids; the administrator sees all of it."""
    whole, theirs = run_of(house, "admin", deal), run_of(house, "rep", deal)

    steps = {one["step"]: one for one in whole["steps"]}
    assert whole["input"]["account.name"] == "Castor"
    assert steps["call"]["input"]["subject"] == "Call Castor"
    assert steps["others"]["output"]["records"] == [steps["call"]["output"]["id"]]
    assert steps["bell"]["input"] == {"text": "Margin 47114711"}
    seen = {one["step"]: one for one in theirs["steps"]}
    assert list(seen) == list(steps)
    assert "account.name" not in theirs["input"]
    assert (seen["call"]["input"], seen["call"]["output"]) == ({}, {"object": "task"})
    assert seen["others"]["output"] == {"object": "task", "records": []}
    assert seen["others"]["input"] == {}
    assert seen["each"]["output"] == {"object": "task"}
    assert (seen["each.mark"]["record"], seen["each.mark"]["input"]) == (None, {})
    assert not any(secret in str(theirs) for secret in SECRETS)


def test_who_customizes_sees_every_run_and_no_more_of_it(house: House, deal: int) -> None:
    """That it was, but no value of a hidden field or record, and no text that may hold one."""
    theirs = run_of(house, "maker", deal)
    page = visitor_of(house, "maker").get(f"/e/production/setup/runs/{theirs['id']}").text

    assert [one["step"] for one in theirs["steps"]] == [
        "call",
        "others",
        "each",
        "each.mark",
        "bell",
    ]
    for told in (str(theirs), page):
        assert not any(secret in told for secret in SECRETS)
    whole = visitor_of(house, "admin").get(f"/e/production/setup/runs/{theirs['id']}").text
    assert all(secret in whole for secret in ("Castor", "47114711"))


def test_what_the_viewer_may_read_shows(house: House) -> None:
    """Along a path to an account of their own, the value is there, and the task that was made."""
    rep = house.caller("rep")
    account = rep.create("account", name="Vega", tier="silver")
    made = rep.create("deal", name="Own", account=account["id"])
    rep.patch(f"/records/deal/{made['id']}", {"state": "won"})

    theirs = run_of(house, "rep", made["id"])

    assert theirs["input"]["account.name"] == "Vega"
    steps = {one["step"]: one for one in theirs["steps"]}
    assert steps["call"]["input"]["subject"] == "Call Vega"
    assert steps["others"]["output"]["records"] == [steps["call"]["output"]["id"]]
    assert steps["each.mark"]["record"] == steps["call"]["output"]["id"]
    assert "margin" not in theirs["input"]


def test_traces_and_why_stop_at_hidden_records(house: House, deal: int) -> None:
    """Neither the value at the end of the path, nor whether what reads it held."""
    maker, admin = house.caller("maker"), house.caller()

    for component in ("workflow:won", "validation_rule:deal.golden"):
        whole = admin.get(f"/records/deal/{deal}/why", component=component).json["criteria"]
        told = maker.get(f"/records/deal/{deal}/why", component=component).json["criteria"]
        assert '"gold"' in str(whole).replace("'gold'", '"gold"')
        part = next(one for one in told["parts"] if "account.tier" in one["text"])
        assert (part["values"], part["held"], told["held"]) == ({}, None, None)
    (trace,) = maker.get(f"/records/deal/{deal}/traces").json["traces"]
    looked = {one["name"]: one for one in trace["looked_at"]}
    part = looked["won"]["criteria"]["parts"][1]
    assert (part["text"], part["values"], part["held"]) == ('account.tier <> "none"', {}, None)
    assert "Castor" not in str(trace)
    page = visitor_of(house, "maker").get(f"/e/production/setup/why?object=deal&record={deal}")
    assert "Castor" not in page.text


@pytest.mark.parametrize("component", ["approval:rich", "sla:fast", "assignment:fair"])
def test_why_not_stops_at_hidden_records(house: House, deal: int, component: str) -> None:
    """Of approvals, deadlines and assignments: no value, no outcome of one, nobody it names."""
    path = f"/records/deal/{deal}/why"
    whole = house.caller().get(path, component=component).json

    told = house.caller("maker").get(path, component=component).json

    assert "gold" in str(whole)
    assert not any(secret in str(told) for secret in SECRETS)
    outcomes = [point["outcome"] for point in told["points"]]
    assert outcomes
    assert set(outcomes) <= {"unknown", "waits"}  # a request that waits shows on the record
    people = [one for point in told["points"] for one in point["people"]]
    assert all(one["user"] is None or one["outcome"] == "asked" for one in people)
    page = visitor_of(house, "maker").get(
        f"/e/production/setup/why?object=deal&record={deal}&component={component}"
    )
    assert page.status_code == 200
    answer = page.text[page.text.index('id="answer"') :].partition('id="traces"')[0]
    assert "follows from what you may not read" in answer
    assert not any(secret in answer for secret in SECRETS)


def test_the_newest_traces_are_of_records_that_show(house: House) -> None:
    """A trace of a hidden record is not there, in a list, by its request, or on the page."""
    admin, maker = house.caller(), house.caller("maker")
    made = admin.create("account", name="Pollux")
    trace = {"Patron-Trace": "polly"}
    path = f"/records/account/{made['id']}"
    admin.send("PATCH", path, {"tier": "gold"}, headers=trace)
    own = maker.create("account", name="Own")
    maker.send("PATCH", f"/records/account/{own['id']}", {"tier": "x"}, headers=trace)

    found = [maker.get("/traces").json, maker.get("/traces", request="polly").json]

    whole = {one["record"] for one in admin.get("/traces", request="polly").json["traces"]}
    assert whole == {made["id"], own["id"]}
    for told in found:
        shown = {one["record"] for one in told["traces"]}
        assert own["id"] in shown
        assert made["id"] not in shown
    page = visitor_of(house, "maker").get("/e/production/setup/why").text
    assert f'{path.rpartition("/")[2]}"' not in page
    assert maker.get(f"{path}/traces").status == 404


@pytest.mark.parametrize(
    ("condition", "sets"),
    [
        ("margin > 4000", "{state: name}"),
        ("amount > 0", "{state: TEXT(margin)}"),
        ("ISCHANGED(margin)", "{state: name}"),
        ("amount > 0", """{state: 'VLOOKUP("account", "name", "tier", "gold")'}"""),
    ],
)
def test_a_trial_is_no_way_to_ask_for_hidden_fields(
    house: House, deal: int, condition: str, sets: str
) -> None:
    """What is tried reads with the rights of who tries it: refused, not answered by outcomes."""
    assert deal
    body = {"component": "workflow:oracle", "text": ORACLE.format(condition, sets)}

    refused = house.caller("maker").post("/simulations", body)

    assert (refused.status, refused.json["code"]) == (403, "A100")
    assert house.caller().post("/simulations", body).status == 200


def test_a_trial_leaves_out_what_leads_through_hidden_records(house: House, deal: int) -> None:
    """A record of a hidden account is neither counted nor shown; one of an own account is."""
    maker = house.caller("maker")
    account = maker.create("account", name="Mine", tier="gold")
    own = maker.create("deal", name="Theirs", account=account["id"])
    text = ORACLE.format('account.tier = "gold"', "{state: account.name}")
    body = {"component": "workflow:oracle", "text": text}

    told = maker.post("/simulations", body).json
    whole = house.caller().post("/simulations", body).json

    shown = {one["id"]: one["after"]["sets"] for one in told["differences"]}
    assert deal not in shown
    assert shown[own["id"]] == {"state": "Mine"}
    assert told["looked_at"] < whole["looked_at"]
    assert {deal, own["id"]} <= {one["id"] for one in whole["differences"]}
