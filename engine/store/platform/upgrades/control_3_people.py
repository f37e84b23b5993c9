"""Step 3 of the control database: what signing in remembers, and the installation's own audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Flag, Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Add the tables and columns; an older process goes on without them."""
    _person(op)
    _session(op)
    _signing_in(op)
    audit_tables(op)
    op.create_table(
        "patron_token_use",  # tokens live in their environments; what is lost here is no loss
        sa.Column("hash", Text, primary_key=True),
        sa.Column("at", Instant, nullable=False),
    )


def audit_tables(op: Operations) -> None:
    """Make the audit, and the ends of all chains: what was sealed last, by environment."""
    op.create_table(
        "patron_audit",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("action", Text, nullable=False),
        sa.Column("target", Text, nullable=False),
        sa.Column("detail", Text, nullable=False),
        sa.Column("place", sa.BigInteger),  # in the chain, from 1 on; set by the worker
        sa.Column("seal", Text),
    )
    op.create_index("ux_patron_audit_place", "patron_audit", ["place"], unique=True)
    op.create_table(
        "patron_audit_end",
        sa.Column("environment", Text, primary_key=True),  # "": the installation's own
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("seal", Text, nullable=False),
    )


def _person(op: Operations) -> None:
    for column in (
        sa.Column("service", Flag),  # works by tokens, never signs in
        sa.Column("totp_secret", Text),  # encrypted; a first code confirms it
        sa.Column("totp_at", Instant),  # when it was confirmed
        sa.Column("totp_step", sa.BigInteger),  # of the last code taken: none is taken twice
    ):
        op.add_column("patron_person", column)


def _session(op: Operations) -> None:
    for column in (
        sa.Column("is_pending", Flag),  # the second factor is still missing
        sa.Column("has_second_factor", Flag),
        sa.Column("environment", Text),  # of working as somebody else
        sa.Column("acting_as", sa.BigInteger),  # that person
    ):
        op.add_column("patron_session", column)


def _signing_in(op: Operations) -> None:
    op.create_table(
        "patron_attempt",
        sa.Column("key", Text, primary_key=True),  # hash of an e-mail or an address
        sa.Column("failures", sa.BigInteger, nullable=False),
        sa.Column("last_at", Instant, nullable=False),
        sa.Column("until", Instant, nullable=False),  # nothing is tried before
    )
    op.create_table(
        "patron_link",
        sa.Column("hash", Text, primary_key=True),
        sa.Column("person_id", sa.BigInteger, nullable=False, index=True),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
    op.create_table(
        "patron_recovery_code",
        sa.Column("hash", Text, primary_key=True),
        sa.Column("person_id", sa.BigInteger, nullable=False, index=True),
        sa.Column("used_at", Instant),
    )
    op.create_table(
        "patron_identity",
        sa.Column("issuer", Text, primary_key=True),
        sa.Column("subject", Text, primary_key=True),
        sa.Column("person_id", sa.BigInteger, nullable=False, index=True),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_table(
        "patron_flow",  # sign-ins that are on their way to another server and back
        sa.Column("hash", Text, primary_key=True),
        sa.Column("data", Text, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
    )
