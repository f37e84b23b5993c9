"""What follows from a component that could not be read is not reported again; all else is."""

from __future__ import annotations

from engine.compile import compile_model
from engine.errors import sort_problems
from engine.source import tree_from_texts

ACCOUNT = "object: account\nfields:\n  name: {type: text}\n"
DEAL = """\
object: deal
fields:
  account: {type: lookup, to: account}
  amount: {type: currency}
  gross: {type: formula, returns: currency, formula: amount * 1.2}
  who: {type: formula, returns: text, formula: account.name}
  bad: {type: formula, returns: currency, formula: amaunt + 1}
indexes: [{fields: [amount]}]
---
view: deal.all
fields: [amount, account.name]
where: amount > 3
"""
OWN = "deal.yaml:7:52 M301"  # the one mistake of DEAL itself


def codes(**texts: str) -> list[str]:
    """Read and compile, and give place and code of every problem."""
    tree, found = tree_from_texts({f"{name}.yaml": text for name, text in texts.items()})
    model, more = compile_model(tree)
    assert model is None
    return [
        f"{problem.file}:{problem.line}:{problem.col} {problem.code}"
        for problem in sort_problems((*found, *more))
    ]


def test_a_field_with_a_wrong_key_goes_on_without_it() -> None:
    """Whoever reads the field is checked against its type."""
    deal = DEAL.replace("{type: currency}", "{type: currency, mni: 1}")

    assert codes(account=ACCOUNT, deal=deal) == ["deal.yaml:4:28 M111", OWN]


def test_a_field_of_an_unknown_type_is_reported_alone() -> None:
    """Formulas, indexes and views that name it say nothing more."""
    deal = DEAL.replace("{type: currency}", "{type: currencies}")

    assert codes(account=ACCOUNT, deal=deal) == ["deal.yaml:4:18 M123", OWN]


def test_an_unreadable_object_is_reported_alone() -> None:
    """Lookups to it and paths through it say nothing more."""
    assert codes(account=f"{ACCOUNT}  x: [\n", deal=DEAL) == ["account.yaml:5:1 M104", OWN]


def test_an_object_with_a_wrong_head_keeps_its_fields() -> None:
    """A bad property of an object hides none of its fields."""
    assert codes(account=f"{ACCOUNT}sharing: nobody\n", deal=DEAL) == [
        "account.yaml:4:10 M114",
        OWN,
    ]


def test_an_unreadable_table_is_reported_alone() -> None:
    """Roles that are named elsewhere may well stand in the file that could not be read."""
    sharing = (
        "sharing: account\nrules: {a: {where: true, with: {role: x}, access: read}}\n"
        "---\nqueues: {q: {members: [{queue: nobody}]}}\n"
    )

    assert codes(account=ACCOUNT, roles="roles: {a: [\n", sharing=sharing) == [
        "roles.yaml:2:1 M104",
        "sharing.yaml:4:32 M202",
    ]


def test_a_roll_up_of_a_field_that_could_not_be_read_says_nothing_more() -> None:
    """Nothing is published, and nothing stumbles over the hole."""
    account = (
        f"{ACCOUNT}  sum: {{type: roll_up, from: deal, via: account, measure: sum, of: amount}}\n"
    )
    deal = (
        "object: deal\nfields:\n  account: {type: lookup, to: account}\n  amount: {type: {? a}}\n"
    )

    found = codes(account=account, deal=deal)

    assert [line.split(":")[0] for line in found] == ["deal.yaml"]


def test_steps_over_what_could_not_be_read_say_nothing_more() -> None:
    """A misspelt word, a plural and a path may all mean what could not be read."""
    deal = DEAL.replace("{type: currency}", "{type: currencies}")
    workflow = (
        "workflow: w\nobject: account\nwhen: saved\nsteps:\n"
        "  - {name: a, set: {name: amount}}\n"
        "  - {name: b, for_each: things, do: [{name: c, note: name}]}\n"
    )

    assert codes(account=ACCOUNT, deal=deal, flow=workflow) == ["deal.yaml:4:18 M123", OWN]
