"""Step 17 of an environment: shares of somebody are gathered from an index alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.operations import Operations

NAME = "ix_patron_share_principal"


def apply(op: Operations) -> None:
    """Give the index of whom records are shared with what a list asks of a share besides."""
    op.drop_index(NAME, "patron_share")
    op.create_index(NAME, "patron_share", ["principal", "object", "record", "until", "access"])
