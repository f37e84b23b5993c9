"""What an apply does when the database will not: busy, refusing, out of reach at the commit."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.installation import Installation
from deploy_tool.plans.proposing import propose
from engine.errors import DeploymentFailed
from engine.settings import Settings
from engine.store.database import Database
from engine.store.platform.deployments import list_deployments
from engine.store.platform.enter import SystemCredential, enter
from tests.integration.deploy.conftest import DEAL
from tests.support.proxy import losing

WITH_NOTE = DEAL + "  note: {type: text}\n"


@pytest.fixture
def installation(production):
    """Open the installation behind the command line."""
    with Installation(Settings.from_env(production.environ)) as opened:
        yield opened


def _database(installation):
    return installation.environment("production").database


def _version(patron):
    (found,) = patron("status", "production", "--json").json["environments"]
    return found["version"]


def test_a_writer_that_does_not_end_makes_it_give_up(production, installation, monkeypatch):
    """Exit 8 after some patience, and nothing was changed."""
    pragmas = "engine.store.drivers._PRAGMAS"
    fast = ("PRAGMA busy_timeout=100", "PRAGMA journal_mode=WAL")
    monkeypatch.setattr(pragmas, fast)
    production.write(objects__deal=WITH_NOTE)
    planned = propose(installation, str(production.folder), "production")
    database = _database(installation)
    other = Database(database.url.render_as_string(hide_password=False), database.schema)

    with other.write() as tx:
        enter(tx, SystemCredential())
        with pytest.raises(DeploymentFailed) as caught:
            apply_plan(database, planned, Order(actor="a"), installation.clock, patience=0.3)
    other.dispose()

    assert (caught.value.code, caught.value.exit_code) == ("D103", 8)
    assert _version(production) == 1


def test_a_step_that_fails_undoes_everything(production, installation):
    """Exit 9: the environment goes on as before, and the failure is noted."""
    production.write(
        objects__deal=WITH_NOTE, objects__line="object: line\nfields:\n  name: {type: text}\n"
    )
    with _database(installation).write() as tx:
        tx.run("ALTER TABLE deal ADD COLUMN note TEXT")

    done = production("apply", "--from", production.folder, "--to", "production", "--json")

    assert (done.code, done.json["code"]) == (9, "D100")
    assert _version(production) == 1
    with _database(installation).read() as tx:
        newest = list_deployments(tx)[0]
        assert (newest.state, newest.version) == ("failed", None)
        tables = {
            "sqlite": "SELECT name FROM sqlite_master WHERE name = 'line'",
            "postgresql": "SELECT 1 WHERE to_regclass('line') IS NOT NULL",
        }
        assert tx.rows(tables[tx.dialect]) == []


def test_of_two_at_once_one_wins_and_the_other_is_stale(production):
    """Both planned for version 1; the second finds the environment moved and changes nothing."""
    production.write(objects__deal=WITH_NOTE)
    words = ("apply", "--from", production.folder, "--to", "production")

    both = [production.start(*words) for _ in range(2)]
    codes = sorted(process.wait(60) for process in both)
    for process in both:
        process.communicate()

    assert codes in ([0, 7], [0, 0])  # the second may begin when the first is through
    assert _version(production) == 2
    assert production("doctor").code == 0


def test_apply_leaves_a_line_in_the_audit(production, installation):
    """Who deployed which plan is told, and nothing of what records hold."""
    production.write(objects__deal=WITH_NOTE)
    production(
        *("apply", "--from", production.folder, "--to", "production"),
        *("--as", "Lea@Example.test"),
    )

    with _database(installation).read() as tx:
        rows = tx.rows("SELECT actor, action, target, detail FROM patron_audit ORDER BY id DESC")

    assert rows[0][:3] == ("lea@example.test", "deploy", "production")
    assert '"version":2' in rows[0][3].replace(" ", "")


@pytest.mark.parametrize("dialect", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
@pytest.mark.parametrize(
    ("how", "code", "version"), [("before", 9, 1), ("after", 0, 2), ("for good", 11, None)]
)
def test_a_connection_lost_at_the_commit(production, database_url, monkeypatch, how, code, version):
    """The head is read again: undone, done, or honestly unknown."""
    production.write(objects__deal=WITH_NOTE)
    url = urlsplit(database_url)
    monkeypatch.setattr("engine.store.drivers.CONNECT_SECONDS", 2)
    with losing((url.hostname, url.port), how) as proxy:
        detour = database_url.replace(f":{url.port}/", f":{proxy.port}/")
        control = Database(database_url, "patron_control")
        with control.write() as tx:
            tx.run("UPDATE patron_environment SET url = %s", (detour,))

        done = production("apply", "--from", production.folder, "--to", "production", "--json")

        assert proxy.has_lost
        with control.write() as tx:
            tx.run("UPDATE patron_environment SET url = %s", (database_url,))
        control.dispose()
    assert done.code == code, done.err
    if code:
        assert done.json["code"] == {9: "D100", 11: "D104"}[code]
    assert version is None or _version(production) == version
