"""What the worker removes for good: after the days of the policy, and nothing before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from deploy_tool.installation import Installation
from deploy_tool.retaining import retain
from engine.clock import FixedClock, SystemClock
from engine.jobs import Work
from engine.session import Session, run
from engine.settings import Settings
from engine.store.emptying import COMPANIONS
from engine.store.platform import audit
from engine.store.platform.audit import Search
from engine.store.platform.deployments import start_deployment
from engine.store.platform.enter import SystemCredential
from tests.integration.deploy.conftest import DEAL, Patron

WITHOUT = DEAL.replace("  amount: {type: currency}\n", "")


@pytest.fixture
def installation(production: Patron) -> Iterator[Installation]:
    """Open the installation behind the command line."""
    with Installation(Settings.from_env(production.environ)) as opened:
        yield opened


def after(installation: Installation, days: float) -> None:
    """Run the job as a worker would, some days from now."""
    at = SystemClock().now() + timedelta(days=days)
    home = installation.settings.home
    retain(Work(environments=installation.environments, clock=FixedClock(at), home=home))


def within(installation: Installation, work, *, write: bool = True):
    """Work in production as the system."""
    environment = installation.environment("production")
    return run(environment, SystemCredential(), work, write=write)


def test_retired_components_go_when_their_days_are_over(production, installation) -> None:
    """29 days: there with its values; 31 days: gone, and the audit tells."""
    production.write(objects__deal=WITHOUT)
    production("apply", "--from", production.folder, "--to", "production", "--accept", "retire")

    after(installation, 29)
    kept = production("restore", "production", "field:deal.amount")
    production("apply", "--from", production.folder, "--to", "production", "--accept", "retire")
    after(installation, 31)
    left = production("purge", "production", "--accept", "purge", "--json").json["purged"]

    with installation.environment("production").database.read() as tx:
        lines = audit.search(tx, Search(action="purge"))
    assert kept.code == 0, kept.err
    assert [(line.actor, line.target) for line in lines] == [("system", "field:deal.amount")]
    assert left == []


def test_nothing_goes_while_a_deployment_is_under_way(production, installation) -> None:
    """A deployment that is not finished keeps everything where it is."""
    production.write(objects__deal=WITHOUT)
    production("apply", "--from", production.folder, "--to", "production", "--accept", "retire")
    with installation.environment("production").database.write() as tx:
        at = SystemClock().now()
        start_deployment(tx, digest="d", base_version=2, plan="{}", actor="lea", at=at)

    after(installation, 31)

    assert production("restore", "production", "field:deal.amount").code == 0
    with installation.environment("production").database.read() as tx:
        assert audit.search(tx, Search(action="purge")) == []


def test_the_bin_is_emptied_when_its_days_are_over(installation) -> None:
    """A deleted record goes with its history; younger ones and live ones stay."""

    def fill(session: Session) -> list[int]:
        ids = [int(session.create("deal", {"name": f"D{n}"})["id"]) for n in range(3)]
        session.delete("deal", ids[0])
        return ids

    first, second, third = within(installation, fill)
    after(installation, 29)
    within(installation, lambda session: session.restore("deal", first))
    within(installation, lambda session: session.delete("deal", first))

    after(installation, 31)
    after(installation, 31)

    def records(session: Session) -> set[int]:
        return {row[0] for row in session.unit.tx.rows("SELECT id FROM deal")}

    def traces(session: Session) -> int:
        counts = (
            session.unit.tx.row(f"SELECT count(*) FROM {table} WHERE record = {first}")
            for table in COMPANIONS
        )
        return sum(row[0] for row in counts if row is not None)

    with installation.environment("production").database.read() as tx:
        lines = audit.search(tx, Search(action="bin.empty"))
    assert within(installation, records) == {second, third}
    assert within(installation, traces) == 0
    assert [(line.target, line.detail) for line in lines] == [("deal", {"records": 1})]


def test_the_policy_says_how_long(production, installation) -> None:
    """Three days for the bin: nobody waits for thirty."""
    production("env", "policy", "production", "retention.bin=3")

    def fill(session: Session) -> None:
        session.delete("deal", int(session.create("deal", {"name": "D"})["id"]))

    within(installation, fill)
    after(installation, 2)
    before = within(installation, lambda s: s.unit.tx.row("SELECT count(*) FROM deal"))
    after(installation, 4)
    now = within(installation, lambda s: s.unit.tx.row("SELECT count(*) FROM deal"))

    assert (before[0], now[0]) == (1, 0)
