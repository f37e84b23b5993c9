"""Step 6 of an environment: who approved or validated which plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the table; a plan is known by its digest, before anything is deployed."""
    op.create_table(
        "patron_evidence",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("digest", Text, nullable=False, index=True),
        sa.Column("kind", Text, nullable=False),  # approved | validated
        sa.Column("actor", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("detail", Text, nullable=False),
    )
