"""Step 11 of an environment: why automation did what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Let the history name what caused a change, and make the table of traces."""
    op.add_column("patron_history", sa.Column("causes", Text))
    op.create_table(
        "patron_trace",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("moment", Instant, nullable=False),
        sa.Column("actor", sa.BigInteger, nullable=False),
        sa.Column("object", Text, nullable=False),
        sa.Column("record", sa.BigInteger),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("outcome", Text, nullable=False),
        sa.Column("request", Text, nullable=False),
        sa.Column("entries", Text, nullable=False),
    )
    op.create_index("ix_patron_trace_record", "patron_trace", ["record", "id"])
    op.create_index("ix_patron_trace_request", "patron_trace", ["request"])
    op.create_index("ix_patron_trace_moment", "patron_trace", ["moment"])
