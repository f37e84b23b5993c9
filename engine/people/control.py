"""Opens the control database of an installation, and says where its environments lie."""

from __future__ import annotations

from engine.settings import Settings
from engine.store.database import Database
from engine.store.platform.upgrades import CONTROL, upgrade

CONTROL_SCHEMA = "patron_control"
_PRODUCTION = "production"


def open_control(settings: Settings) -> Database:
    """Open the control database, making or upgrading it: a file under `home`, or a schema.

    Raises: StoreFailed S105, EngineTooOld S110, ConnectionLost S103.
    """
    if settings.database_url and not settings.database_url.startswith("sqlite"):
        database = Database(settings.database_url, CONTROL_SCHEMA)
    else:
        settings.home.mkdir(parents=True, exist_ok=True)
        database = Database(f"sqlite:///{settings.home / 'control.db'}")
    upgrade(database, CONTROL)
    return database


def address_of(settings: Settings, name: str, url: str = "") -> tuple[str, str | None]:
    """Give the URL and schema of a new environment: `url`, else the installation's own database.

    On PostgreSQL an environment is a schema; on SQLite a file under `home`.
    """
    chosen = url or settings.database_url
    if not chosen:
        return f"sqlite:///{settings.home / 'environments' / f'{name}.db'}", None
    if chosen.startswith("sqlite"):
        is_own = bool(url) or name == _PRODUCTION
        home = settings.home / "environments" / f"{name}.db"
        return (chosen if is_own else f"sqlite:///{home}"), None
    return chosen, f"patron_{name.replace('-', '_')}"
