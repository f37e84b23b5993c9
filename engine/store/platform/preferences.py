"""What users choose for themselves on their user record: language and time zone."""

from __future__ import annotations

from datetime import datetime

from engine.model.fields.base import Storage, StorageKind
from engine.store.columns import codec
from engine.store.text import native
from engine.store.tx import Tx

_SET = """
UPDATE patron_user
SET language = ?, time_zone = ?, updated_at = ?, updated_by = ?, version = version + 1
WHERE id = ?
"""


def set_preferences(
    tx: Tx, user: int, *, language: str | None, time_zone: str | None, at: datetime
) -> None:
    """Write both; None leaves the choice to the browser and the project."""
    encode = codec(Storage(StorageKind.DATETIME), tx.dialect).encode
    stamp = encode(at) if encode else at
    tx.run(native(tx, _SET), (language, time_zone, stamp, user, user))
