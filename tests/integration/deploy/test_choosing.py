"""Some components of a plan, with what they cannot do without."""

from __future__ import annotations

import pytest

from tests.integration.deploy.conftest import DEAL

PLAN = ("plan", "--to", "production", "--json", "--from")
MORE = """\
  region: {type: text}
  half: {type: formula, returns: currency, formula: amount / 2}
  note: {type: text}
validation_rules:
  small: {invalid_if: half < 5 AND region = "x", message: Too small., field: amount}
"""


@pytest.fixture
def wider(production):
    """Three new fields, a rule over two of them, a view of the third."""
    view = "view: deal.notes\nfields: [name, note]\n"
    production.write(objects__deal=DEAL + MORE, views__deal=view)
    return production


def planned(patron, *patterns: str) -> dict[str, str]:
    """Give component -> why of a plan."""
    done = patron(*PLAN, patron.folder, *patterns)
    assert done.code == 0, done.err
    return {change["component"]: change["why"] for change in done.json["changes"]}


def test_a_named_component_brings_what_it_needs_and_says_why(wider):
    """The rule reads two new fields, so both come along; the third does not."""
    found = planned(wider, "validation_rule:deal.small")

    assert set(found) == {"validation_rule:deal.small", "field:deal.half", "field:deal.region"}
    assert "added: validation rule deal.small needs it" in found["field:deal.half"]
    assert "added" not in found["validation_rule:deal.small"]


@pytest.mark.parametrize(
    ("pattern", "components"),
    [
        ("deal.note", {"field:deal.note"}),
        ("field:deal.n*", {"field:deal.note"}),
        ("view:*", {"view:deal.notes", "field:deal.note"}),
    ],
)
def test_patterns_choose_by_key_or_by_name(wider, pattern, components):
    """A star stands for anything."""
    found = planned(wider, pattern)

    assert set(found) == components


def test_a_chosen_part_is_applied_and_the_rest_stays_to_be_planned(wider, tmp_path):
    """What was sealed is what happens; the files still hold the rest."""
    sealed = tmp_path / "plan.json"
    planned(wider, "deal.note", "--out", str(sealed))

    done = wider("apply", sealed, "--yes", "--json")
    rest = planned(wider)

    assert done.code == 0
    assert "field:deal.note" not in rest
    assert set(rest) == {
        "object:deal",  # the order of its fields
        "field:deal.region",
        "field:deal.half",
        "validation_rule:deal.small",
        "view:deal.notes",
    }


def test_a_pattern_that_matches_nothing_says_so(wider):
    """A typo is no empty plan."""
    done = wider(*PLAN, wider.folder, "field:deal.noet")

    assert (done.code, done.json["code"]) == (64, "U100")
    assert "deal.note" in done.json["hint"]


def test_a_choice_that_cannot_stand_alone_is_refused(production):
    """Retiring a field that a view still shows: every problem of the result, exit 3."""
    view = "view: deal.all\nfields: [name, amount]\n"
    production.write(views__deal=view)
    production("apply", "--to", "production", "--yes", "--from", production.folder)
    production.write(objects__deal=DEAL.replace("  amount: {type: currency}\n", ""))
    production.write(views__deal=view.replace(", amount", ""))

    done = production(*PLAN, production.folder, "field:deal.amount")

    assert (done.code, done.json["code"]) == (3, "M100")


def test_what_is_left_behind_is_trimmed_from_the_lists_of_what_comes(wider):
    """The view comes without the field, and the plan says which item was left out."""
    done = wider(*PLAN, wider.folder, "view:deal.notes", "--without", "field:deal.note")
    sealed = wider.folder.parent / "part.plan"
    words = ("plan", "--to", "production", "--from", wider.folder, "view:deal.notes")
    text = wider(*words, "--without", "deal.note", "--out", sealed).out

    applied = wider("apply", sealed, "--yes")

    assert [change["component"] for change in done.json["changes"]] == ["view:deal.notes"]
    (item,) = done.json["trimmed"]
    assert item == {
        "component": "view:deal.notes",
        "item": "deal.note",
        "missing": "field:deal.note",
    }
    assert "trimmed 1 item: deal.note of view deal.notes" in text
    assert applied.code == 0, applied.err
    assert '"note"' not in wider("diff", "production@1", "production", "--json").out


def test_what_reads_something_left_behind_is_a_problem(wider):
    """An expression cannot be trimmed: the check of the whole says what is missing."""
    done = wider(*PLAN, wider.folder, "validation_rule:deal.small", "--without", "deal.region")

    assert done.code == 3
    assert "region" in done.out


def test_a_chosen_component_that_is_wholly_in_conflict_is_not_dropped(production, tmp_path):
    """It brings no change before it is decided: the plan says so and ends with 4."""
    mine = tmp_path / "mine"
    production("pull", "production", "--to", mine)
    production.write(objects__deal=DEAL.replace("label: Deal", "label: There"))
    production("apply", "--from", production.folder, "--to", "production", "--yes")
    file = mine / "objects" / "deal.yaml"
    file.write_text(file.read_text().replace("label: Deal", "label: Here"))

    chosen = production(*PLAN, mine, "object:deal")
    other = production(*PLAN, mine, "object:nothing")
    without = production(*PLAN, mine, "--without", "object:deal")

    assert (chosen.code, len(chosen.json["conflicts"])) == (4, 1)
    assert (other.code, other.json["code"]) == (64, "U100")
    assert (without.code, without.json["conflicts"]) == (0, [])
