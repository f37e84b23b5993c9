"""Expressions of every kind are checked by what their place takes, with file, line and column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.compile import compile_model
from engine.source import tree_from_texts
from tests.support.repository import ROOT

CONTRACT = ROOT / "tests" / "fixtures" / "contract"
DEAL = "workflows/hot_deal_alert.yaml"
TESTS = "tests/opportunity.yaml"
APPROVAL = "approvals/discount.yaml"
ACTION = "actions/log_call.yaml"
LEAD = "conversion/lead.yaml"
MAIL = "emails/hot_deal.yaml"
OBJECT = "objects/opportunity.yaml"
LAYOUT = "layouts/opportunity.yaml"


def contract() -> dict[str, str]:
    """Give the files of the configuration that the contract prints."""
    found = sorted(path for path in CONTRACT.rglob("*.yaml"))
    return {str(Path(path).relative_to(CONTRACT)): path.read_text("utf-8") for path in found}


def problems_of(texts: Mapping[str, str]) -> list[str]:
    """Check files and give their problems as people read them."""
    tree, found = tree_from_texts(dict(texts))
    _, problems = compile_model(tree)
    return [str(problem) for problem in (*found, *problems)]


def mistaken(file: str, right: str, wrong: str) -> list[str]:
    """Check the contract's configuration with one mistake in it."""
    texts = contract()
    assert right in texts[file]
    return problems_of({**texts, file: texts[file].replace(right, wrong, 1)})


# The mistake stands at the sign ‸, and is said with these words.
MISTAKES = [
    # Values of fields: an expression, a bare value of the picklist, or a constant.
    (DEAL, "priority: high", "priority: ‸hihg", "M307 `priority` has no value `hihg`, and there"),
    (DEAL, "priority: high", "priority: '‸\"hihg\"'", 'M307 "hihg" is none of the values'),
    (DEAL, "TODAY() + 2", "NOW() ‸+ 2", "M305 Here a date is needed; what `+` gives is a date"),
    (DEAL, "due_date: TODAY() + 2", "due_date: ‸7", "R130 7 is no date."),
    (DEAL, "related_to: id", "related_to: ‸account", "M305 `related_to` points at opportunity or"),
    (
        DEAL,
        "{priority: high",
        "{‸expected_revenue: 1",
        "M314 Patron sets `expected_revenue` itself",
    ),
    (DEAL, "{priority: high", "{‸created_at: NOW()", "M314 Patron sets `created_at` itself"),
    (DEAL, "priority: high", "next_step: ‸call", "M301 There is no field `call`."),
    # Persons, texts, moments, bodies.
    (DEAL, "to: [owner.manager]", "to: [‸amount]", "M305 Here a user or an e-mail is needed; this"),
    (DEAL, "notify: [owner]", "notify: [‸account]", "M305 Here a user or an e-mail is needed"),
    (DEAL, '"Hot: " & name', '"Hot: " & ‸nam', "M301 There is no field `nam`."),
    (DEAL, "amount: amount}", "amount: ‸amout}", "M301 There is no field `amout`."),
    (
        DEAL,
        "close_date - 7",
        "‸amount - 7",
        "M305 Here a date or a date with time or a checkbox is needed; this",
    ),
    # Other records.
    (DEAL, "for_each: line_items", "for_each: ‸line_item", 'M202 No records called "line_item"'),
    (DEAL, "set: {locked: true}}]", "set: {locked: ‸5}}]", "R140 5 is neither true nor false."),
    (DEAL, "where: opportunity = id", "where: opportunity = ‸x", "M301 There is no field `x`."),
    (DEAL, "where: opportunity = id", "where: ‸total", "M305 Here a condition is needed"),
    (DEAL, "id, set: {locked", "id, set: {total: ‸name, locked", "M305 Here a currency is needed;"),
    # Approvals, assignments, deadlines, actions.
    (
        APPROVAL,
        "approvers: owner.manager",
        "approvers: ‸account",
        "M305 Here a user is needed; this",
    ),
    (APPROVAL, "by: [owner]", "by: [‸ower]", "M301 There is no field `ower`."),
    (APPROVAL, "set: {discount: 0}", "set: {discount: ‸7}", "R124 7.0000 is more than 0.60"),
    ("assignment/lead.yaml", "{role: sales}", "‸name", "M305 Here a user is needed; this gives a"),
    ("sla/case.yaml", "& subject", "& ‸subjct", "M301 There is no field `subjct`."),
    (ACTION, "& name'", "& ‸nam'", "M301 There is no field `nam`."),
    (
        ACTION,
        "url: '\"https://quotes.example.test/new?deal=\" & name'",
        "url: ‸amount",
        "M305 Here a",
    ),
    # Conversions.
    (LEAD, "company = name", "company = ‸nam", "M301 There is no field `nam`."),
    (LEAD, "phone: phone", "phone: ‸id", "M305 Here a text is needed; id is a lookup."),
    (LEAD, "account: $account", "account: ‸$acount", "M301 There is no `$acount`."),
    (LEAD, "account: $account", "account: ‸$opportunity", "M305 `account` points at account; this"),
    (LEAD, "status: converted", "status: ‸convrted", "M307 `status` has no value `convrted`"),
    # E-mails and endpoints.
    (MAIL, "{{ amount }}", "{{ ‸amont }}", "M301 There is no field `amont`."),
    (MAIL, "{{ amount }}", "‸{{ amount", "M300 These {{ are never closed."),
    (MAIL, "{{ name }}", "{{ name ‸+ 1 }}", "M304 name is a text and 1 a number"),
    ("endpoints.yaml", "body.name", "‸bodi.name", "M301 There is no field `bodi`."),
    ("endpoints.yaml", "name: body.name", "name: ‸5", "R110 "),
    # Filters of lookups, duplicate rules and related lists.
    ("objects/contact.yaml", "to: account}", "to: account, where: ‸regio = 1}", "M301 There is no"),
    (OBJECT, "action: warn}", "action: warn, where: ‸amount}", "M305 Here a condition is needed"),
    (LAYOUT, "sort: -total}", "sort: -total, where: ‸totl > 1}", "M301 There is no field `totl`."),
    # Constants of tests, examples and travelling records.
    (TESTS, "amount: 50000", "amount: ‸fifty", 'R120 "fifty" is no number.'),
    (TESTS, "account: $any", "account: ‸$deal", 'M202 No step before makes a record "deal".'),
    (TESTS, "amount: 50000", "amount: {formula: ‸name}", "M305 Here a currency is needed; name is"),
    (TESTS, "as: deal", "as: dael", 'M202 No step before makes a record "deal".'),
    (
        TESTS,
        "fails_with: discount_limit",
        "fails_with: ‸discount_limt",
        "M202 There is no rule, fie",
    ),
    (TESTS, "locked: true", "values: {‸account.nam: x}", 'M203 The path "account.nam" leads to no'),
    (OBJECT, "fails: [{discount: 0.4}]", "fails: [{discount: ‸0.7}]", "R124 0.7000 is more than"),
    (
        OBJECT,
        "[{discount: 0.4}]",
        "[{discount: {formula: ‸name}}]",
        "M305 Here a percent is needed",
    ),
    ("data/account.yaml", "name: Acme", "name: ‸[Acme]", "R110 "),
]


@pytest.mark.parametrize(("file", "right", "wrong", "found"), MISTAKES)
def test_a_mistake_is_found_under_its_character(
    file: str, right: str, wrong: str, found: str
) -> None:
    """One mistake gives one problem, at its place, in the words of the place."""
    before, sign, _ = contract()[file].replace(right, wrong, 1).partition("‸")
    line, col = before.count("\n") + 1, len(before) - before.rfind("\n")

    problems = mistaken(file, right, wrong.replace("‸", ""))

    assert problems[0].partition(" ")[2].startswith(found)
    if sign:
        assert len(problems) == 1, problems
        assert problems[0].startswith(f"{file}:{line}:{col} ")


def test_all_mistakes_of_all_steps_are_reported_at_once() -> None:
    """A step does not hide what is wrong with the next."""
    texts = contract()
    wrong = texts[DEAL].replace("priority: high", "priority: hihg")
    wrong = wrong.replace("close_date - 7", "amount").replace('"Flagged by rule"', "nme")

    problems = problems_of({**texts, DEAL: wrong})

    assert [line.split()[1] for line in problems] == ["M307", "M305", "M301"]


@pytest.mark.parametrize(
    "values",
    [
        "priority: high",
        "priority: '\"high\"'",
        "priority: null",
        "stage: stage",
        "discount: 0.1",
        "approved: true",
        "approved: amount > 1",
        "owner: owner.manager",
        "account: account",
        "record_type: new_business",
        "next_step: '\"Call \" & owner.name'",
    ],
)
def test_a_value_is_a_bare_word_a_constant_or_an_expression(values: str) -> None:
    """What the contract says of values holds for every step."""
    assert mistaken(DEAL, "priority: high", values) == []


@pytest.mark.parametrize(
    "where",
    [
        "opportunity = id",
        "quantity > amount",
        "$record.discount > 0.1 AND optional",
        "owner = owner",
    ],
)
def test_where_two_records_meet_names_are_the_looked_at_records_first(where: str) -> None:
    """`opportunity` is the line's, `amount` the deal's, and `$record` always the deal."""
    assert mistaken(DEAL, "where: opportunity = id", f"where: {where}") == []


def test_records_of_a_conversion_that_need_each_other_are_refused_with_the_circle() -> None:
    """None of them could be made first."""
    texts = contract()
    texts["objects/account.yaml"] += "  main_contact: {type: lookup, to: contact}\n"
    texts["conversion/lead.yaml"] = texts["conversion/lead.yaml"].replace(
        "name: company, phone", "name: company, main_contact: $contact, phone"
    )

    problems = problems_of(texts)

    assert len(problems) == 1
    assert "M204 These records need each other: account → contact → account." in problems[0]


def test_a_part_of_a_body_fits_every_field_and_a_computed_one_its_type() -> None:
    """What comes in is read by the type of its field, like a value over REST."""
    texts = contract()
    texts["objects/lead.yaml"] += "  size: {type: number}\n"
    endpoint = texts["endpoints.yaml"]

    plain = {**texts, "endpoints.yaml": endpoint.replace("name: body.name", "size: body.size")}
    joined = {
        **texts,
        "endpoints.yaml": endpoint.replace("name: body.name", "size: body.size & body.unit"),
    }

    assert problems_of(plain) == []
    assert "M305 Here a number is needed" in problems_of(joined)[0]


def test_what_a_test_expects_to_be_refused_may_be_wrong() -> None:
    """A test of a refusal sends what is refused."""
    assert (
        mistaken(
            TESTS,
            "values: {discount: 0.4}, fails_with: discount_limit",
            "values: {discount: x}, fails_with: R120",
        )
        == []
    )
