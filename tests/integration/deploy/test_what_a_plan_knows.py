"""What a plan tells of a change, and of the target it is for; on both databases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.impact import rules
from engine.names import split_key
from engine.source import load_tree
from engine.store.tx import Tx
from tests.integration.deploy.conftest import DEAL

PLAN = ("plan", "--to", "production", "--from")
APPLY = ("apply", "--to", "production", "--yes", "--from")
RULES = """\
validation_rules:
  small: {invalid_if: amount < 0, message: Too small., field: amount}
  large: {invalid_if: amount > 1000, message: Too large., field: amount}
"""
ROLES = "roles:\n  boss: {}\n  rep: {parent: boss}\n"
SET = "permission_set: seller\nobjects: {deal: {create: true, read: true, edit: true}}\n"


@pytest.fixture
def filled(production, tmp_path):
    """Five deals; one has no amount, one is won."""
    rows = [
        {"name": "One", "amount": 1, "stage": "open"},
        {"name": "Two", "amount": 20, "stage": "open"},
        {"name": "Three", "amount": 20, "stage": "won"},
        {"name": "Four", "amount": 30, "stage": "open"},
        {"name": "Five"},
    ]
    path = tmp_path / "deals.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert production("import", "production", "deal", path).code == 0
    return production


def changes_of(patron, *words: object) -> dict[str, dict[str, object]]:
    """Give the changes of a plan by component."""
    done = patron(*PLAN, patron.folder, "--json", *words)
    assert done.code in {0, 4}, done.out
    return {change["component"]: change for change in done.json["changes"]}


def test_a_retired_field_tells_what_is_kept_and_until_when(filled):
    """How many values, how many different, last written when, used by what, kept until."""
    filled.write(objects__deal=DEAL + RULES)
    assert filled(*APPLY, filled.folder).code == 0
    filled.write(objects__deal=DEAL.replace("  amount: {type: currency}\n", ""))

    impact = changes_of(filled)["field:deal.amount"]["impact"]
    text = filled(*PLAN, filled.folder).out

    assert (impact["values"], impact["distinct"]) == (4, 3)
    assert impact["used_by"] == ["validation_rule:deal.large", "validation_rule:deal.small"]
    assert impact["last_written"] < impact["kept_until"]
    assert "used so far by rule deal.large, rule deal.small" in text
    assert "kept (3 different) until" in text


def test_a_rename_tells_how_many_expressions_follow(filled):
    """No data moves; what read the old name reads the new one."""
    filled.write(objects__deal=DEAL + RULES)
    assert filled(*APPLY, filled.folder).code == 0
    renamed = (DEAL + RULES).replace("amount:", "worth:").replace("amount", "worth")
    renamed = renamed.replace("worth: {type: currency}", "worth: {type: currency, aka: [amount]}")
    filled.write(objects__deal=renamed)

    change = changes_of(filled)["field:deal.worth"]

    assert (change["op"], change["impact"]["rewritten"]) == ("rename", 4)
    assert "4 expressions rewritten" in filled(*PLAN, filled.folder).out


def test_picklist_values_in_use_are_named_with_their_records(filled):
    """Of the values that go, those that records hold."""
    stage = "stage: {type: picklist, values: {new: {}}}\n"
    filled.write(objects__deal=DEAL.partition("stage:")[0] + stage)

    impact = changes_of(filled)["field:deal.stage"]["impact"]

    assert impact["in_use"] == {"open": 3, "won": 1}
    assert impact["values"] == 4


def test_steps_say_how_many_rows_and_about_how_long(filled):
    """An index is built online over the rows there are; the switch is the last step."""
    filled.write(
        objects__deal=DEAL.replace("{type: currency}", "{type: currency, index: true}")
        + "  double: {type: formula, returns: currency, formula: amount * 2}\n"
    )

    steps = filled(*PLAN, filled.folder, "--json").json["steps"]

    assert [(step["pace"], step["rows"]) for step in steps] == [
        ("instant", None),
        ("online", 5),
        ("batched", 5),
        ("instant", None),
    ]
    assert steps[-1]["text"] == "switch to version 2"
    assert all(step["milliseconds"] > 0 for step in steps[1:])


@pytest.fixture
def staffed(patron, tmp_path):
    """Give a production with two roles and a member in each; nobody of them owns a deal."""
    patron.write(
        objects__deal=DEAL.replace("label: Deal\n", "label: Deal\nsharing: read\n", 1),
        access__roles=ROLES,
        access__permission_sets__seller=SET,
    )
    assert patron("init", "--from", patron.folder).code == 0
    for role in ("boss", "rep"):
        made = patron(
            *("user", "create", "production", f"{role}@example.test", "--role", role),
            *("--permission-set", "seller"),
        )
        assert made.code == 0, made.err
    rows = [{"name": "Two"}, {"name": "Three"}]
    path = tmp_path / "deals.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert patron("import", "production", "deal", path).code == 0
    return patron


def test_tightened_access_is_counted_for_each_role_and_asks_for_consent(staffed):
    """From open to private: what each role no longer sees, and the difference of access."""
    staffed.write(objects__deal=DEAL.replace("label: Deal\n", "label: Deal\nsharing: private\n", 1))

    done = staffed(*PLAN, staffed.folder, "--json").json
    text = staffed(*PLAN, staffed.folder).out
    refused = staffed(*APPLY, staffed.folder, "--json")

    (change,) = done["changes"]
    assert (change["class"], done["needs"]["accept"]) == (2, ["narrowing"])
    assert (change["impact"]["more_visible"], change["impact"]["less_visible"]) == (0, 2)
    assert done["visibility"] == [
        {"object": "deal", "role": role, "members": 1, "more": 0, "less": 2}
        for role in ("boss", "rep")
    ]
    assert done["access"] == [
        {
            "who": "everybody",
            "object": "deal",
            "what": "sharing",
            "way": "less",
            "before": "read",
            "after": "private",
        }
    ]
    assert "role rep, 1 member: deal -2" in text
    assert "- everybody deal: sharing read → private" in text
    assert (refused.code, refused.json["code"]) == (5, "D101")
    assert "2 records" in refused.json["message"]


def test_a_new_rule_tells_who_sees_more(staffed):
    """Widening is free, and told all the same."""
    private = DEAL.replace("label: Deal\n", "label: Deal\nsharing: private\n", 1)
    staffed.write(objects__deal=private)
    assert staffed(*APPLY, staffed.folder, "--accept", "narrowing").code == 0
    staffed.write(
        access__sharing__deal="sharing: deal\nrules:\n"
        '  two: {where: name = "Two", with: {role: rep}, access: read}\n'
    )

    done = staffed(*PLAN, staffed.folder, "--json").json

    (change,) = done["changes"]
    assert (change["class"], change["impact"]["more_visible"]) == (0, 1)
    assert [(seen["role"], seen["more"], seen["less"]) for seen in done["visibility"]] == [
        ("rep", 1, 0)
    ]
    assert [(each["who"], each["what"], each["way"]) for each in done["access"]] == [
        ("role:rep", "rule two", "more")
    ]


@pytest.fixture
def diverged(production):
    """Give files pulled at version 1; they and production labelled the amount since then."""
    assert production("pull", "production", "--to", production.folder).code == 0
    other = production.folder.parent / "other"
    assert production("pull", "production", "--to", other).code == 0
    theirs = DEAL.replace("{type: currency}", "{type: currency, label: Worth, help: There}")
    (other / "objects/deal.yaml").write_text(theirs, encoding="utf-8")
    assert production("apply", "--from", other, "--to", "production", "--yes").code == 0
    mine = DEAL.replace("{type: currency}", "{type: currency, label: Value}")
    production.write(objects__deal=mine + "  note: {type: text}\n")
    return production


def test_a_plan_tells_what_happened_since_its_baseline(diverged):
    """Each version with who and when, each component with whether it overlaps."""
    done = diverged(*PLAN, diverged.folder, "--json")
    text = diverged(*PLAN, diverged.folder).out

    (version,) = done.json["since"]
    assert (version["version"], version["source"], version["deployment"]) == (2, "deploy", 2)
    assert version["changes"] == [{"component": "field:deal.amount", "overlap": "conflict"}]
    assert "Since the baseline production changed 1 time outside this plan:" in text
    assert "field deal.amount  conflict" in text


@pytest.mark.parametrize(
    ("resolve", "label"),
    [
        ("field:deal.amount/label=incoming", "Value"),
        ("field:deal.amount=target", "Worth"),
        ("field:*/label=incoming", "Value"),
    ],
)
def test_a_conflict_is_decided_on_the_command_line(diverged, tmp_path, resolve, label):
    """Shown with base, target, incoming and result; the choice is part of the sealed plan."""
    undecided = diverged(*PLAN, diverged.folder, "--json")
    text = diverged(*PLAN, diverged.folder).out
    sealed = tmp_path / "decided.plan"
    words = (*PLAN, diverged.folder, "--resolve", resolve, "--out", sealed, "--json")
    decided = diverged(*words)

    applied = diverged("apply", sealed, "--yes", "--json")

    assert undecided.code == 4
    assert "base: – | production: Worth | incoming: Value | result: Worth" in text
    assert (decided.code, decided.json["conflicts"]) == (0, [])
    (choice,) = decided.json["resolved"]
    assert choice["choice"] == resolve.rpartition("=")[2]
    assert applied.code == 0, applied.out
    blamed = diverged("blame", "production", "field:deal.amount", "--json").json["properties"]
    found = {one["property"]: one["value"] for one in blamed}
    assert (found["label"], found["help"]) == (label, "There")


@pytest.mark.parametrize(
    "resolve", ["field:deal.amount", "field:deal.amount=mine", "field:deal.amont/label=target"]
)
def test_a_decision_that_decides_nothing_is_refused(diverged, resolve):
    """Exit 64 and what is wrong with it."""
    done = diverged(*PLAN, diverged.folder, "--resolve", resolve, "--json")

    assert (done.code, done.json["code"]) == (64, "U106")


def test_work_for_a_role_without_anybody_is_a_warning(production):
    """The plan would give work to nobody: it says so, and goes on."""
    production.write(
        access__roles=ROLES,
        approvals__discount="approval: discount\nobject: deal\nenter_if: amount > 10\n"
        "steps: [{name: first, approvers: {role: boss}}]\n",
    )

    done = production(*PLAN, production.folder)

    assert done.code == 0, done.err
    assert "approval discount gives work to role boss, and nobody is in it" in done.out


APPROVAL = """\
approval: discount
object: deal
enter_if: amount > 10
submit: {automatic: true}
steps: [{name: first, approvers: {role: boss}}]
"""
WAITING = """\
workflow: patient
object: deal
when: created
steps: [{name: pause, wait: {until: TODAY() + 7}}]
"""


def test_work_in_flight_is_told_for_each_definition(staffed, tmp_path):
    """Requests and runs under way stay on their revision; the plan says how many there are."""
    staffed.write(approvals__discount=APPROVAL, workflows__patient=WAITING)
    assert staffed(*APPLY, staffed.folder).code == 0
    path = tmp_path / "big.json"
    path.write_text('[{"name": "Big", "amount": 50}, {"name": "Small", "amount": 5}]')
    done = staffed("import", "production", "deal", path)
    assert done.code == 0, done.err
    staffed.write(
        approvals__discount=APPROVAL.replace("> 10", "> 20"),
        workflows__patient=WAITING.replace("+ 7", "+ 9"),
    )

    changes = changes_of(staffed)
    text = staffed(*PLAN, staffed.folder).out

    assert changes["approval:discount"]["impact"]["in_flight"] == 1
    assert changes["workflow:patient"]["impact"]["in_flight"] == 2
    assert "1 in flight stay on their revision" in text


def test_blame_and_log_speak_of_every_kind(patron):
    """Every property of every component has the version that made it; the log names deployments."""
    contract = Path("tests/fixtures/contract")
    assert patron("init", "--from", contract).code == 0
    tree, _ = load_tree(contract)

    for key in {split_key(key)[0]: key for key in tree.docs}.values():
        found = patron("blame", "production", key, "--json").json["properties"]
        known = {one["property"].partition(".")[0] for one in found}
        assert known >= {n for n, v in tree.docs[key].data.items() if v not in (None, {}, [])}, key
        assert {one["version"] for one in found} <= {1}
    assert "D-1" in patron("log", "production").out


def test_many_rules_are_counted_in_one_look_each_exactly(filled, monkeypatch):
    """Sixty rules of one object, met by none, some or all: few statements, each its own records."""
    rules = "".join(
        f"  rule_{n}: {{invalid_if: amount > {n - 1}, message: Too much.}}\n" for n in range(60)
    )
    by_reading = "  moved: {invalid_if: NOT ISCHANGED(stage) AND amount > 19, message: Move it.}\n"
    gone = "  reads: {invalid_if: 'later = 1', message: No.}\n"
    late = DEAL + "  later: {type: number}\n"
    filled.write(objects__deal=late + "validation_rules:\n" + rules + by_reading + gone)
    seen: list[str] = []
    rows = Tx.rows

    def listen(tx, text, *values):
        seen.append(text)
        return rows(tx, text, *values)

    monkeypatch.setattr(Tx, "rows", listen)
    found = changes_of(filled)

    counts = {
        key.rpartition(".")[2]: change["impact"]["would_fail"] for key, change in found.items()
    }
    assert [counts[f"rule_{n}"] for n in (0, 1, 2, 20, 21, 31)] == [4, 4, 3, 3, 1, 0]
    assert (counts["moved"], counts["reads"]) == (3, 0)
    assert len(found["validation_rule:deal.rule_2"]["impact"]["records"]) == 3
    assert len([text for text in seen if "FILTER" in text]) == 2  # fifty in one look at the table


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_is_too_much_to_read_is_estimated_and_said_so(production, tmp_path, monkeypatch):
    """A condition that no statement knows is asked of so many records, and the rest is reckoned."""
    monkeypatch.setattr(rules, "READ_AT_MOST", 10)
    monkeypatch.setattr(rules, "_PAGE", 5)
    rows = tmp_path / "many.csv"
    rows.write_text("name,amount\n" + "".join(f"D{n},{9 if n % 2 else 1}\n" for n in range(40)))
    assert production("import", "production", "deal", rows).code == 0
    rule = "validation_rules:\n  was: {invalid_if: PRIORVALUE(amount) > 5, message: Was more.}\n"
    production.write(objects__deal=DEAL + rule)

    plan = production("plan", "--from", production.folder, "--to", "production")

    assert "about 20 records would not pass" in plan.out, plan.out + plan.err


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_merges_without_a_conflict_is_checked_whole_all_the_same(production, tmp_path):
    """One side retires a field, the other brings a rule that reads it: no conflict, not sound."""
    mine = tmp_path / "mine"
    assert production("pull", "production", "--to", mine).code == 0
    rule = "validation_rules:\n  few: {invalid_if: amount < 0, message: Too few.}\n"
    production.write(objects__deal=DEAL + rule)
    done = production("apply", "--from", production.folder, "--to", "production", "--yes")
    assert done.code == 0, done.err
    file = mine / "objects" / "deal.yaml"
    file.write_text(file.read_text().replace("  amount: {type: currency}\n", ""))

    refused = production(
        *("apply", "--from", mine, "--to", "production"),
        *("--yes", "--json", "--accept", "retire"),
    )

    assert (refused.code, refused.json["code"]) == (3, "M100"), refused.out
    assert "amount" in refused.err
    assert production("status", "--json").json["environments"][0]["version"] == 2
