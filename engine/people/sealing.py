"""Sealing and checking the audit of an installation: its own, and each environment's."""

from __future__ import annotations

from engine.settings import Settings
from engine.store.database import Database
from engine.store.platform.audit_ends import INSTALLATION, find_end, put_end
from engine.store.platform.sealing import Verified, has_open, seal, verify

_PURPOSE = "audit"


def seal_audit(control: Database, settings: Settings, name: str, database: Database) -> None:
    """Chain what an audit got since the last time, and note its end in the control database.

    `name` is the environment's, or `INSTALLATION` with the control database as `database`.
    Takes no write lock when there is nothing to seal.
    """
    with database.read() as tx:
        is_due = has_open(tx)
    key = settings.key_for(_PURPOSE)
    while is_due:
        with database.write() as tx:
            end = seal(tx, key)
        is_due = end is not None
        if end is not None:
            with control.write() as tx:
                put_end(tx, name, end)


def verify_audit(control: Database, settings: Settings, name: str, database: Database) -> Verified:
    """Check a whole chain, its end included. Cost: O(lines)."""
    with control.read() as tx:  # before the lines: what is sealed meanwhile only makes it longer
        end = find_end(tx, name)
    with database.read() as tx:
        return verify(tx, settings.key_for(_PURPOSE), end)


__all__ = ["INSTALLATION", "seal_audit", "verify_audit"]
