"""Changes that are not additive: counted, consented to, treated; on both databases."""

from __future__ import annotations

import json

import pytest

from deploy_tool.deploying import switching
from deploy_tool.installation import Installation
from engine.settings import Settings
from tests.integration.deploy.conftest import DEAL

APPLY = ("apply", "--to", "production", "--yes", "--json", "--from")
PLAN = ("plan", "--to", "production", "--json", "--from")
RULE = """\
validation_rules:
  no_small_deals: {invalid_if: amount < 5, message: Too small., field: amount}
"""


@pytest.fixture
def filled(production, tmp_path):
    """Five deals: two without an amount, one amount twice, one deal won."""
    rows = [
        {"name": "One", "amount": 1, "stage": "open"},
        {"name": "Two", "amount": 20, "stage": "open"},
        {"name": "Three", "amount": 20, "stage": "won"},
        {"name": "Four", "stage": "open"},
        {"name": "Five"},
    ]
    path = tmp_path / "deals.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert production("import", "production", "deal", path).code == 0
    return production


def changed(patron, deal: str, **more: str) -> None:
    """Write another object `deal`."""
    patron.write(objects__deal=deal, **more)


def deals(patron) -> dict[str, dict[str, object]]:
    """Give the deals by name, as an export shows them."""
    rows = json.loads(patron("export", "production", "deal", "--format", "json").out)
    return {row["name"]: row for row in rows}


def the_change(done) -> dict[str, object]:
    """Give the only change of a plan."""
    (change,) = done.json["changes"]
    return change


@pytest.mark.parametrize(
    ("deal", "values", "would_fail"),
    [
        (DEAL.replace("  amount: {type: currency}\n", ""), 3, 0),
        (DEAL.replace("{type: currency}", "{type: currency, required: true}"), 0, 2),
        (DEAL.replace("{type: currency}", "{type: currency, unique: true}"), 0, 2),
        (DEAL.replace("{type: currency}", "{type: currency, min: 5}"), 0, 1),
        (DEAL.replace("{type: currency}", "{type: currency, max: 5}"), 0, 2),
        (DEAL.replace("required: true}", "required: true, length: 3}"), 0, 3),
        (DEAL.replace(", won: {label: Won, closed: true}", ""), 1, 0),
        (DEAL.replace("  stage:", "  code: {type: text, required: true}\n  stage:"), 0, 5),
        (DEAL + RULE, 0, 1),
        (DEAL + RULE.replace("amount < 5", "ISCHANGED(stage) OR amount > 10"), 0, 2),
        (DEAL + RULE.replace("amount < 5", 'NOT HAS_PERMISSION("import_data")'), 0, 5),
    ],
    ids=[
        "retire",
        "required",
        "unique",
        "min",
        "max",
        "length",
        "value",
        "new required field",
        "rule",
        "rule that reads the past",
        "rule that asks for a permission",
    ],
)
def test_a_plan_counts_the_records_that_a_change_concerns(filled, deal, values, would_fail):
    """Exact counts, and the ids of the records that would fail."""
    changed(filled, deal)

    impact = the_change(filled(*PLAN, filled.folder))["impact"]

    assert (impact["values"], impact["would_fail"]) == (values, would_fail)
    assert len(impact.get("records", [])) == would_fail


def test_a_rule_over_a_new_formula_is_counted_before_the_column_is_there(filled):
    """What the rule reads comes with the same plan."""
    deal = DEAL.replace(
        "  stage:", "  double: {type: formula, returns: currency, formula: amount * 2}\n  stage:"
    )
    changed(filled, deal + RULE.replace("amount < 5", "double < 5"))

    changes = filled(*PLAN, filled.folder).json["changes"]

    rule = next(c for c in changes if c["component"].startswith("validation_rule"))
    assert rule["impact"]["would_fail"] == 1
    assert rule["treatment"] == "leave"


def test_a_field_is_retired_with_consent_and_comes_back_with_its_values(filled):
    """Class 1: `--accept retire`; the same name again is a restore."""
    changed(filled, DEAL.replace("  amount: {type: currency}\n", ""))

    without = filled(*APPLY, filled.folder)
    gone = filled(*APPLY, filled.folder, "--accept", "retire")
    hidden = deals(filled)["Two"]
    changed(filled, DEAL)
    plan = the_change(filled(*PLAN, filled.folder))
    back = filled(*APPLY, filled.folder)

    assert (without.code, without.json["code"], gone.code) == (5, "D101", 0)
    assert "3 records" in without.json["message"]
    assert "amount" not in hidden
    assert (plan["op"], plan["class"], back.code) == ("restore", 0, 0)
    assert deals(filled)["Two"]["amount"] == 20


def test_required_blocks_while_a_record_has_nothing(filled):
    """The default of `required` is to block: exit 5, and what to do."""
    changed(filled, DEAL.replace("{type: currency}", "{type: currency, required: true}"))

    plan = the_change(filled(*PLAN, filled.folder))
    done = filled(*APPLY, filled.folder, "--accept", "narrowing")

    assert plan["treatment"] == "block"
    assert (done.code, done.json["code"]) == (5, "D107")
    assert "field:deal.amount" in done.json["message"]


def test_required_is_filled_in_the_same_step(filled):
    """The value is there after the switch, with a version and a history of its own."""
    changed(filled, DEAL.replace("{type: currency}", "{type: currency, required: true}"))
    treat = ("--treat", "field:deal.amount=fill:7.5")

    plan = the_change(filled(*PLAN, filled.folder, *treat))
    done = filled(*APPLY, filled.folder, *treat, "--accept", "narrowing")

    found = deals(filled)
    assert (plan["treatment"], plan["impact"]["would_fail"]) == ("fill:7.5", 2)
    assert done.code == 0
    assert [found[name]["amount"] for name in ("Four", "Five", "Two")] == [7.5, 7.5, 20]
    assert [found[name]["version"] for name in ("Four", "Two")] == [2, 1]


def test_a_new_required_field_is_filled_by_its_short_name(filled):
    """A record of before cannot have what was not there."""
    changed(filled, DEAL.replace("  stage:", "  code: {type: text, required: true}\n  stage:"))
    treat = ("--treat", "deal.code=fill:none")

    done = filled(*APPLY, filled.folder, *treat, "--accept", "narrowing")

    assert done.code == 0
    assert {row["code"] for row in deals(filled).values()} == {"none"}


def test_a_removed_picklist_value_is_left_or_exchanged(filled):
    """The default leaves it where it is; a map moves the records on."""
    changed(filled, DEAL.replace(", won: {label: Won, closed: true}", ""))

    left = the_change(filled(*PLAN, filled.folder))["treatment"]
    treat = ("--treat", "field:deal.stage=map:won=open")
    done = filled(*APPLY, filled.folder, *treat, "--accept", "narrowing")

    assert (left, done.code) == ("leave", 0)
    assert deals(filled)["Three"]["stage"] == "open"


def test_a_text_that_became_too_long_is_cut(filled):
    """`convert` makes a value fit."""
    changed(filled, DEAL.replace("required: true}", "required: true, length: 3}"))
    treat = ("--treat", "field:deal.name=convert")

    done = filled(*APPLY, filled.folder, *treat, "--accept", "narrowing")

    assert done.code == 0
    assert set(deals(filled)) == {"One", "Two", "Thr", "Fou", "Fiv"}


@pytest.mark.parametrize(
    "treat",
    [
        "field:deal.amount",
        "field:deal.amount=paint",
        "field:deal.amount=map:a=b",
        "field:deal.amount=fill:much",
        "field:deal.nothing=leave",
        "field:deal.amount=map:missing.json",
    ],
)
def test_a_treatment_that_makes_no_sense_is_refused(filled, treat):
    """Exit 64 and the word that is wrong."""
    changed(filled, DEAL.replace("{type: currency}", "{type: currency, required: true}"))

    done = filled(*PLAN, filled.folder, "--treat", treat)

    assert (done.code, done.json["code"]) == (64, "U105")


def test_a_map_to_a_value_that_is_not_there_is_refused(filled):
    """What records get must be a value of the field."""
    changed(filled, DEAL.replace(", won: {label: Won, closed: true}", ""))

    done = filled(*PLAN, filled.folder, "--treat", "field:deal.stage=map:won=opne")

    assert (done.code, done.json["code"]) == (64, "U105")
    assert "open" in done.json["hint"]


def test_more_records_than_were_consented_to_stop_it(filled, tmp_path):
    """Counts are taken again just before the switch: exit 5, nothing changed."""
    changed(filled, DEAL.replace("  amount: {type: currency}\n", ""))
    sealed = tmp_path / "plan.json"
    assert filled(*PLAN, filled.folder, "--out", sealed).code == 0
    more = tmp_path / "more.json"
    more.write_text('[{"name": "Six", "amount": 6}]', encoding="utf-8")
    assert filled("import", "production", "deal", more).code == 0

    done = filled("apply", sealed, "--yes", "--json", "--accept", "retire")

    assert (done.code, done.json["code"]) == (5, "D108")
    assert "amount" in deals(filled)["Six"]


@pytest.mark.parametrize("dialect", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_inside_the_fence_only_records_changed_since_are_looked_at(filled, monkeypatch):
    """All are counted while people work; a record that comes between the two is noticed."""
    changed(filled, DEAL.replace("  amount: {type: currency}\n", ""))
    real, looks = switching.ensure_no_more, []

    def let_one_in(tx, planned, **how):
        found = real(tx, planned, **how)
        looks.append(tx.is_write)
        with Installation(Settings.from_env(filled.environ)) as installation:
            database = installation.environment("production").database
            with database.write() as other:
                other.run("UPDATE deal SET amount = 5, updated_at = now() WHERE name = 'Five'")
        return found

    monkeypatch.setattr(switching, "ensure_no_more", let_one_in)
    done = filled(*APPLY, filled.folder, "--accept", "retire")

    assert looks == [False]
    assert (done.code, done.json["code"]) == (5, "D108")
    assert "amount" in deals(filled)["Five"]


def test_a_sealed_plan_carries_its_treatments(filled, tmp_path):
    """What was looked at is what happens, in another process and later."""
    changed(filled, DEAL.replace("{type: currency}", "{type: currency, required: true}"))
    sealed = tmp_path / "plan.json"
    filled(*PLAN, filled.folder, "--treat", "field:deal.amount=fill:1", "--out", sealed)

    done = filled("apply", sealed, "--yes", "--json", "--accept", "narrowing")

    assert done.code == 0
    assert deals(filled)["Five"]["amount"] == 1
