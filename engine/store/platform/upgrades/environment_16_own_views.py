"""Step 16 of an environment: views of lists that users keep for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the table: whose, of which object, under which name, and what it asks for as JSON."""
    op.create_table(
        "patron_own_view",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("object", Text, nullable=False),
        sa.Column("label", Text, nullable=False),
        sa.Column("asks", Text, nullable=False),
        sa.Column("kept_at", Instant, nullable=False),
    )
    op.create_index(
        "ux_patron_own_view", "patron_own_view", ["user_id", "object", "label"], unique=True
    )
