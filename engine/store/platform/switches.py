"""Switches of the trace: of which users and records it is kept, and until when.

A setting of the environment. A new head tells every process, so nobody looks for them at a save.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.compiled import Switch
from engine.store.instants import instant_of, milliseconds
from engine.store.platform.head import touch_head
from engine.store.platform.values import load_settings, put_setting
from engine.store.tx import Tx

SETTING = "traced"


def load_switches(tx: Tx) -> tuple[Switch, ...]:
    """Give the switches, those that have ended included."""
    kept = load_settings(tx).get(SETTING)
    rows = kept if isinstance(kept, list) else []
    return tuple(
        Switch(until=instant_of(row["until"]), user=row["user"], record=row["record"])
        for row in rows
    )


def put_switches(tx: Tx, switches: Sequence[Switch]) -> None:
    """Replace the switches. A writer at work already goes on without."""
    rows = [
        {"until": milliseconds(one.until), "user": one.user, "record": one.record}
        for one in switches
    ]
    put_setting(tx, SETTING, rows)
    touch_head(tx)
