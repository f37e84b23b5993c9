"""Examples of validation rules: what they are completed with, and how they fail."""

from __future__ import annotations

import pytest

ACCOUNT = "object: account\nfields: {name: {type: text}, region: {type: text}}\n"
DEAL = """\
object: deal
fields:
  name: {{type: text, required: true}}
  account: {{type: lookup, to: account}}
  amount: {{type: currency, max: 1000}}
  units: {{type: number, default: 2}}
  is_urgent: {{type: checkbox}}
  close_date: {{type: date, default: {{formula: TODAY() + 30}}}}
  stage: {{type: picklist, default: open, values: {{open: {{}}, won: {{closed: true}}}}}}
  price: {{type: formula, returns: currency, formula: amount / units}}
  double: {{type: formula, returns: currency, formula: price * 2}}
  lines: {{type: roll_up, from: line, via: deal, measure: count}}
validation_rules:
  rule:
    invalid_if: {condition}
    message: No.
    {more}
    examples: {{{examples}}}
"""
LINE = "object: line\nfields: {deal: {type: lookup, to: deal}}\n"
PERMISSIONS = "permissions: {waive: {label: Waive}}\n"


@pytest.fixture
def judged(outcomes):
    """Give `judged(condition, examples)`: the outcomes of the examples of one rule."""

    def judge(condition: str, examples: str, more: str = "") -> list[object]:
        deal = DEAL.format(condition=condition, examples=examples, more=more)
        objects = {"account": ACCOUNT, "deal": deal, "line": LINE}
        return outcomes(objects, access__permissions=PERMISSIONS)

    return judge


@pytest.mark.parametrize(
    ("condition", "examples"),
    [
        ("amount > 10", "fails: [{amount: 11}], passes: [{amount: 10}, {}]"),
        ("units = 2", "fails: [{}], passes: [{units: 3}]"),
        ("close_date > TODAY() + 29", "fails: [{}], passes: [{close_date: 2026-03-02}]"),
        ("NOT is_urgent", "fails: [{}], passes: [{is_urgent: true}]"),
        ("stage.closed", "fails: [{stage: won}], passes: [{}]"),
        ("double = 10", "fails: [{amount: 10}], passes: [{amount: 10, units: 1}]"),
        ("double = 10", "fails: [{price: 5}, {double: 10}], passes: [{price: 1}]"),
        ("lines = 0", "fails: [{}], passes: [{lines: 3}]"),
        ('account.region = "EMEA"', "fails: [{account.region: EMEA}], passes: [{}]"),
        ("ISBLANK(account)", "fails: [{}], passes: [{account: $any}]"),
        ("ISNEW()", "fails: [{}]"),
        ("close_date < TODAY()", "fails: [{close_date: {formula: TODAY() - 1}}]"),
        ("amount = 9", "fails: [{units: 3, amount: {formula: units * 3}}]"),
        ('NOT HAS_PERMISSION("waive")', "fails: [{}]"),
    ],
)
def test_an_example_is_judged_as_a_new_record(judged, condition: str, examples: str) -> None:
    """Defaults, formulas, roll-ups at nought, paths and expressions count; no permission does."""
    found = judged(condition, examples)

    assert found
    assert [(o.name, o.found) for o in found if o.state != "passed"] == []


@pytest.mark.parametrize(
    ("condition", "examples", "expected", "found"),
    [
        (
            "amount > 10",
            "fails: [{amount: 3}]",
            "the rule refuses it",
            "the rule accepts it (amount = 3.00)",
        ),
        (
            "amount > 10",
            "passes: [{amount: 30}]",
            "the rule accepts it",
            "the rule refuses it (amount = 30.00)",
        ),
        (
            "amount > 10",
            "fails: [{units: 0, amount: {formula: 1 / units}}]",
            "the rule refuses it",
            "the example cannot be read: amount: R195",
        ),
        (
            "amount / units > 1",
            "fails: [{amount: 1, units: 0}]",
            "the rule refuses it",
            "the rule accepts it; its condition has no value: ",
        ),
    ],
)
def test_a_wrong_example_says_what_is_wrong(
    judged, condition: str, examples: str, expected: str, found: str
) -> None:
    """Either the rule thinks otherwise, with the values it read, or a value cannot be read."""
    (outcome,) = judged(condition, examples)

    assert (outcome.state, outcome.expected) == ("failed", expected)
    assert outcome.found.startswith(found)
    assert (outcome.file, outcome.line) == ("objects/deal.yaml", 18)


def test_a_rule_that_is_not_active_has_no_examples(judged) -> None:
    """What does not run is not tested."""
    assert judged("amount > 10", "fails: [{amount: 1}]", more="active: false") == []


def test_an_unknown_field_is_a_problem_of_the_file(judged) -> None:
    """The first step of a path is checked with the files, before any example is judged."""
    with pytest.raises(AssertionError, match="M202"):
        judged("amount > 10", "fails: [{amonut: 1}]")


@pytest.mark.parametrize(
    ("example", "code"),
    [
        ("amount: 1001", "R124"),
        ("account.nmae: x", "M203"),
        ("amount: {formula: name & 1}", "M304"),
    ],
)
def test_an_example_that_cannot_be_read_is_a_problem_of_the_file(judged, example, code) -> None:
    """Values and expressions are checked with the files, before any example is judged."""
    with pytest.raises(AssertionError, match=code):
        judged("amount > 10", f"fails: [{{{example}}}]")
