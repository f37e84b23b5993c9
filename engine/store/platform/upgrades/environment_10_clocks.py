"""Step 10 of an environment: deadlines that run, and whose turn it is to get a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the tables."""
    op.create_table(
        "patron_turn",
        sa.Column("circle", Text, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("moment", Instant, nullable=False),
    )
    _clock(op)


def _clock(op: Operations) -> None:
    """Make the table of clocks: at most one that is not over for each deadline and record."""
    op.create_table(
        "patron_clock",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("sla", Text, nullable=False),
        sa.Column("object", Text, nullable=False),
        sa.Column("record", sa.BigInteger, nullable=False),
        sa.Column("parts", Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.BigInteger, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("resumed_at", Instant),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.Column("due_at", Instant),
        sa.Column("breached_at", Instant),
        sa.Column("ended_at", Instant),
        sa.Column("run", sa.BigInteger),
    )
    open_ones = sa.text("ended_at IS NULL")
    op.create_index(
        "ux_patron_clock_open",
        "patron_clock",
        ["record", "sla"],
        unique=True,
        postgresql_where=open_ones,
        sqlite_where=open_ones,
    )
    op.create_index("ix_patron_clock_record", "patron_clock", ["record", "id"])
    due = sa.text("ended_at IS NULL AND breached_at IS NULL AND due_at IS NOT NULL")
    op.create_index(
        "ix_patron_clock_due",
        "patron_clock",
        ["due_at"],
        postgresql_where=due,
        sqlite_where=due,
    )
