"""Step 8 of an environment: notifications, lanes of the outbox, deliveries that came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the tables."""
    _outbox(op)
    _notification(op)
    _delivery(op)


def _outbox(op: Operations) -> None:
    """Give effects a lane: what goes to one target waits in one line, and holds up no other.

    States are now waiting | running | done | dead | captured | discarded.
    """
    op.add_column("patron_outbox", sa.Column("lane", Text, nullable=False, server_default=""))
    op.add_column("patron_outbox", sa.Column("finished_at", Instant))
    op.create_index("ix_patron_outbox_state", "patron_outbox", ["state", "id"])


def _notification(op: Operations) -> None:
    op.create_table(
        "patron_notification",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("object", Text),
        sa.Column("record", sa.BigInteger),
        sa.Column("text", Text, nullable=False),
        sa.Column("key", Text, nullable=False, unique=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("read_at", Instant),
    )
    op.create_index("ix_patron_notification_user", "patron_notification", ["user_id", "id"])
    unread = sa.text("read_at IS NULL")
    op.create_index(
        "ix_patron_notification_unread",
        "patron_notification",
        ["user_id"],
        postgresql_where=unread,
        sqlite_where=unread,
    )


def _delivery(op: Operations) -> None:
    op.create_table(
        "patron_delivery",  # what came in: the same delivery twice is one
        sa.Column("endpoint", Text, primary_key=True),
        sa.Column("delivery", Text, primary_key=True),
        sa.Column("record", sa.BigInteger),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_patron_delivery_at", "patron_delivery", ["at"])
