"""Step 13 of an environment: what deployments tell: their project, counts, and how long it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make room in the rows of deployments; those from before know none of it."""
    for name in (
        "project",  # whose files were delivered; "" is another source, or nobody noted it
        "counted_before",  # JSON: records concerned, just before the switch
        "counted_after",  # the same once everything was done; "" until then
        "timings",  # JSON: sort of step -> rows and milliseconds
    ):
        column = sa.Column(name, Text, nullable=False, server_default=sa.text("''"))
        op.add_column("patron_deployment", column)
