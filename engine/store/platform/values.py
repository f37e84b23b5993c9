"""Values of an environment (`$env`) and its settings: its own, never part of a configuration."""

from __future__ import annotations

from collections.abc import Mapping

from engine.store.jsontext import from_json, to_json
from engine.store.platform.head import touch_head
from engine.store.text import native
from engine.store.tx import Tx

_PUT = """
INSERT INTO patron_value (name, value, is_secret) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, is_secret = excluded.is_secret
"""
_OPEN = "SELECT name, value FROM patron_value WHERE NOT is_secret ORDER BY name"
_NAMES = "SELECT name, is_secret FROM patron_value ORDER BY name"
_ANY = "SELECT value FROM patron_value WHERE name = ?"
_SET = """
INSERT INTO patron_setting (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


def put_value(tx: Tx, name: str, value: object, *, is_secret: bool) -> None:
    """Set a value; workers see it from their next transaction on. Call inside the fence."""
    flag: object = is_secret if tx.dialect == "postgresql" else int(is_secret)
    tx.run(native(tx, _PUT), (name, to_json(value), flag))
    touch_head(tx)


def load_values(tx: Tx) -> dict[str, object]:
    """Give the values that expressions may read: all but secrets."""
    return {name: from_json(text) for name, text in tx.rows(_OPEN)}


def list_values(tx: Tx) -> dict[str, bool]:
    """Give the names that have a value, and whether it is a secret."""
    return {name: bool(flag) for name, flag in tx.rows(_NAMES)}


def read_value(tx: Tx, name: str) -> object:
    """Give one value, secrets too; None when it is not set. For the worker's own use."""
    row = tx.row(native(tx, _ANY), (name,))
    return None if row is None else from_json(row[0])


def put_setting(tx: Tx, name: str, value: object) -> None:
    """Set a setting of the environment, such as its policy."""
    tx.run(native(tx, _SET), (name, to_json(value)))


def load_settings(tx: Tx) -> Mapping[str, object]:
    """Give the settings of the environment."""
    rows = tx.rows("SELECT name, value FROM patron_setting ORDER BY name")
    return {name: from_json(text) for name, text in rows}
