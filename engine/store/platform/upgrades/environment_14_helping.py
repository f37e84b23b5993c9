"""Step 14 of an environment: who worked as somebody else when a request or a run began."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Let requests for approval and runs name the user who worked as the one in whose name."""
    for table in ("patron_approval_request", "patron_run"):
        op.add_column(table, sa.Column("helper", sa.BigInteger))
