"""Numbered upgrades of the platform tables, run under a lock when an installation starts.

`upgrade(database, kind)` brings an environment's or the control database to the format that this
engine knows. A step is never changed once released: what comes later is another step.
"""

from engine.store.platform.upgrades.run import (
    CONTROL,
    ENVIRONMENT,
    EngineTooOld,
    check_format,
    upgrade,
)

__all__ = ["CONTROL", "ENVIRONMENT", "EngineTooOld", "check_format", "upgrade"]
