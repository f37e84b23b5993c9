"""Compiling: what is shared, what is found wrong, and in which order things are computed."""

from __future__ import annotations

import re

import pytest

from engine.compile import compile_model
from engine.compiled import Model
from engine.source import tree_from_texts

PROJECT = "project: test\nlabel: Test\nformat: 1\n"
ACCOUNT = """\
object: account
label: Account
fields:
  name: {type: text, required: true}
  region: {type: picklist, values: {emea: {label: EMEA}, apac: {label: APAC}}}
  total: {type: roll_up, from: deal, via: account, measure: sum, of: amount, where: NOT lost}
  deals: {type: roll_up, from: deal, via: account, measure: count}
"""
DEAL = """\
object: deal
label: Deal
fields:
  name: {type: text, required: true}
  account: {type: lookup, to: account, required: true}
  amount: {type: currency}
  lost: {type: checkbox}
  net: {type: formula, returns: currency, formula: gross * 0.8}
  gross: {type: formula, returns: currency, formula: amount * 1.2}
  where_sold: {type: formula, returns: text, formula: TEXT(account.region)}
  due: {type: formula, returns: checkbox, formula: created_at < NOW()}
validation_rules:
  positive: {invalid_if: amount < 0, message: No negative amounts., field: amount}
"""
WORKFLOW = """\
workflow: w
object: deal
when: saved
if: amont > 1
steps:
  - {name: s, set: {amount: '"x"'}}
"""
SHARING = """\
sharing: deal
rules:
  r: {where: account.regoin = 1, with: {role: r}, access: read}
"""
LAYOUT = """\
layout: deal.default
sections:
  - {name: s, fields: [{field: amount, visible_if: amount}]}
"""
APPROVAL = """\
approval: a
object: deal
enter_if: TODAY() > 5
steps: [{name: s, approvers: owner}]
"""
OTHER = "object: note\nlabel: Note\nfields:\n  name: {type: text}\n"


def files(**texts: str) -> dict[str, str]:
    """Give a small configuration, with some files replaced or added."""
    base = {
        "project.yaml": PROJECT,
        "objects/account.yaml": ACCOUNT,
        "objects/deal.yaml": DEAL,
        "objects/note.yaml": OTHER,
    }
    named = {f"objects/{name}.yaml": text for name, text in texts.items()}
    return {**base, **named}


def compiled(previous: Model | None = None, **texts: str) -> Model:
    """Compile the small configuration; it must have no problems."""
    tree, found = tree_from_texts(files(**texts))
    model, problems = compile_model(tree, previous)
    assert not found
    assert not problems
    assert model is not None
    return model


def problems_of(**texts: str) -> list[str]:
    """Compile a configuration that is wrong and give its problems as people read them."""
    tree, found = tree_from_texts(files(**texts))
    model, problems = compile_model(tree)
    assert model is None
    return [str(problem) for problem in (*found, *problems)]


def test_unchanged_objects_are_the_same_python_objects() -> None:
    """A change of one object leaves the others shared by identity."""
    before = compiled()

    after = compiled(before, note=OTHER + "  text: {type: long_text}\n")

    assert after.objects["account"] is before.objects["account"]
    assert after.objects["deal"] is before.objects["deal"]
    assert after.objects["note"] is not before.objects["note"]


def test_an_object_is_compiled_again_when_a_field_it_reads_elsewhere_changes_type() -> None:
    """`deal.where_sold` reads `account.region`, so another picklist there concerns the deal."""
    before = compiled()
    changed = ACCOUNT.replace("apac: {label: APAC}", "apac: {label: APAC}, amer: {label: Americas}")

    after = compiled(before, account=changed)

    assert after.objects["deal"] is not before.objects["deal"]
    assert after.objects["note"] is before.objects["note"]


def test_a_change_elsewhere_that_is_not_read_shares_the_object() -> None:
    """Another label of the account is no business of the deal."""
    before = compiled()

    after = compiled(before, account=ACCOUNT.replace("label: Account", "label: Client"))

    assert after.objects["deal"] is before.objects["deal"]


def test_a_broken_reader_is_found_although_it_did_not_change() -> None:
    """Removing a field that another object's formula reads is a problem there."""
    before = compiled()
    tree, _ = tree_from_texts(
        files(account="\n".join(x for x in ACCOUNT.split("\n") if "region" not in x))
    )

    model, problems = compile_model(tree, before)

    assert model is None
    assert any("objects/deal.yaml:10" in str(problem) for problem in problems)


def test_formulas_are_ordered_by_what_they_read() -> None:
    """`net` reads `gross`, which stands below it in the file."""
    deal = compiled().objects["deal"]

    assert deal.formulas.index("gross") < deal.formulas.index("net")


def test_only_formulas_over_the_own_record_are_stored() -> None:
    """Paths over lookups and the time of day make a formula computed when read."""
    fields = compiled().objects["deal"].fields

    stored = {name for name, field in fields.items() if field.formula and field.is_stored}
    assert stored == {"gross", "net"}


def test_a_roll_up_takes_the_type_of_what_it_sums() -> None:
    """A sum of a currency is a currency with its decimals; a count is a whole number."""
    fields = compiled().objects["account"].fields

    assert fields["total"].decl.option("returns") == "currency"
    assert fields["total"].decl.option("decimals") == 2
    assert fields["deals"].decl.option("decimals") == 0


def test_a_cycle_of_formulas_is_reported_with_its_path() -> None:
    """Two formulas that read each other cannot be computed."""
    text = DEAL.replace("amount * 1.2", "net * 1.2")

    found = problems_of(deal=text)

    assert len(found) == 1
    assert "M204" in found[0]
    assert "deal.gross → deal.net → deal.gross" in found[0] or "deal.net → deal.gross" in found[0]


def test_a_cycle_over_a_roll_up_is_reported() -> None:
    """A sum over a formula that reads the sum through its lookup closes a circle."""
    text = DEAL.replace("formula: amount * 1.2", "formula: account.total * 1.2")
    account = ACCOUNT.replace("of: amount", "of: gross")

    found = problems_of(deal=text, account=account)

    assert any("M204" in line for line in found)


@pytest.mark.parametrize(
    ("wrong", "right", "place", "hint"),
    [
        ("to: account", "to: acount", "objects/deal.yaml:5", 'did you mean "account"?'),
        ("amount < 0", "amont < 0", "objects/deal.yaml:13:26", 'did you mean "amount"?'),
        ("field: amount", "field: amuont", "objects/deal.yaml:13", 'did you mean "amount"?'),
    ],
)
def test_a_dangling_name_is_found_at_its_place_with_a_near_miss(
    wrong: str, right: str, place: str, hint: str
) -> None:
    """Every name that names nothing is reported with file, line and what was probably meant."""
    found = problems_of(deal=DEAL.replace(wrong, right))

    assert len(found) == 1
    assert found[0].startswith(place)
    assert hint in found[0]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("amount", ACCOUNT),
        ("account", ACCOUNT),
        ("name", "view: deal.all\nfields: [name]\n"),
        ("lost", "layout: deal.default\nsections: [{name: s, fields: [lost]}]\n"),
    ],
)
def test_nothing_builds_on_a_field_that_is_switched_off(field: str, text: str) -> None:
    """What names an inactive field is told so; its translations and rights may stay."""
    off = re.sub(rf"(  {field}: {{)", r"\1active: false, ", DEAL)
    rights = "permission_set: s\nobjects: {deal: {read: true, fields: {amount: read}}}\n"
    texts = files(deal=off, account=ACCOUNT) | {"access/permission_sets/s.yaml": rights}
    if text is not ACCOUNT:
        texts["views/deal.yaml" if text.startswith("view") else "layouts/deal.yaml"] = text

    tree, found = tree_from_texts(texts)
    model, problems = compile_model(tree)

    assert not found
    assert model is None
    where = {split.partition(":")[0] for split in map(str, problems) if "switched off" in split}
    assert where & {"objects/account.yaml", "views/deal.yaml", "layouts/deal.yaml"}
    assert "access/permission_sets/s.yaml" not in {problem.file for problem in problems}


def test_all_problems_are_reported_at_once() -> None:
    """Three mistakes in two files give three problems, in order of file and line."""
    deal = DEAL.replace("amount < 0", "amont < 0").replace("gross * 0.8", "gross *")

    found = problems_of(deal=deal, account=ACCOUNT.replace("from: deal", "from: dael", 1))

    assert len(found) == 3
    assert found[0].startswith("objects/account.yaml")


def test_a_default_that_is_no_value_of_its_field_is_a_problem() -> None:
    """A default is read by the field's type when the configuration is published."""
    text = ACCOUNT.replace("emea: {label: EMEA}", "emea: {label: EMEA}").replace(
        "type: picklist,", "type: picklist, default: europe,"
    )

    found = problems_of(account=text)

    assert len(found) == 1
    assert "europe" in found[0]


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        (
            "workflows/w.yaml",
            WORKFLOW,
            ["workflows/w.yaml:4:5", "workflows/w.yaml:6"],
        ),
        (
            "access/sharing/deal.yaml",
            SHARING,
            ["access/sharing/deal.yaml:3:14"],
        ),
        (
            "layouts/deal.yaml",
            LAYOUT,
            ["layouts/deal.yaml:3:52"],
        ),
        (
            "approvals/a.yaml",
            APPROVAL,
            ["approvals/a.yaml:3"],
        ),
    ],
)
def test_expressions_outside_objects_are_checked(file: str, text: str, place: list[str]) -> None:
    """Workflows, sharing, layouts and approvals are compiled although nothing runs them yet."""
    roles = {"access/roles.yaml": "roles:\n  r: {label: R}\n"}
    tree, found = tree_from_texts({**files(), **roles, file: text})
    _, problems = compile_model(tree)

    shown = [str(problem) for problem in (*found, *problems) if "M3" in problem.code]
    assert len(shown) == len(place), [str(p) for p in (*found, *problems)]
    assert all(line.startswith(start) for line, start in zip(shown, place, strict=True))


def test_an_environment_value_has_its_declared_type() -> None:
    """A number of the environment compares with a currency; a text does not."""
    rule = DEAL + "  over: {invalid_if: amount > $env.LIMIT, message: Too much.}\n"
    base = files(deal=rule)
    for declared, count in (("number", 0), ("text", 1)):
        env = f"env_vars:\n  LIMIT: {{type: {declared}}}\n"
        tree, found = tree_from_texts({**base, "env_vars.yaml": env})
        _, problems = compile_model(tree)
        assert not found
        assert len(problems) == count


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ('VLOOKUP("acount", "name", "name", name)', 'M301 There is no object "acount".'),
        ('VLOOKUP("account", "nmae", "name", name)', 'M301 "account" keeps no field "nmae"'),
        ('VLOOKUP("deal", "net", "name", name)', 'M301 "deal" keeps no field "net"'),
        ('VLOOKUP("account", "name", "total", name)', "M304 total is a currency and name a text."),
        ('VLOOKUP("account", "total", "name", name)', "M305 Here a text is needed"),
        ('VLOOKUP(name, "name", "name", name)', "M312 VLOOKUP needs a name in quotes"),
    ],
)
def test_what_is_looked_up_elsewhere_is_checked(formula: str, found: str) -> None:
    """Object, fields and types of a VLOOKUP are looked at when the configuration is published."""
    note = OTHER + f"  found: {{type: formula, returns: text, formula: '{formula}'}}\n"

    problems = problems_of(note=note)

    assert len(problems) == 1
    assert found in problems[0]


def test_a_look_up_is_compiled_again_when_its_field_changes() -> None:
    """Another type elsewhere is found although the reader did not change."""
    formula = 'VLOOKUP("account", "name", "name", name)'
    note = OTHER + f"  found: {{type: formula, returns: text, formula: '{formula}'}}\n"
    before = compiled(note=note)
    account = ACCOUNT.replace("name: {type: text, required: true}", "name: {type: number}")
    tree, _ = tree_from_texts(files(note=note, account=account))

    _, problems = compile_model(tree, before)

    assert any("objects/note.yaml" in str(problem) for problem in problems)
