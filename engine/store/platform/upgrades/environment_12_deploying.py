"""Step 12 of an environment: deployments in phases, plans that are kept, and change sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the tables."""
    _make_plans(op)
    _make_change_sets(op)


def _make_plans(op: Operations) -> None:
    """Make the table of plans that were asked for over REST, until somebody carries them out."""
    op.create_table(
        "patron_plan",
        sa.Column("digest", Text, primary_key=True),
        sa.Column("document", Text, nullable=False),  # everything that the seal covers
        sa.Column("source", Text, nullable=False),  # deploy | rollback
        sa.Column("git_revision", Text, nullable=False),  # of the files it was made from, or ""
        sa.Column("person", sa.BigInteger(), nullable=False),  # who planned it
        sa.Column("author", Text, nullable=False),
        sa.Column("at", Instant, nullable=False, index=True),
    )


def _make_change_sets(op: Operations) -> None:
    """Make the table of change sets: components with a name, a reason and the choices made."""
    op.create_table(
        "patron_change_set",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("name", Text, nullable=False, unique=True),
        sa.Column("reason", Text, nullable=False),
        sa.Column("components", Text, nullable=False),  # JSON: patterns, in order
        sa.Column("treatments", Text, nullable=False),  # JSON: component -> treatment
        sa.Column("choices", Text, nullable=False),  # JSON: component and property -> side
        sa.Column("actor", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
