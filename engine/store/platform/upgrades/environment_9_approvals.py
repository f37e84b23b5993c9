"""Step 9 of an environment: requests for approval, who is asked, what they answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the tables."""
    _requests(op)
    _asked(op)
    _links(op)
    op.create_table(
        "patron_absence",  # whoever is away, and since and until when; see `user.delegate`
        sa.Column("user_id", Id, primary_key=True, autoincrement=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("until", Instant),
    )


def _requests(op: Operations) -> None:
    op.create_table(
        "patron_approval_request",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("record", sa.BigInteger, nullable=False),
        sa.Column("object", Text, nullable=False),
        sa.Column("approval", Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),  # the version it goes by
        sa.Column("digest", Text, nullable=False),  # of the approval in that version
        sa.Column("status", Text, nullable=False),  # pending | approved | rejected | recalled
        sa.Column("step", Text, nullable=False),
        sa.Column("round", sa.BigInteger, nullable=False),  # counts the steps that were entered
        sa.Column("locks", sa.BigInteger, nullable=False),  # 1: nobody changes the record
        sa.Column("record_version", sa.BigInteger, nullable=False),
        sa.Column("submitted_by", sa.BigInteger, nullable=False),
        sa.Column("submitted_at", Instant, nullable=False),
        sa.Column("comment", Text, nullable=False),
        sa.Column("ended_by", sa.BigInteger),
        sa.Column("ended_at", Instant),
        sa.Column("ended_comment", Text, nullable=False),
        sa.Column("due_at", Instant),  # when those who are asked are told, or reminded
        sa.Column("reminders", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    _find_requests(op)


def _find_requests(op: Operations) -> None:
    pending = sa.text("status = 'pending'")
    op.create_index(
        "ux_patron_approval_request_pending",
        "patron_approval_request",
        ["record", "approval"],
        unique=True,
        postgresql_where=pending,
        sqlite_where=pending,
    )
    op.create_index(
        "ix_patron_approval_request_due",
        "patron_approval_request",
        ["due_at"],
        postgresql_where=pending,
        sqlite_where=pending,
    )
    op.create_index("ix_patron_approval_request_record", "patron_approval_request", ["record"])
    columns = ["submitted_by", "id"]
    op.create_index("ix_patron_approval_request_submitter", "patron_approval_request", columns)


def _asked(op: Operations) -> None:
    op.create_table(
        "patron_approval_asked",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("request", sa.BigInteger, nullable=False),
        sa.Column("round", sa.BigInteger, nullable=False),
        sa.Column("step", Text, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("why", Text, nullable=False),  # approver | nobody | escalated
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("told_at", Instant),
        sa.Column("answer", Text),  # approved | rejected
        sa.Column("actor", sa.BigInteger),  # who answered: the person asked, or their delegate
        sa.Column("comment", Text, nullable=False),
        sa.Column("answered_at", Instant),
    )
    op.create_index(
        "ux_patron_approval_asked_once",
        "patron_approval_asked",
        ["request", "round", "user_id"],
        unique=True,
    )
    unanswered = sa.text("answer IS NULL")
    op.create_index(
        "ix_patron_approval_asked_user",
        "patron_approval_asked",
        ["user_id"],
        postgresql_where=unanswered,
        sqlite_where=unanswered,
    )


def _links(op: Operations) -> None:
    op.create_table(
        "patron_approval_link",  # of mails: only hashes, each for one person and one question
        sa.Column("hash", Text, primary_key=True),
        sa.Column("request", sa.BigInteger, nullable=False),
        sa.Column("round", sa.BigInteger, nullable=False),
        sa.Column("person", sa.BigInteger, nullable=False),  # who is asked
        sa.Column("user_id", sa.BigInteger, nullable=False),  # who answers: them, or their delegate
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
    op.create_index("ix_patron_approval_link_request", "patron_approval_link", ["request"])
