"""Step 1 of the control database: people, and the directory of environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Flag, Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the tables."""
    op.create_table(
        "patron_person",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("email", Text, nullable=False),
        sa.Column("email_key", Text, nullable=False, unique=True),  # in small letters
        sa.Column("name", Text, nullable=False),
        sa.Column("password_hash", Text, nullable=False),  # empty: cannot sign in with one
        sa.Column("active", Flag, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_table(
        "patron_environment",
        sa.Column("name", Text, primary_key=True),
        sa.Column("kind", Text, nullable=False),  # production | sandbox | scratch
        sa.Column("url", Text, nullable=False),
        sa.Column("schema", Text),
        sa.Column("parent", Text),
        sa.Column("baseline", Text),  # digest of the parent's tree it was made from
        sa.Column("created_at", Instant, nullable=False),
    )
