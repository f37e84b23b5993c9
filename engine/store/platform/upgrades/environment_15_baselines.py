"""Step 15 of an environment: where the own work of a refreshed sandbox begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the table of baselines that were never a version of the sandbox itself."""
    op.create_table(
        "patron_baseline",
        sa.Column("tree", Text, primary_key=True),  # digest of the parent's tree
        sa.Column("told", Text, nullable=False),  # "production@41"
        sa.Column("version", sa.BigInteger, nullable=False),  # of the sandbox, that it came with
        sa.Column("work", Text, nullable=False),  # JSON: component -> [digest in tree, in version]
    )
