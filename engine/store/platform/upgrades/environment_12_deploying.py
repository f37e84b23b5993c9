"""Step 12 of an environment: deployments in phases, generations, kept plans, change sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the tables, and room for what deployments in phases keep."""
    _make_room(op)
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


def _make_room(op: Operations) -> None:
    """Keep who ordered a deployment, how far it is, and what a column mirrors."""
    nothing = sa.text("'{}'")
    op.add_column(
        "patron_deployment", sa.Column("ordered", Text, nullable=False, server_default=nothing)
    )
    op.add_column(
        "patron_deployment", sa.Column("progress", Text, nullable=False, server_default=nothing)
    )
    # The field of another type whose values the column holds too; "" holds its own.
    op.add_column(
        "patron_physical", sa.Column("mirror", Text, nullable=False, server_default=sa.text("''"))
    )
    op.create_table(
        "patron_unindexed",  # unique, kept by the engine until the index is built
        sa.Column("name", Text, primary_key=True),
        sa.Column("table_name", Text, nullable=False),
        sa.Column("object", Text, nullable=False),
        sa.Column("fields", Text, nullable=False),
    )
