"""Who approved or validated a plan, by the plan's digest. Append-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx

APPROVED, VALIDATED = "approved", "validated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One approval or validation of one plan."""

    kind: str  # approved | validated
    actor: str
    at: datetime
    detail: str


def add_evidence(
    tx: Tx, digest: str, kind: str, *, actor: str, at: datetime, detail: str = ""
) -> None:
    """Note that somebody approved or validated a plan."""
    sql = "INSERT INTO patron_evidence (digest, kind, actor, at, detail) VALUES (?, ?, ?, ?, ?)"
    tx.run(native(tx, sql), (digest, kind, actor, milliseconds(at), detail))


def load_evidence(tx: Tx, digest: str) -> list[Evidence]:
    """Give what is known of a plan, oldest first."""
    sql = "SELECT kind, actor, at, detail FROM patron_evidence WHERE digest = ? ORDER BY id"
    return [
        Evidence(kind=kind, actor=actor, at=instant_of(at), detail=detail)
        for kind, actor, at, detail in tx.rows(native(tx, sql), (digest,))
    ]
