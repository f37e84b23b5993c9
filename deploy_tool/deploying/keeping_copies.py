"""Copies of an SQLite environment, kept before anything narrows its data.

Separate, because they outlive the deployment: the newest few stay beside the database until the
environment is deleted. Made online, so readers and writers go on.
"""

from __future__ import annotations

from pathlib import Path

from engine.store.backup import back_up
from engine.store.database import Database
from engine.store.places import COPY

KEPT = 5  # copies of one environment


def keep_copy(database: Database, version: int) -> Path | None:
    """Copy an environment as it is at a version, once; give the file, None on PostgreSQL.

    Raises: StoreFailed S120 when it cannot be written.
    """
    path = database.path
    if path is None:
        return None
    target = path.with_name(f"{path.name}@{version}{COPY}")
    if not target.exists():
        back_up(database, target)
    copies = sorted(path.parent.glob(f"{path.name}@*{COPY}"), key=lambda f: f.stat().st_mtime)
    for old in copies[:-KEPT]:
        old.unlink(missing_ok=True)
    return target
