"""Deliveries of other systems that were taken in: one that comes again is the same."""

from __future__ import annotations

from datetime import datetime

from engine.store.instants import milliseconds
from engine.store.text import native
from engine.store.tx import Tx

_FIND = "SELECT record FROM patron_delivery WHERE endpoint = ? AND delivery = ?"
_KEEP = "INSERT INTO patron_delivery (endpoint, delivery, record, at) VALUES (?, ?, ?, ?)"
_COUNT = "SELECT count(*) FROM patron_delivery WHERE endpoint = ? AND at > ?"
_FORGET = "DELETE FROM patron_delivery WHERE at < ?"


def find_delivery(tx: Tx, endpoint: str, delivery: str) -> int | None:
    """Give the record that a delivery made; None when it has not been here."""
    row = tx.row(native(tx, _FIND), (endpoint, delivery))
    return None if row is None else int(row[0] or 0)


def keep_delivery(tx: Tx, endpoint: str, delivery: str, record: int, *, at: datetime) -> None:
    """Note a delivery in the transaction of its record.

    Raises: UniqueViolated S101 when the same one was taken in at the same time.
    """
    tx.run(native(tx, _KEEP), (endpoint, delivery, record, milliseconds(at)))


def count_deliveries(tx: Tx, endpoint: str, *, since: datetime) -> int:
    """Count what an endpoint took in since an instant."""
    found = tx.row(native(tx, _COUNT), (endpoint, milliseconds(since)))
    return 0 if found is None else int(found[0])


def forget_deliveries(tx: Tx, *, before: datetime) -> int:
    """Forget deliveries from before an instant. Gives how many."""
    return tx.run(native(tx, _FORGET), (milliseconds(before),))
