"""Step 4 of an environment: the place of an audit line in the chain.

Lines are sealed in the order in which the worker finds them, not of their ids: one with a smaller
id may be committed later, by a transaction that was open longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Add the column; an older process goes on without it."""
    op.add_column("patron_audit", sa.Column("place", sa.BigInteger))
    op.create_index("ux_patron_audit_place", "patron_audit", ["place"], unique=True)
    op.create_index("ix_patron_audit_at", "patron_audit", ["at"])
