"""The control database: the directory of environments and the persons who sign in."""

from __future__ import annotations

from datetime import datetime

import pytest

from engine.store.database import Database
from engine.store.failures import UniqueViolated
from engine.store.platform import control as directory
from engine.store.platform.control import EnvironmentRow

PRODUCTION = EnvironmentRow(name="production", kind="production", url="sqlite:///p.db")
SANDBOX = EnvironmentRow(
    name="alpha",
    kind="sandbox",
    url="sqlite:///s.db",
    schema="s",
    parent="production",
    baseline="d",
)


def test_the_directory_lists_production_first(control: Database, now: datetime):
    """Environments are found by name, with everything that was entered."""
    with control.write() as tx:
        directory.add_environment(tx, SANDBOX, at=now)
        directory.add_environment(tx, PRODUCTION, at=now)

    with control.read() as tx:
        listed = directory.list_environments(tx)
        found = directory.find_environment(tx, "alpha")
        missing = directory.find_environment(tx, "beta")

    assert listed == [PRODUCTION, SANDBOX]
    assert (found, missing) == (SANDBOX, None)


def test_an_environment_changes_its_baseline_and_leaves(control: Database, now: datetime):
    """A sandbox that was synchronised notes with what; a deleted one is gone."""
    with control.write() as tx:
        directory.add_environment(tx, SANDBOX, at=now)
        directory.set_baseline(tx, "alpha", "e")
        found = directory.find_environment(tx, "alpha")
        gone = directory.remove_environment(tx, "alpha")
        again = directory.remove_environment(tx, "alpha")

    assert found is not None
    assert found.baseline == "e"
    assert (gone, again) == (True, False)


def test_a_name_is_used_once(control: Database, now: datetime):
    """Two environments never share a name."""
    with pytest.raises(UniqueViolated), control.write() as tx:
        directory.add_environment(tx, SANDBOX, at=now)
        directory.add_environment(tx, SANDBOX, at=now)


def test_persons_are_found_whatever_the_capitals(control: Database, now: datetime):
    """One e-mail is one person."""
    with control.write() as tx:
        number = directory.add_person(
            tx, email="Ann@Example.test", name="Ann", password_hash="", at=now
        )

    with control.read() as tx:
        found = directory.find_person(tx, " ANN@example.TEST ")
        listed = directory.list_persons(tx)
    with pytest.raises(UniqueViolated), control.write() as tx:
        directory.add_person(tx, email="ann@example.test", name="", password_hash="", at=now)

    assert found is not None
    assert (found.id, found.email, found.is_active) == (number, "Ann@Example.test", True)
    assert listed == [found]
