"""`patron doctor`: what it finds beside the model, and what `--repair` mends; copies on SQLite."""

from __future__ import annotations

import json
import signal

import pytest

from deploy_tool.installation import Installation
from engine.settings import Settings
from engine.store.platform.owning import owning
from tests.integration.deploy.conftest import DEAL

APPLY = ("apply", "--to", "production", "--yes", "--json", "--accept", "retire,narrowing", "--from")
LINE = "object: line\nfields:\n  name: {type: text}\n  deal: {type: lookup, to: deal}\n"
TOTAL = "  lines: {type: roll_up, from: line, via: deal, measure: count}\n"


@pytest.fixture
def database(production):
    """Give the database of production."""
    with Installation(Settings.from_env(production.environ)) as installation:
        yield installation.environment("production").database


def add(patron, tmp_path, *rows):
    """Import deals."""
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert patron("import", "production", "deal", path).code == 0


def test_a_column_that_nobody_knows_is_named(production, database):
    """Somebody added it by hand; it is left where it is, because nobody knows what is in it."""
    with database.write() as tx:
        tx.run("ALTER TABLE deal ADD COLUMN stranger TEXT")

    told = production("doctor", "production", "--repair")

    assert told.code == 3
    assert "column deal.stranger belongs to no field" in told.out


def test_roll_ups_that_drifted_are_computed_again(production, database, tmp_path):
    """Found by measuring every record, mended in batches."""
    production.write(objects__deal=DEAL + TOTAL, objects__line=LINE)
    assert production(*APPLY, production.folder).code == 0
    add(production, tmp_path, {"name": "One"}, {"name": "Two"})
    with database.write() as tx:
        tx.run("UPDATE deal SET lines = 7 WHERE name = 'One'")

    told = production("doctor")
    mended = production("doctor", "--repair")

    assert told.code == 3
    assert "roll-up deal.lines is not what its records say in 1 record" in told.out
    assert mended.code == 0, mended.out
    with database.read() as tx:
        assert tx.rows("SELECT DISTINCT lines FROM deal") == [(0,)]


def test_nothing_unfinished_is_nothing_to_do(production):
    """Exit 0 and a sentence."""
    resumed, aborted = production("resume", "production"), production("abort", "production")

    assert (resumed.code, aborted.code) == (0, 0)
    assert "no unfinished deployment" in resumed.out
    assert "no unfinished deployment" in aborted.out


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_copy_is_kept_before_data_is_narrowed(production, tmp_path):
    """Beside the database, as it was; the newest five stay."""
    add(production, tmp_path, {"name": "One", "amount": 12})
    for number in range(7):
        kind = "text" if number % 2 == 0 else "currency"
        production.write(objects__deal=DEAL.replace("type: currency", f"type: {kind}"))
        assert production(*APPLY, production.folder).code == 0

    copies = sorted(path.name for path in production.home.rglob("*.before"))
    assert copies == [f"production.db@{version}.before" for version in range(3, 8)]


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("step", ["apply.lock", "apply.fill", "apply.commit", "apply.done"])
def test_a_conversion_killed_on_sqlite_is_resumed(production, tmp_path, step):
    """The whole of it is one transaction, noted before: the next process carries it out."""
    add(production, tmp_path, {"name": "One", "amount": 12})
    production.write(objects__deal=DEAL.replace("type: currency", "type: text"))
    process = production.start(*APPLY, production.folder, PATRON_KILL_AT=step)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL

    told = production("doctor")
    resumed = production("resume", "production", "--json")

    assert told.code == (0 if step == "apply.done" else 3)
    assert resumed.code == 0, resumed.err
    (found,) = production("status", "production", "--json").json["environments"]
    assert found["version"] == 2
    words = ("export", "production", "deal", "--format", "json")
    assert json.loads(production(*words).out)[0]["amount"] == "12.00"
    assert production("doctor").code == 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_living_deployment_on_sqlite_is_left_alone(production, database, tmp_path):
    """Its lock is a file's, and dies with the process: exit 8 until then."""
    add(production, tmp_path, {"name": "One", "amount": 12})
    production.write(objects__deal=DEAL.replace("type: currency", "type: text"))
    words = (*APPLY, production.folder)
    process = production.start(*words, PATRON_KILL_AT="apply.fill")
    process.communicate(timeout=120)

    with owning(database, patience=1):
        refused = production("abort", "production", "--json")
    aborted = production("abort", "production", "--json")

    assert (refused.code, refused.json["code"]) == (8, "D103")
    assert (aborted.code, len(aborted.json["deployments"])) == (0, 1)
    assert production("doctor").code == 0
