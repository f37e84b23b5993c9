"""Sandboxes on the command line: made, listed, changed, promoted from, deleted."""

from __future__ import annotations

import pytest

from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.settings import Settings
from engine.store.places import is_used
from engine.store.platform import audit
from engine.store.platform.control import EnvironmentRow
from engine.store.platform.members import list_members
from sandbox import sandboxes
from sandbox.changes import changes_since_baseline
from sandbox.sandboxes import NewSandbox, make_sandbox
from tests.integration.deploy.conftest import DEAL

ADMINISTRATOR = ("--permission-set", "system_administrator")


@pytest.fixture
def sandbox(production):
    """Give an installation with an administrator and a sandbox called `discounts`."""
    assert production("user", "create", "production", "a@example.test", *ADMINISTRATOR).code == 0
    done = production("sandbox", "create", "discounts")
    assert done.code == 0, done.err
    return production


@pytest.fixture
def installation(sandbox):
    """Give the same installation as a web process sees it."""
    with Installation(
        Settings(home=sandbox.home, database_url=sandbox.environ["PATRON_DATABASE_URL"])
    ) as opened:
        yield opened


def _row(installation: Installation, name: str = "discounts") -> EnvironmentRow:
    return installation.environments.open(name).row


def test_a_sandbox_runs_its_parents_configuration(sandbox):
    """A new sandbox has the very tree of its parent, at version 1, and nothing to promote."""
    done = sandbox("status", "--json")

    production, made = done.json["environments"]
    assert made["tree"] == production["tree"]
    assert (made["environment"], made["version"], made["kind"]) == ("discounts", 1, "sandbox")
    assert (made["parent"], made["changes"]) == ("production", 0)
    assert sandbox("diff", "production", "discounts").out.startswith("No difference")
    assert sandbox("doctor", "discounts").code == 0


def test_it_says_where_it_is_and_who_may_enter(production):
    """Without a maker, the parent's administrators are let in; members of few rights are not."""
    production("user", "create", "production", "a@example.test", *ADMINISTRATOR)
    production("user", "create", "production", "rep@example.test")

    done = production("sandbox", "create", "spring", "--json")

    assert done.json == {
        "environment": "spring",
        "kind": "sandbox",
        "parent": "production",
        "data": "none",
        "members": ["a@example.test"],
    }
    assert "/e/spring/" in done.err


def test_its_maker_is_its_administrator(sandbox):
    """Whoever makes a sandbox may do everything in it, and nobody else may enter."""
    sandbox("user", "create", "production", "kim@example.test", "--name", "Kim Roy")

    done = sandbox("sandbox", "create", "mine", "--as", "Kim@example.test", "--json")

    assert done.json["members"] == ["kim@example.test"]
    shown = sandbox("env", "show", "mine", "--json").json
    assert shown["members"] == 1


def test_without_an_administrator_it_says_how_to_let_somebody_in(production):
    """A sandbox that nobody may enter yet names the command that helps."""
    done = production("sandbox", "create", "empty")

    assert done.code == 0
    assert "patron user create empty" in done.out


def test_a_change_in_it_counts_and_can_be_promoted(sandbox):
    """A field added in the sandbox is one thing to promote, and production takes it over."""
    sandbox.write(objects__deal=DEAL + "  note: {type: text}\n")
    assert sandbox("apply", "--from", sandbox.folder, "--to", "discounts", "--yes").code == 0

    status = sandbox("status", "discounts", "--json").json["environments"][0]
    listed = sandbox("env", "list").out
    applied = sandbox("apply", "--from", "discounts", "--to", "production", "--yes")

    assert (status["version"], status["changes"]) == (2, 1)
    assert "discounts  sandbox  from production, 1 to promote" in listed
    assert applied.code == 0, applied.err
    assert sandbox("plan", "--from", "discounts", "--to", "production").out.startswith("No changes")
    assert sandbox("status", "discounts", "--json").json["environments"][0]["changes"] == 0


def test_what_production_got_elsewhere_is_not_counted_as_promoted(sandbox):
    """A deployment that leaves the two apart leaves the sandbox its changes."""
    sandbox.write(objects__deal=DEAL + "  note: {type: text}\n")
    sandbox("apply", "--from", sandbox.folder, "--to", "discounts", "--yes")
    sandbox.write(objects__deal=DEAL + "  hint: {type: text}\n")

    done = sandbox("apply", "--from", sandbox.folder, "--to", "production", "--yes")

    assert done.code == 0, done.err
    assert sandbox("status", "discounts", "--json").json["environments"][0]["changes"] == 1


def test_what_production_got_meanwhile_stays(sandbox):
    """A sandbox brings its own changes only: what others deployed is neither shown nor undone."""
    sandbox.write(objects__deal=DEAL + "  note: {type: text}\n")
    sandbox("apply", "--from", sandbox.folder, "--to", "discounts", "--yes")
    sandbox.write(objects__deal=DEAL + "  hint: {type: text}\n")
    sandbox("apply", "--from", sandbox.folder, "--to", "production", "--yes")

    done = sandbox("apply", "--from", "discounts", "--to", "production", "--yes")

    assert done.code == 0, done.err
    assert "+ field  deal.note" in done.out
    assert "Since the baseline production changed 1 time outside this plan" in done.out
    assert "field deal.hint  no overlap" in done.out
    assert "hint" not in done.out.partition("+ field")[2]
    again = sandbox("plan", "--from", "discounts", "--to", "production")
    assert again.out.startswith("No changes")


def test_both_changed_the_same_is_a_conflict(sandbox):
    """Where sandbox and production say different things of one property, nothing is applied."""
    sandbox.write(objects__deal=DEAL.replace("label: Deal", "label: Offer"))
    sandbox("apply", "--from", sandbox.folder, "--to", "discounts", "--yes")
    sandbox.write(objects__deal=DEAL.replace("label: Deal", "label: Bid"))
    sandbox("apply", "--from", sandbox.folder, "--to", "production", "--yes")

    done = sandbox("apply", "--from", "discounts", "--to", "production", "--yes")

    assert (done.code, "D106" in done.err) == (Exit.CONFLICT, True)


def test_what_is_taken_back_is_nothing_to_promote(sandbox, installation):
    """A change and its opposite leave the sandbox where it started."""
    environment = installation.environments.open("discounts")
    sandbox.write(objects__deal=DEAL.replace("label: Deal", "label: Offer"))
    sandbox("apply", "--from", sandbox.folder, "--to", "discounts", "--yes")
    with environment.database.read() as tx:
        moved = changes_since_baseline(environment, tx)
    sandbox.write(objects__deal=DEAL)
    sandbox("apply", "--from", sandbox.folder, "--to", "discounts", "--yes")

    with environment.database.read() as tx:
        back = changes_since_baseline(environment, tx)

    assert ([change.component for change in moved], back) == (["object:deal"], ())


def test_counting_changes_costs_nothing_for_a_known_head(installation):
    """The bar of every page asks; for a head it has seen, no statement is needed."""
    environment = installation.environments.open("discounts")
    with environment.database.read() as tx:
        changes_since_baseline(environment, tx, "token")
        before = tx.statements

        changes_since_baseline(environment, tx, "token")

        assert tx.statements == before


def test_production_has_nothing_to_promote(installation):
    """Only what started somewhere can have moved from there."""
    environment = installation.environments.open("production")

    with environment.database.read() as tx:
        assert changes_since_baseline(environment, tx) == ()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["create", "discounts"], Exit.CONFLICT, "C130 There is an environment"),
        (["create", "Été 2027"], Exit.INVALID, '"ete-2027" would do'),
        (["create", "production"], Exit.INVALID, "Q120"),
        (["create", "x1", "--from", "prodution"], Exit.USAGE, 'did you mean "production"?'),
        (["create", "x1", "--data", "full", "--most", "3"], Exit.INVALID, "add --data sample"),
        (["create", "x1", "--database", "mysql://h/d"], Exit.INTERNAL, "S105"),
        (["delete", "production", "--yes"], Exit.CONFLICT, "C131 production is no sandbox"),
        (["delete", "discount", "--yes"], Exit.USAGE, 'did you mean "discounts"?'),
        (["delete", "discounts"], Exit.USAGE, "add --yes"),
        (["refresh", "discounts", "--data", "reseed"], Exit.INVALID, "was made without records"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(sandbox, words, code, said):
    """Bad names, taken names, unknown parents and what comes later: each with its exit code."""
    done = sandbox("sandbox", *words)

    assert (done.code, said in done.err) == (code, True), done.err
    assert [e["name"] for e in sandbox("env", "list", "--json").json["environments"]] == [
        "production",
        "discounts",
    ]


def test_a_deleted_sandbox_leaves_nothing(sandbox, installation):
    """Its database is gone, its name is free, and a process that had it open knows."""
    before = installation.environments.open("discounts")
    row = before.row

    done = sandbox("sandbox", "delete", "discounts", "--yes")

    assert done.code == 0, done.err
    assert not is_used(before.database)
    assert sandbox("sandbox", "list", "--json").json == {"sandboxes": []}
    sandbox("sandbox", "create", "discounts")
    again = installation.environments.open("discounts")
    assert (again.row.url, again.row.schema) != (row.url, row.schema)
    with again.database.read() as tx:
        assert [member.email for member in list_members(tx)] == ["a@example.test"]


def test_a_parent_of_others_is_not_deleted(sandbox):
    """A sandbox that another one starts from stays until that one is gone."""
    sandbox("sandbox", "create", "second", "--from", "discounts")

    refused = sandbox("sandbox", "delete", "discounts", "--yes")

    assert (refused.code, "delete second first" in refused.err) == (Exit.CONFLICT, True)
    assert sandbox("sandbox", "delete", "second", "--yes").code == 0
    assert sandbox("sandbox", "delete", "discounts", "--yes").code == 0


def test_the_audit_of_the_parent_tells_of_both(sandbox, installation):
    """Who made and who deleted a sandbox stands where it started."""
    sandbox("sandbox", "delete", "discounts", "--yes", "--as", "kim@example.test")

    with installation.environments.open("production").database.read() as tx:
        lines = [(line.actor, line.action, line.target) for line in audit.read(tx)]

    assert lines[:2] == [
        ("kim@example.test", "sandbox.delete", "discounts"),
        ("system", "sandbox.create", "discounts"),
    ]


def test_a_chosen_database_must_be_empty(sandbox, tmp_path):
    """Nothing that is there is ever written over; an empty place becomes the sandbox."""
    taken, free = tmp_path / "taken.db", tmp_path / "free.db"
    taken.write_text("mine")

    refused = sandbox("sandbox", "create", "x1", "--database", f"sqlite:///{taken}")
    made = sandbox("sandbox", "create", "x1", "--database", f"sqlite:///{free}")

    assert (refused.code, "C132" in refused.err, taken.read_text()) == (4, True, "mine")
    assert (made.code, free.exists()) == (0, True)


def test_a_failure_in_between_leaves_nothing(sandbox, installation, monkeypatch):
    """What was built of a sandbox that failed is taken away, and its name is free."""
    chosen = []
    address = sandboxes.address_of
    monkeypatch.setattr(
        sandboxes, "address_of", lambda *given: chosen.append(address(*given)) or chosen[0]
    )
    monkeypatch.setattr(sandboxes, "add_member", lambda *_a, **_k: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        make_sandbox(
            installation.settings,
            installation.environments,
            NewSandbox(name="later", actor="test"),
            at=installation.clock.now(),
        )

    assert not is_used(sandboxes.Database(*chosen[0]))
    assert "later" not in sandbox("env", "list").out
