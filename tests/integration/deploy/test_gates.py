"""Gates 3 and 8 of promotion, by the command line, on both databases and across them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from deploy_tool.cli import main
from deploy_tool.installation import Installation
from engine.settings import Settings
from tests.integration.deploy.conftest import DEAL, Patron

SHIPPED, CONTRACT = Path("metadata"), Path("tests/fixtures/contract")
FOLDERS = pytest.mark.parametrize("folder", [SHIPPED, CONTRACT], ids=["shipped", "contract"])
SECRET, NAMES = "hush-hush-4711", ("Wilhelmina", "Oosterhout", "w.oosterhout@real.example")
PERSON = """\
object: person
fields:
  name: {type: text, required: true}
  mail: {type: email}
  nick: {type: text}
  mood: {type: picklist, values: {glad: {}, sad: {}}}
"""


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Give the files of a folder, notes of versions left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".patron" not in path.parts
    }


@FOLDERS
def test_gate_3_applying_twice_is_an_empty_plan_and_pull_changes_no_byte(patron, tmp_path, folder):
    """Apply, plan again: no changes. Pull, apply, pull: the same bytes."""
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    shutil.copytree(folder, mine)
    assert patron("init", "--from", mine).code == 0
    patron("pull", "production", "--to", theirs)
    project = theirs / "project.yaml"
    project.write_text(project.read_text().replace("label: ", "label: New ", 1))

    first = patron("apply", "--from", theirs, "--to", "production", "--yes", "--json")
    plan = patron("plan", "--from", theirs, "--to", "production", "--json")
    second = patron("apply", "--from", theirs, "--to", "production", "--yes", "--json")
    before = bytes_of(theirs)
    pulled = patron("pull", "production", "--to", theirs, "--json")

    assert (first.code, first.json["changes"]) == (0, 1)
    assert (plan.json["changes"], second.json["changes"]) == ([], 0)
    assert pulled.json["changed"] == []
    assert bytes_of(theirs) == before


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@FOLDERS
def test_gate_3_sqlite_to_postgresql_and_back_has_the_same_tree(patron, tmp_path, folder, capsys):
    """Three installations, each made of what the one before was pulled into."""
    trees = []
    source = folder
    for place, url in enumerate(["", patron.environ["PATRON_DATABASE_URL"], ""]):
        environ = {"PATRON_HOME": str(tmp_path / f"home{place}"), "PATRON_DATABASE_URL": url}
        pulled = tmp_path / f"pulled{place}"
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            assert main(["init", "--from", str(source)]) == 0
            assert main(["pull", "production", "--to", str(pulled)]) == 0
            capsys.readouterr()
            assert main(["status", "--json"]) == 0
            trees.append(json.loads(capsys.readouterr().out)["environments"][0]["tree"])
        source = pulled

    assert len(set(trees)) == 1
    assert bytes_of(tmp_path / "pulled0") == bytes_of(tmp_path / "pulled2")


@pytest.fixture
def staffed(patron: Patron, tmp_path: Path) -> Patron:
    """Give a production with a real name in it, and a secret value."""
    patron.write(
        objects__person=PERSON,
        env_vars="env_vars:\n  ERP_KEY: {type: text, secret: true}\n",
    )
    assert patron("init", "--from", patron.folder).code == 0
    assert patron("env", "values", "production", f"ERP_KEY={SECRET}").code == 0
    rows = [
        {"name": " ".join(NAMES[:2]), "mail": NAMES[2], "nick": "Oosterhout", "mood": "glad"},
        {"name": "Wilhelmina", "nick": "Oosterhout"},
    ]
    path = tmp_path / "people.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert patron("import", "production", "person", path).code == 0
    return patron


def test_gate_8_no_secret_or_personal_value_is_told(staffed, tmp_path):
    """Plans, files, logs, blame, drift, audit, deployments, evidence: counts and ids alone."""
    changed = PERSON.replace("  nick: {type: text}\n", "").replace("glad: {}, ", "")
    changed = changed.replace("mail: {type: email}", "mail: {type: email, unique: true}")
    rule = 'validation_rules:\n  known: {invalid_if: name <> "x", message: No., field: name}\n'
    staffed.write(
        objects__person=changed.replace("required: true", "required: true, length: 10") + rule,
        objects__deal=DEAL,
    )
    sealed = tmp_path / "people.plan"
    words = ("--from", staffed.folder, "--to", "production")
    said = [staffed("plan", *words, "--out", sealed), staffed("plan", *words, "--json")]
    consent = ("--accept", "retire,narrowing", "--yes", "--json")
    said += [
        staffed("validate", sealed, "--json"),
        staffed("apply", sealed, "--yes", "--json"),
        staffed("apply", sealed, *consent),
        staffed("log", "production", "--json"),
        staffed("blame", "production", "field:person.name", "--json"),
        staffed("drift", "production", "--json"),
        staffed("env", "values", "production", "--json"),
        staffed("env", "show", "production", "--json"),
        staffed("audit", "verify", "production", "--json"),
        staffed("doctor", "production", "--json"),
    ]
    kept = "".join(done.out + done.err for done in said) + sealed.read_text() + rows_of(staffed)

    assert said[4].code == 0, said[4].out
    assert len(kept) > 5000
    for told in (SECRET, *NAMES):
        assert told not in kept


def rows_of(patron: Patron) -> str:
    """Give all that the platform notes of deployments, as text."""
    tables = ("patron_audit", "patron_deployment", "patron_evidence", "patron_plan")
    tables += ("patron_version", "patron_change", "patron_revision", "patron_setting")
    with Installation(Settings.from_env(patron.environ)) as installation:
        database = installation.environment("production").database
        with database.read() as tx:
            found = [tx.rows(f"SELECT * FROM {table}") for table in tables]
    return repr(found)
