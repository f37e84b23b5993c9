"""Sandboxes brought up to their parent: its changes come in, the work done in them stays."""

from __future__ import annotations

import signal

import pytest

from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.settings import Settings
from tests.integration.deploy.conftest import DEAL

MINE = "  churn_risk: {type: text}\n"
THEIRS = "  renewal: {type: date}\n"
LABEL = "label: Deal\n"


def deploy(patron, to: str, text: str) -> None:
    """Deploy the configuration with one text of the deal."""
    patron.write(objects__deal=text)
    words = ("--from", patron.folder, "--to", to, "--accept", "retire,narrowing", "--yes")
    done = patron("apply", *words)
    assert done.code == 0, done.err


@pytest.fixture
def sandbox(production, far):
    """Give a sandbox with a field of its own, whose parent got another one meanwhile."""
    assert far  # its administrators are let in
    assert production("sandbox", "create", "spring").code == 0
    deploy(production, "spring", DEAL + MINE)
    deploy(production, "production", DEAL + THEIRS)
    return production


def changes(patron, *words: object) -> list[tuple[str, str]]:
    """Give what a command's plan changes."""
    found = patron(*words, "--json")
    assert found.code == 0, found.err
    return [(one["op"], one["component"]) for one in found.json["changes"]]


def status(patron, name: str = "spring") -> dict[str, object]:
    """Tell what an environment runs."""
    return patron("status", name, "--json").json["environments"][0]


def test_what_the_parent_changed_comes_in_and_the_own_work_stays(sandbox, either):
    """Afterwards the sandbox has both fields, and promotes only its own."""
    shown = either("plan", "--from", "production", "--to", "spring", "--json")
    done = either("sandbox", "refresh", "spring", "--json")

    assert [c["component"] for c in shown.json["changes"]] == ["field:deal.renewal"]
    assert done.code == 0, done.err
    assert done.json == {
        "environment": "spring",
        "parent": "production@2",
        "version": 3,
        "plan": done.json["plan"],
        "changes": 1,
    }
    assert "spring@3 has everything of production@2." in done.err
    promoted = changes(sandbox, "plan", "--from", "spring", "--to", "production")
    assert promoted == [("add", "field:deal.churn_risk")]
    assert status(sandbox)["changes"] == 1
    log = sandbox("log", "spring", "--json").json["versions"]
    assert [version["source"] for version in log] == ["refresh", "deploy", "refresh"]
    assert log[0]["reason"] == "brought up to production@2"
    assert sandbox("doctor", "spring").code == 0


def test_later_changes_count_from_there(sandbox):
    """What the parent changes next is merged against what came before, and so are own changes."""
    assert sandbox("sandbox", "refresh", "spring").code == 0
    deploy(sandbox, "production", DEAL.replace(LABEL, "label: Business\n") + THEIRS)
    deploy(sandbox, "spring", DEAL + THEIRS + MINE + "  segment: {type: text}\n")

    assert status(sandbox)["changes"] == 2
    again = sandbox("sandbox", "refresh", "spring", "--json")

    assert (again.code, again.json["changes"], again.json["parent"]) == (0, 1, "production@3")
    own = [("add", "field:deal.churn_risk"), ("add", "field:deal.segment")]
    assert changes(sandbox, "plan", "--from", "spring", "--to", "production") == own
    done = sandbox("apply", "--from", "spring", "--to", "production", "--yes")
    assert done.code == 0, done.err
    assert status(sandbox)["changes"] == 0
    assert status(sandbox)["tree"] == status(sandbox, "production")["tree"]


def test_what_the_parent_took_away_is_not_brought_back(sandbox):
    """A retired field leaves the sandbox too, and promoting the rest does not restore it."""
    deploy(sandbox, "production", DEAL.replace("  amount: {type: currency}\n", "") + THEIRS)

    missing = sandbox("sandbox", "refresh", "spring", "--json")
    done = sandbox("sandbox", "refresh", "spring", "--accept", "retire", "--json")

    assert missing.code == Exit.CONSENT_MISSING
    assert done.code == 0, done.err
    promoted = changes(sandbox, "plan", "--from", "spring", "--to", "production")
    assert promoted == [("add", "field:deal.churn_risk")]


def test_nothing_new_says_so(sandbox, either):
    """A second refresh changes nothing, and makes no version."""
    assert either("sandbox", "refresh", "spring").code == 0

    again = either("sandbox", "refresh", "spring", "--json")

    assert (again.code, again.json["changes"], again.json["version"]) == (0, 0, 3)
    assert "No changes." in again.err
    assert status(sandbox)["changes"] == 1


def contents(patron) -> list[object]:
    """Give every row that lies in the sandbox's database, in every table."""
    tables = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1",
        "postgresql": "SELECT table_name::text FROM information_schema.tables"
        " WHERE table_schema = current_schema() ORDER BY 1",
    }
    with Installation(Settings.from_env(patron.environ)) as installation:
        database = installation.environment("spring").database
        with database.read() as tx:
            names = [row[0] for row in tx.rows(tables[database.dialect])]
            return [(name, sorted(map(repr, tx.rows(f'SELECT * FROM "{name}"')))) for name in names]


def contest(patron) -> None:
    """Give the deal another name on both sides."""
    deploy(patron, "production", DEAL.replace(LABEL, "label: Business\n") + THEIRS)
    deploy(patron, "spring", DEAL.replace(LABEL, "label: Chance\n") + MINE)


def test_gate_12_a_refresh_with_a_conflict_leaves_the_sandbox_byte_identical(sandbox):
    """Nothing is touched before somebody decides, in no table."""
    contest(sandbox)
    before = contents(sandbox)

    refused = sandbox("sandbox", "refresh", "spring", "--json")

    assert refused.code == Exit.CONFLICT
    assert "--resolve object:deal/label=incoming" in refused.json["hint"]
    assert contents(sandbox) == before


def test_a_conflict_is_decided_by_side(sandbox, either):
    """The sandbox keeps its own name, and brings it to its parent without asking again."""
    contest(sandbox)

    refused = either("sandbox", "refresh", "spring", "--json")
    done = either("sandbox", "refresh", "spring", "--resolve", "*=target", "--json")

    assert (refused.code, done.code, done.json["changes"]) == (Exit.CONFLICT, 0, 1)
    plan = sandbox("plan", "--from", "spring", "--to", "production", "--json").json
    assert plan["conflicts"] == []
    assert [one["component"] for one in plan["changes"]] == [
        "object:deal",
        "field:deal.churn_risk",
    ]


def test_a_refresh_that_died_before_it_was_noted_is_noted_by_the_next(sandbox):
    """Killed after its switch, nothing is promoted twice and nothing comes in twice."""
    killed = sandbox.start("sandbox", "refresh", "spring", "--yes", PATRON_KILL_AT="apply.done")
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    promoted = [("add", "field:deal.churn_risk")]
    assert changes(sandbox, "plan", "--from", "spring", "--to", "production") == promoted

    again = sandbox("sandbox", "refresh", "spring", "--json")

    assert (again.code, again.json["changes"], again.json["version"]) == (0, 0, 3)
    assert status(sandbox)["changes"] == 1
    assert changes(sandbox, "plan", "--from", "spring", "--to", "production") == promoted


def test_some_components_alone_are_no_refresh(sandbox, tmp_path):
    """Where only part of the parent came, its work still begins where it did."""
    deploy(sandbox, "production", DEAL.replace(LABEL, "label: Business\n") + THEIRS)
    file = tmp_path / "plan.json"
    words = ("plan", "--from", "production", "--to", "spring", "field:deal.renewal", "--out", file)
    assert sandbox(*words).code == 0
    assert sandbox("apply", file, "--yes").code == 0

    assert changes(sandbox, "plan", "--from", "production", "--to", "spring") == [
        ("change", "object:deal")
    ]
    promoted = changes(sandbox, "plan", "--from", "spring", "--to", "production")
    assert promoted == [("add", "field:deal.churn_risk")]


def test_a_sandbox_goes_without_the_values_of_its_parent(sandbox, tmp_path):
    """A required variable comes in without one, as when it was made; taken alone it needs one."""
    sandbox.write(env_vars="env_vars:\n  ERP_URL: {type: url, required: true}\n")
    words = ("plan", "--from", sandbox.folder, "--to", "production", "--out", tmp_path / "plan")
    assert sandbox(*words).code == 0
    value = ("ERP_URL=https://erp.test", "--plan", tmp_path / "plan")
    assert sandbox("env", "values", "production", *value).code == 0
    assert sandbox("apply", tmp_path / "plan", "--yes").code == 0

    alone = sandbox("plan", "--from", "production", "--to", "spring", "env_var:*", "--json")
    whole = sandbox("plan", "--from", "production", "--to", "spring", "--json")
    done = sandbox("sandbox", "refresh", "spring")

    assert (alone.json["checks"]["failed"], whole.json["checks"]["failed"]) == (1, 0)
    assert done.code == 0, done.err


def test_only_a_sandbox_is_refreshed(sandbox, either):
    """Production has no parent (C133); one without records brings none anew (Q121)."""
    refused = either("sandbox", "refresh", "production", "--json")
    seeded = either("sandbox", "refresh", "spring", "--data", "reseed", "--yes", "--json")
    nowhere = either("sandbox", "refresh", "t", "--json")

    assert (refused.code, refused.json["code"]) == (Exit.CONFLICT, "C133")
    assert (seeded.code, seeded.json["code"]) == (Exit.INVALID, "Q121")
    assert (nowhere.code, nowhere.json["code"]) == (Exit.USAGE, "U100")
    assert status(sandbox)["version"] == 2


def test_who_may_not_read_the_parent_refreshes_nothing(sandbox, away, far):
    """From afar it takes a right to see the parent, and to deploy in the sandbox."""
    assert far
    refused = away("sandbox", "refresh", "spring", "--json", who="nobody")

    assert refused.code != 0
    assert status(sandbox)["version"] == 2
