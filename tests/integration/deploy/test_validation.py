"""Validating a plan on a throw-away copy: carried out over masked records, nothing real in it."""

from __future__ import annotations

import json

import pytest

from deploy_tool.installation import Installation
from deploy_tool.plans.proposing import propose
from deploy_tool.testing.shadow import open_shadow
from engine.settings import Settings
from engine.store.platform.evidence import load_evidence
from tests.integration.deploy.conftest import DEAL

PERSON = """\
object: person
fields:
  name: {type: text, required: true}
  mail: {type: email, unique: true}
  phone: {type: phone}
  home: {type: address}
  story: {type: rich_text}
  code: {type: text, pii: none}
  salary: {type: currency, pii: sensitive}
  boss: {type: lookup, to: person}
"""
REAL = ("Wilhelmina", "Oosterhout", "wilhelmina.o@real.example", "0612345678", "Prinsengracht")
PEOPLE = [
    {
        "name": "Wilhelmina Oosterhout",
        "mail": "wilhelmina.o@real.example",
        "phone": "+31 0612345678",
        "home": {"street": "Prinsengracht 12", "city": "Amsterdam", "country": "NL"},
        "story": "<p>Wilhelmina likes rowing.</p>",
        "code": "KEEP-ME",
        "salary": 98765.43,
    },
    {"name": "Wilhelmina Oosterhout", "mail": "second@real.example", "code": "B"},
]


@pytest.fixture
def staffed(patron, tmp_path):
    """Give a production with two people whose names are real, and three deals."""
    patron.write(objects__person=PERSON)
    assert patron("init", "--from", patron.folder).code == 0
    for name, rows in {
        "person": PEOPLE,
        "deal": [{"name": f"Deal {n}", "amount": n} for n in range(3)],
    }.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(rows), encoding="utf-8")
        done = patron("import", "production", name, path)
        assert done.code == 0, done.err + done.out
    made = patron("user", "create", "production", "hildegard@real.example", "--name", "Hildegard")
    assert made.code == 0
    return patron


def installation_of(patron) -> Installation:
    """Open the installation in this process."""
    return Installation(Settings.from_env(patron.environ))


def test_no_real_name_reaches_the_copy(staffed):
    """The bytes of the copy hold no name, address or mail; what says `pii: none` came as it is."""
    with installation_of(staffed) as installation:
        planned = propose(installation, str(staffed.folder), "production")
        environment = installation.environment("production")
        with open_shadow(environment, planned, installation.clock) as shadow:
            shadow.environment.database.dispose()
            held = b"".join(file.read_bytes() for file in shadow.folder.rglob("*"))
            copied = {name: len(ids) for name, ids in shadow.copied.records.items()}
        folder = shadow.folder

    for name in (*REAL, "Amsterdam", "rowing", "9876543", "Hildegard", "real.example"):
        assert name.encode() not in held, name
        assert name.encode("utf-16-le") not in held, name
    assert b"KEEP-ME" in held
    assert b"@masked.example" in held
    assert copied == {"deal": 3, "exchange_rate": 0, "person": 2}
    assert not folder.exists()


def test_masks_are_deterministic_in_a_copy_and_differ_between_copies(staffed):
    """Equal values stay equal, unique ones stay apart, and the key of a copy is thrown away."""
    names = []
    with installation_of(staffed) as installation:
        planned = propose(installation, str(staffed.folder), "production")
        environment = installation.environment("production")
        for _ in range(2):
            with (
                open_shadow(environment, planned, installation.clock) as shadow,
                shadow.environment.database.read() as tx,
            ):
                names.append(tx.rows("SELECT name, mail FROM person ORDER BY id"))

    for (first, mail), (second, other) in names:
        assert first == second
        assert mail != other
        assert len(first) == len(PEOPLE[0]["name"])
    assert names[0] != names[1]


def test_a_plan_is_carried_out_on_the_copy_and_the_evidence_kept(staffed, tmp_path):
    """Treatments are done, every record is saved once; what rules refuse is told, not failed."""
    rule = "validation_rules:\n  some: {invalid_if: amount > 0, message: No., field: amount}\n"
    staffed.write(objects__deal=DEAL.replace("currency}", "currency, required: true}") + rule)
    sealed = tmp_path / "plan.plan"
    plan = staffed(
        *("plan", "--from", staffed.folder, "--to", "production", "--json", "--out", sealed)
    )

    done = staffed("validate", sealed, "--json")

    assert done.code == 0, done.out
    names = [test["name"] for test in done.json["tests"] if test["kind"] == "copy"]
    assert names[0] == "the plan on a copy"
    assert "3 masked records of deal: 2 refused by some" in names
    with installation_of(staffed) as installation:
        database = installation.environment("production").database
        with database.read() as tx:
            (evidence,) = load_evidence(tx, plan.json["digest"])
    detail = json.loads(evidence.detail)
    assert detail["records"] == {"deal": 3, "person": 2}
    assert detail["refused"] == {"deal": 2}


def test_what_cannot_be_carried_out_on_the_copy_is_no_valid_plan(staffed, tmp_path):
    """A treatment that blocks, with a record in the way, fails here before anybody waits for it."""
    path = tmp_path / "more.json"
    path.write_text('[{"name": "No amount"}]', encoding="utf-8")
    assert staffed("import", "production", "deal", path).code == 0
    staffed.write(objects__deal=DEAL.replace("currency}", "currency, required: true}"))
    sealed = tmp_path / "plan.plan"
    staffed("plan", "--from", staffed.folder, "--to", "production", "--out", sealed)

    done = staffed("validate", sealed, "--json")

    assert done.code == 3
    (failed,) = [test for test in done.json["tests"] if test["state"] == "failed"]
    assert "Records stand in the way" in failed["found"]
