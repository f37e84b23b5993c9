"""Where each chain of the audit ended when it was sealed last. In the control database."""

from __future__ import annotations

from engine.store.platform.sealing import End
from engine.store.text import native
from engine.store.tx import Tx

INSTALLATION = ""  # the name under which the control database's own chain stands

_FIND = "SELECT place, seal FROM patron_audit_end WHERE environment = ?"
_PUT = """
INSERT INTO patron_audit_end (environment, place, seal) VALUES (?, ?, ?)
ON CONFLICT (environment) DO UPDATE SET place = excluded.place, seal = excluded.seal
WHERE patron_audit_end.place < excluded.place
"""
_REMOVE = "DELETE FROM patron_audit_end WHERE environment = ?"


def find_end(tx: Tx, environment: str) -> End:
    """Give the end of an environment's chain; place 0 when nothing was sealed yet."""
    row = tx.row(native(tx, _FIND), (environment,))
    return End() if row is None else End(place=int(row[0]), seal=str(row[1]))


def put_end(tx: Tx, environment: str, end: End) -> None:
    """Note a new end. An older one never takes the place of a newer one."""
    tx.run(native(tx, _PUT), (environment, end.place, end.seal))


def remove_end(tx: Tx, environment: str) -> None:
    """Forget the chain of an environment that is deleted or made anew."""
    tx.run(native(tx, _REMOVE), (environment,))
