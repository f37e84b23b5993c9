"""Step 2 of the control database: who is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the table; only hashes of the cookies' secrets are kept."""
    op.create_table(
        "patron_session",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("hash", Text, nullable=False, unique=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False, index=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.Column("address", Text, nullable=False),  # where the browser came from
        sa.Column("device", Text, nullable=False),  # what the browser calls itself
    )
