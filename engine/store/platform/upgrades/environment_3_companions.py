"""Step 3 of an environment: what accompanies records and deployments.

History, outbox, audit, answers kept for repeated requests, deployments, values, exchange rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.environment_2_people import business_columns
from engine.store.platform.upgrades.step import Flag, Id, Instant, Text, is_postgresql

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the tables."""
    _history(op)
    _outbox(op)
    _audit(op)
    _idempotency(op)
    _deployment(op)
    _values(op)
    _exchange_rate(op)


def _history(op: Operations) -> None:
    op.create_table(
        "patron_history",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("record", sa.BigInteger, nullable=False),
        sa.Column("object", Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("event", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.BigInteger, nullable=False),
        sa.Column("source", Text, nullable=False),
        sa.Column("changes", Text, nullable=False),
    )
    op.create_index("ix_patron_history_record", "patron_history", ["record", "version"])


def _outbox(op: Operations) -> None:
    op.create_table(
        "patron_outbox",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("kind", Text, nullable=False),
        sa.Column("payload", Text, nullable=False),
        sa.Column("key", Text, nullable=False, unique=True),
        sa.Column("state", Text, nullable=False),  # waiting | running | done | dead
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("due_at", Instant, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("error", Text, nullable=False),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_patron_outbox_due",
        "patron_outbox",
        ["due_at", "id"],
        postgresql_where=waiting,
        sqlite_where=waiting,
    )


def _audit(op: Operations) -> None:
    op.create_table(
        "patron_audit",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("action", Text, nullable=False),
        sa.Column("target", Text, nullable=False),
        sa.Column("detail", Text, nullable=False),
        sa.Column("seal", Text),  # hash of the chain up to here; set by the worker
    )


def _idempotency(op: Operations) -> None:
    op.create_table(
        "patron_idempotency",
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key", Text, primary_key=True),
        sa.Column("request", Text, nullable=False),  # digest of what was asked
        sa.Column("status", sa.BigInteger, nullable=False),
        sa.Column("answer", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_patron_idempotency_at", "patron_idempotency", ["at"])


def _deployment(op: Operations) -> None:
    op.create_table(
        "patron_deployment",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("digest", Text, nullable=False),
        sa.Column("base_version", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger),  # what it became
        sa.Column("state", Text, nullable=False),  # running | done | failed | aborted
        sa.Column("steps", Text, nullable=False),  # JSON list of the steps done
        sa.Column("plan", Text, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant),
        sa.Column("error", Text, nullable=False),
    )


def _values(op: Operations) -> None:
    op.create_table(
        "patron_value",
        sa.Column("name", Text, primary_key=True),
        sa.Column("value", Text, nullable=False),  # JSON
        sa.Column("is_secret", Flag, nullable=False),
    )
    op.create_table(
        "patron_setting",
        sa.Column("name", Text, primary_key=True),
        sa.Column("value", Text, nullable=False),  # JSON
    )


def _exchange_rate(op: Operations) -> None:
    is_pg = is_postgresql(op)
    op.create_table(
        "patron_exchange_rate",
        *business_columns(op),
        sa.Column("from", Text),
        sa.Column("date", sa.Date() if is_pg else sa.Text()),
        sa.Column("rate", sa.Numeric() if is_pg else sa.BigInteger()),
    )
    op.create_index("ix_patron_exchange_rate_owner", "patron_exchange_rate", ["owner"])
    op.create_index("ix_patron_exchange_rate_from", "patron_exchange_rate", ["from", "date"])
