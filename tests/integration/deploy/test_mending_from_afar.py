"""Unfinished, broken, and retired: resumed, given up, repaired and purged from afar as at home."""

from __future__ import annotations

import json
import signal

import pytest

from deploy_tool.installation import Installation
from engine.settings import Settings
from tests.integration.deploy.conftest import DEAL, Patron, Run

APPLY = ("apply", "--to", "production", "--yes", "--json", "--accept", "retire,narrowing", "--from")
WITHOUT = DEAL.replace("  amount: {type: currency}\n", "")


@pytest.fixture
def database(production: Patron):
    """Give the database of production."""
    with Installation(Settings.from_env(production.environ)) as installation:
        yield installation.environment("production").database


def add(patron: Patron, tmp_path, *rows: dict[str, object]) -> None:
    """Import deals."""
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert patron("import", "production", "deal", path).code == 0


@pytest.fixture
def killed(production: Patron, tmp_path) -> Patron:
    """Leave a deployment behind whose process died before its switch."""
    add(production, tmp_path, {"name": "One", "amount": 12})
    production.write(objects__deal=DEAL.replace("type: currency", "type: text"))
    step = "apply.fill"
    process = production.start(
        *APPLY, production.folder, PATRON_KILL_AT=step, PATRON_LARGE_ROWS="0"
    )
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    return production


def test_a_killed_deployment_is_found_and_resumed(killed, either: Run):
    """The doctor names it with exit 3, and the next process carries it out."""
    told = either("doctor", "production", "--json")
    resumed = either("resume", "production", "--json")
    again = either("resume", "production", "--json")

    assert told.code == 3
    assert any("is unfinished" in line for line in told.json["environments"]["production"])
    assert (resumed.code, resumed.json["versions"]) == (0, [2]), resumed.err
    assert again.json["versions"] == []
    words = ("export", "production", "deal", "--format", "json")
    assert json.loads(killed(*words).out)[0]["amount"] == "12.00"


def test_a_killed_deployment_is_given_up(killed, either: Run):
    """What it built is set aside, and the old configuration goes on."""
    given_up = either("abort", "production", "--json")

    assert given_up.code == 0, given_up.err
    assert len(given_up.json["deployments"]) == 1
    (found,) = killed("status", "production", "--json").json["environments"]
    assert found["version"] == 1


def test_what_is_retired_is_purged_on_the_word_alone(production, either: Run, tmp_path):
    """Exit 5 without it; then the values are gone, and nothing is left to purge."""
    add(production, tmp_path, {"name": "One", "amount": 12})
    production.write(objects__deal=WITHOUT)
    assert production(*APPLY, production.folder).code == 0

    kept = either("purge", "production", "--due", "--json")
    refused = either("purge", "production", "--json")
    done = either("purge", "production", "--json", "--accept", "purge")
    again = either("purge", "production", "--json")

    assert (kept.code, kept.json["purged"]) == (0, [])
    assert (refused.code, refused.json["code"]) == (5, "D101")
    assert (done.code, done.json["purged"]) == (0, ["field:deal.amount"])
    assert (again.code, again.json["purged"]) == (0, [])


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_who_may_not_deploy_mends_and_purges_nothing(away: Run):
    """Exit 6, whatever a client sends; the server decides."""
    for words in (("resume",), ("abort",), ("doctor",), ("purge",), ("purge", "--due")):
        refused = away(words[0], "production", *words[1:], "--json", who="nobody")
        assert (refused.code, refused.json["code"]) == (6, "A100"), words


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_repair_from_afar_is_noted_with_who_did_it(production, database, away: Run, tmp_path):
    """The audit names the person and what was repaired."""
    line = "object: line\nfields:\n  name: {type: text}\n  deal: {type: lookup, to: deal}\n"
    total = "  lines: {type: roll_up, from: line, via: deal, measure: count}\n"
    production.write(objects__deal=DEAL + total, objects__line=line)
    assert production(*APPLY, production.folder).code == 0
    add(production, tmp_path, {"name": "One"})
    with database.write() as tx:
        tx.run("UPDATE deal SET lines = 7")

    told = away("doctor", "production", "--json")
    mended = away("doctor", "production", "--repair", "--json")

    assert (told.code, mended.code) == (3, 0), mended.err
    assert mended.json["environments"]["production"] == []
    with database.read() as tx:
        noted = tx.rows("SELECT actor FROM patron_audit WHERE action = 'doctor.repaired'")
    assert noted == [("lea@example.test",)]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_who_deploys_examines_and_only_administrators_purge(production, far, away: Run):
    """What cannot be brought back is not for everybody who delivers."""
    production.write(
        objects__deal=WITHOUT,
        access__permission_sets__releaser="permission_set: releaser\npermissions: [deploy]\n",
    )
    assert production(*APPLY, production.folder).code == 0
    far.admit("carl", "releaser")

    examined = away("doctor", "production", who="carl")
    refused = away("purge", "production", "--accept", "purge", "--json", who="carl")
    due = away("purge", "production", "--due", "--json", who="carl")

    assert examined.code == 0, examined.err
    assert (refused.code, refused.json["code"]) == (6, "A100")
    assert (due.code, due.json["purged"]) == (0, [])
    assert away("purge", "production", "--json", "--accept", "purge").json["purged"]
