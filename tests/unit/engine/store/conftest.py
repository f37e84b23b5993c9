"""Databases of the platform, made by its upgrades: an environment and the control database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.store.database import Database
from engine.store.platform.upgrades import CONTROL, ENVIRONMENT, upgrade
from tests.support.postgres import run_sql

NOW = datetime(2026, 11, 12, 9, 14, 3, 120000, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """Give the instant at which everything in a test happens."""
    return NOW


@pytest.fixture
def environment(database: Database) -> Database:
    """Give an environment at version 0."""
    upgrade(database, ENVIRONMENT)
    return database


@pytest.fixture
def control_address(
    request: pytest.FixtureRequest, dialect: str, tmp_path: Path
) -> Iterator[tuple[str, str | None]]:
    """Give the URL and schema of a control database that is not there yet."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path / 'control.db'}", None
        return
    url = request.getfixturevalue("postgres_url")
    schema = request.getfixturevalue("postgres_schema") + "_c"
    yield url, schema
    run_sql(url, f"DROP SCHEMA IF EXISTS {schema} CASCADE")


@pytest.fixture
def control(control_address: tuple[str, str | None]) -> Iterator[Database]:
    """Give an empty control database."""
    made = Database(*control_address)
    upgrade(made, CONTROL)
    yield made
    made.dispose()
