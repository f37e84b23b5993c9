"""Step 2 of an environment: users, members, tokens, and the way in for writers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Flag, Id, Instant, Text, is_postgresql, run_sql

if TYPE_CHECKING:
    from alembic.operations import Operations

# The columns of engine.store.platform.enter, in its order.
_FOUND = """
TABLE (version bigint, token text, engine_min bigint, user_id bigint, email text, name text,
       role text, language text, time_zone text, permission_sets text, signature text, scopes text)
"""
# First the lock, then the head, in two statements: VOLATILE gives the second a snapshot of its own.
_LOCK = "PERFORM pg_advisory_xact_lock_shared(20577, 'patron_head'::regclass::oid::int);"
ENTER_WRITE = f"""
CREATE FUNCTION patron_enter_write(p_hash text, p_now bigint, p_user bigint)
RETURNS {_FOUND} LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    {_LOCK}
    RETURN QUERY
    SELECT h.version, h.token, h.engine_min, u.id, u.email, u.name, u.role, u.language,
           u.time_zone, m.permission_sets, m.signature, t.scopes
    FROM patron_head h
    LEFT JOIN patron_token t ON t.hash = p_hash AND t.revoked_at IS NULL
        AND (t.expires_at IS NULL OR t.expires_at > p_now)
    LEFT JOIN patron_member m ON m.user_id = coalesce(t.user_id, p_user) AND m.active
    LEFT JOIN patron_user u ON u.id = m.user_id AND u.active AND u.deleted_at IS NULL;
END $$
"""
ENTER_SYSTEM = f"""
CREATE FUNCTION patron_enter_system(p_email text)
RETURNS {_FOUND} LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    {_LOCK}
    RETURN QUERY
    SELECT h.version, h.token, h.engine_min, u.id, u.email, u.name, u.role, u.language,
           u.time_zone, NULL::text, NULL::text, NULL::text
    FROM patron_head h
    LEFT JOIN patron_user u ON u.email = p_email AND u.deleted_at IS NULL;
END $$
"""


def apply(op: Operations) -> None:
    """Make the tables and the system's own user, who can never sign in."""
    _user(op)
    _member(op)
    _token(op)
    if is_postgresql(op):
        run_sql(op, ENTER_WRITE)
        run_sql(op, ENTER_SYSTEM)


def business_columns(op: Operations) -> list[sa.Column[object]]:
    """Give the columns that every table of records has."""
    when = sa.DateTime(timezone=True) if is_postgresql(op) else sa.BigInteger()
    return [
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.BigInteger),
        sa.Column("created_at", when),
        sa.Column("created_by", sa.BigInteger),
        sa.Column("updated_at", when),
        sa.Column("updated_by", sa.BigInteger),
        sa.Column("record_type", Text),
        sa.Column("version", sa.BigInteger),
        sa.Column("deleted_at", sa.BigInteger),
        sa.Column("deleted_by", sa.BigInteger),
        sa.Column("deleted_with", sa.BigInteger),
    ]


def _user(op: Operations) -> None:
    op.create_table(
        "patron_user",
        *business_columns(op),
        sa.Column("name", Text),
        sa.Column("email", Text),
        sa.Column("role", Text),
        sa.Column("manager", sa.BigInteger),
        sa.Column("active", Flag),
        sa.Column("language", Text),
        sa.Column("time_zone", Text),
        sa.Column("delegate", sa.BigInteger),
    )
    live = sa.text("deleted_at IS NULL")
    op.create_index(
        "ux_patron_user_email_40bb6b59",
        "patron_user",
        ["email"],
        unique=True,
        postgresql_where=live,
        sqlite_where=live,
    )
    for column in ("owner", "manager", "delegate"):
        op.create_index(f"ix_patron_user_{column}", "patron_user", [column])
    if is_postgresql(op):
        now, no = "date_trunc('milliseconds', now())", "false"
    else:
        now, no = str(time.time_ns() // 1_000_000), "0"
    run_sql(
        op,
        "INSERT INTO patron_user (id, owner, created_at, created_by, updated_at, updated_by,"
        f" version, name, email, active) VALUES (1, 1, {now}, 1, {now}, 1, 1, 'System',"
        f" 'system@patron.invalid', {no})",
    )
    run_sql(op, "INSERT INTO patron_id_range (first, object) VALUES (0, 'user')")


def _member(op: Operations) -> None:
    op.create_table(
        "patron_member",
        sa.Column("user_id", Id, primary_key=True, autoincrement=False),
        sa.Column("person_id", sa.BigInteger, nullable=False, unique=True),
        sa.Column("permission_sets", Text, nullable=False),
        sa.Column("signature", Text, nullable=False),
        sa.Column("active", Flag, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
    )


def _token(op: Operations) -> None:
    op.create_table(
        "patron_token",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("hash", Text, nullable=False, unique=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("label", Text, nullable=False),
        sa.Column("scopes", Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("revoked_at", Instant),
    )
    op.create_index("ix_patron_token_user_id", "patron_token", ["user_id"])
