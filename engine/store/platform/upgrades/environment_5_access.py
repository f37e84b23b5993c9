"""Step 5 of an environment: who sees whose records: the tree of roles, queues, shares by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.derived import derive_access
from engine.store.platform.upgrades.environment_2_people import business_columns
from engine.store.platform.upgrades.step import Id, Instant, Text, is_postgresql, run_sql
from engine.store.tx import Tx

if TYPE_CHECKING:
    from alembic.operations import Operations

# The columns of engine.store.platform.enter, in its order. Functions of their own beside those of
# step 2, which processes of the version before go on calling during a rolling start.
_FOUND = """
TABLE (version bigint, token text, engine_min bigint, user_id bigint, email text, name text,
       role text, language text, time_zone text, manager bigint, delegate bigint,
       permission_sets text, signature text, scopes text)
"""
_LOCK = "PERFORM pg_advisory_xact_lock_shared(20577, 'patron_head'::regclass::oid::int);"
_USER = "u.id, u.email, u.name, u.role, u.language, u.time_zone, u.manager, u.delegate"
ENTER_MEMBER = f"""
CREATE FUNCTION patron_enter_member(p_hash text, p_now bigint, p_user bigint)
RETURNS {_FOUND} LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    {_LOCK}
    RETURN QUERY
    SELECT h.version, h.token, h.engine_min, {_USER}, m.permission_sets, m.signature, t.scopes
    FROM patron_head h
    LEFT JOIN patron_token t ON t.hash = p_hash AND t.revoked_at IS NULL
        AND (t.expires_at IS NULL OR t.expires_at > p_now)
    LEFT JOIN patron_member m ON m.user_id = coalesce(t.user_id, p_user) AND m.active
    LEFT JOIN patron_user u ON u.id = m.user_id AND u.active AND u.deleted_at IS NULL;
END $$
"""
ENTER_LOCAL = f"""
CREATE FUNCTION patron_enter_local(p_email text)
RETURNS {_FOUND} LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    {_LOCK}
    RETURN QUERY
    SELECT h.version, h.token, h.engine_min, {_USER}, NULL::text, NULL::text, NULL::text
    FROM patron_head h
    LEFT JOIN patron_user u ON u.email = p_email AND u.deleted_at IS NULL;
END $$
"""


def apply(op: Operations) -> None:
    """Make the tables and fill them from the configuration that is there."""
    _roles(op)
    _queues(op)
    _shares(op)
    if is_postgresql(op):
        run_sql(op, ENTER_MEMBER)
        run_sql(op, ENTER_LOCAL)
    connection = op.get_bind()
    driver = connection.connection.dbapi_connection
    tx = Tx(connection.dialect.name, driver, is_write=True)
    derive_access(tx, at=datetime.now(UTC))


def _roles(op: Operations) -> None:
    op.create_table(
        "patron_role_tree",  # every role with itself and each role below it
        sa.Column("above", Text, primary_key=True),
        sa.Column("below", Text, primary_key=True),
        sa.Column("depth", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_patron_role_tree_below", "patron_role_tree", ["below"])
    op.create_index("ix_patron_user_role", "patron_user", ["role", "id"])


def _queues(op: Operations) -> None:
    op.create_table(
        "patron_queue",
        *business_columns(op),
        sa.Column("name", Text),
        sa.Column("api_name", Text),
    )
    live = sa.text("deleted_at IS NULL")
    op.create_index(
        "ux_patron_queue_api_name",
        "patron_queue",
        ["api_name"],
        unique=True,
        postgresql_where=live,
        sqlite_where=live,
    )


def _shares(op: Operations) -> None:
    op.create_table(
        "patron_share",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        sa.Column("record", sa.BigInteger, nullable=False),
        sa.Column("object", Text, nullable=False),
        sa.Column("principal", Text, nullable=False),  # user:12 role:emea team:desk …
        sa.Column("access", Text, nullable=False),  # read | edit
        sa.Column("until", Instant),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by", sa.BigInteger, nullable=False),
    )
    op.create_index("ux_patron_share_record", "patron_share", ["record", "principal"], unique=True)
    op.create_index("ix_patron_share_principal", "patron_share", ["principal", "object", "record"])
