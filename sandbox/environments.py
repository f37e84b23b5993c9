"""Making environments: a database with its platform tables, and its line in the directory.

Separate from `engine.snapshots`, which opens what is there. The database is made first and entered
into the directory last, so a process that is killed in between leaves nothing that is listed and
half made; doing it again goes on.
"""

from __future__ import annotations

from datetime import datetime

from engine.names import EnvironmentName
from engine.people import address_of
from engine.settings import Settings
from engine.store.database import Database
from engine.store.platform.control import (
    EnvironmentRow,
    add_environment,
    find_environment,
    list_environments,
)
from engine.store.platform.upgrades import ENVIRONMENT, upgrade
from engine.store.steps import at_step

PRODUCTION = EnvironmentName("production")


def list_rows(control: Database) -> tuple[EnvironmentRow, ...]:
    """Give the directory: production first, then by name."""
    with control.read() as tx:
        return tuple(list_environments(tx))


def find_row(control: Database, name: str) -> EnvironmentRow | None:
    """Give one environment of the directory, or None."""
    with control.read() as tx:
        return find_environment(tx, name)


def make_production(settings: Settings, control: Database, *, url: str, at: datetime) -> None:
    """Make production, unless it is there.

    Args:
        settings: where the installation keeps its state.
        control: its control database.
        url: database to use; "" takes the installation's own.
        at: what the directory notes as the time it was made.

    Raises: StoreFailed S105 for a URL that cannot be used; ConnectionLost S103.
    """
    if find_row(control, PRODUCTION) is not None:
        return
    place, schema = address_of(settings, PRODUCTION, url)
    database = Database(place, schema)
    at_step("init.tables")
    upgrade(database, ENVIRONMENT)
    database.dispose()
    row = EnvironmentRow(name=PRODUCTION, kind="production", url=place, schema=schema)
    at_step("init.directory")
    with control.write() as tx:
        if find_environment(tx, PRODUCTION) is None:
            add_environment(tx, row, at=at)
    at_step("init.done")
