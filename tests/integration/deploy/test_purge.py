"""Purging is the only way to lose values, and says so; the doctor repairs tables."""

from __future__ import annotations

import json

import pytest

from deploy_tool.installation import Installation
from engine.settings import Settings
from engine.store.ddl import load_state
from tests.integration.deploy.conftest import DEAL

APPLY = ("apply", "--to", "production", "--yes", "--json", "--accept", "retire", "--from")
WITHOUT = DEAL.replace("  amount: {type: currency}\n", "")


@pytest.fixture
def retired(production, tmp_path):
    """Import a deal with an amount, then retire the field."""
    path = tmp_path / "row.json"
    path.write_text('[{"name": "One", "amount": 12}]', encoding="utf-8")
    production("import", "production", "deal", path)
    production.write(objects__deal=WITHOUT)
    assert production(*APPLY, production.folder).code == 0
    return production


def amounts(patron) -> list[object]:
    """Bring the field back and give its values."""
    patron.write(objects__deal=DEAL)
    assert patron(*APPLY, patron.folder).code == 0
    rows = json.loads(patron("export", "production", "deal", "--format", "json").out)
    return [row["amount"] for row in rows]


def test_a_purge_wants_the_word_and_then_values_are_gone(retired):
    """Exit 5 without consent; afterwards the field comes back empty."""
    refused = retired("purge", "production", "--json")
    done = retired("purge", "production", "--json", "--accept", "purge")
    again = retired("purge", "production", "--json", "--accept", "purge")

    assert (refused.code, refused.json["code"]) == (5, "D101")
    assert (done.code, done.json["purged"]) == (0, ["field:deal.amount"])
    assert (again.code, again.json["purged"]) == (0, [])
    assert amounts(retired) == [None]


def test_what_is_not_due_is_kept(retired):
    """A month is the default; a shorter retention makes it due at once."""
    kept = retired("purge", "production", "--due", "--json")
    retired("env", "policy", "production", "retention.retired=0")
    due = retired("purge", "production", "--due", "--json")

    assert (kept.code, kept.json["purged"]) == (0, [])
    assert (due.code, due.json["purged"]) == (0, ["field:deal.amount"])


def test_without_a_purge_values_come_back(retired):
    """What is only retired is whole."""
    assert amounts(retired) == [12]


def test_a_retired_object_goes_with_its_table(production):
    """Its columns go along, and the object can be made anew."""
    (production.folder / "objects" / "deal.yaml").unlink()
    production.write(objects__firm="object: firm\nfields: {name: {type: text}}\n")
    production(*APPLY, production.folder)

    done = production("purge", "production", "--json", "--accept", "purge")
    production.write(objects__deal=DEAL)
    back = production(*APPLY, production.folder)

    assert done.json["purged"] == ["object:deal"]
    assert back.code == 0
    assert json.loads(production("export", "production", "deal", "--format", "json").out) == []


def test_the_doctor_builds_what_is_missing(production):
    """`--repair` brings an index back that somebody dropped; afterwards all is well."""
    with Installation(Settings.from_env(production.environ)) as installation:
        database = installation.environment("production").database
        with database.write() as tx:
            name = min(load_state(tx).indexes_of["deal"])
            tx.run(f'DROP INDEX "{name}"')

    done = production("doctor", "production", "--repair")

    assert done.code == 0, done.out
    assert "repaired: create index on deal" in done.out
    assert production("doctor", "production").out == "production: no trouble found\n"


def test_drift_has_three_answers(patron):
    """Nothing, then a change by hand, a dropped index and a value that nobody set."""
    production = patron
    variables = "env_vars:\n  ERP_URL: {type: url, required: true}\n"
    production.write(env_vars=variables)
    assert production("init", "--from", production.folder).code == 0
    production("env", "values", "production", "ERP_URL=https://erp.test")
    before = production("drift", "production", "--json").json
    production.write(env_vars=variables + "  ERP_KEY: {type: text, secret: true}\n")
    production("apply", "--from", production.folder, "--to", "production")
    with Installation(Settings.from_env(production.environ)) as installation:
        database = installation.environment("production").database
        with database.write() as tx:
            name = min(load_state(tx).indexes_of["deal"])
            tx.run(f'DROP INDEX "{name}"')
            tx.run("UPDATE patron_version SET source = 'ui' WHERE number = 2")
            tx.run("DELETE FROM patron_value")

    after = production("drift", "production", "--json").json
    text = production("drift", "production").out

    assert [before[sort] for sort in ("authored", "physical", "values")] == [[], [], []]
    assert [version["version"] for version in after["authored"]] == [2]
    assert [change["component"] for change in after["changes"]] == ["env_var:ERP_KEY"]
    assert "  + env_var ERP_KEY  new" in text
    assert after["physical"][0].startswith("tables differ")
    assert "ERP_URL" in after["values"][0]
