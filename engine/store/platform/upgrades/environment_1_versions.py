"""Step 1 of an environment: head, revisions, tree, versions, journal, physical map, numbers."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.folding import letters
from engine.store.platform.upgrades.step import Id, Instant, Text, is_postgresql, run_sql

if TYPE_CHECKING:
    from alembic.operations import Operations

# Most texts are ASCII: that part is an expression, which PostgreSQL writes into the query itself.
# RETURN, not a quoted body: bound at once, so a restore or REINDEX needs no search path.
FOLD = """
CREATE FUNCTION patron_fold(text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN octet_length($1) = length($1) THEN lower($1 COLLATE "C")
ELSE patron_fold_other($1) END
"""
# Looking every letter up in a table of a thousand is slow: only what is not Latin pays for it.
FOLD_OTHER = """
CREATE FUNCTION patron_fold_other(given text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    bare text := lower(regexp_replace(
        normalize(given, NFKD), '[' || chr(768) || '-' || chr(879) || ']', '', 'g') COLLATE "C");
BEGIN
    IF octet_length(bare) = length(bare) THEN
        RETURN bare;
    END IF;
    RETURN translate(bare, '{big}', '{small}');
END $$
"""


def apply(op: Operations) -> None:
    """Make the tables; the head starts at version 0 with an empty tree."""
    _head(op)
    _contents(op)
    _journal(op)
    _records(op)
    if is_postgresql(op):
        big, small = letters()
        run_sql(op, FOLD_OTHER.format(big=big, small=small))
        run_sql(op, FOLD)
        run_sql(op, "CREATE SEQUENCE patron_id_block")


def _head(op: Operations) -> None:
    head = op.create_table(
        "patron_head",
        sa.Column("id", Id, sa.CheckConstraint("id = 1"), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("token", Text, nullable=False),
        sa.Column("engine_min", sa.BigInteger, nullable=False),
        sa.Column("tree", Text, nullable=False),
    )
    empty = hashlib.sha256(b"").hexdigest()
    row = {"id": 1, "version": 0, "token": secrets.token_hex(16), "engine_min": 1, "tree": empty}
    op.bulk_insert(head, [row])


def _contents(op: Operations) -> None:
    # By component and digest: two fields may be equal and still carry comments of their own.
    op.create_table(
        "patron_revision",
        sa.Column("component", Text, primary_key=True),
        sa.Column("digest", Text, primary_key=True),
        sa.Column("data", Text, nullable=False),
        sa.Column("source", Text),
    )
    op.create_table(
        "patron_component",
        sa.Column("component", Text, primary_key=True),
        sa.Column("digest", Text, nullable=False),
    )


def _journal(op: Operations) -> None:
    op.create_table(
        "patron_version",
        sa.Column("number", Id, primary_key=True, autoincrement=False),
        sa.Column("parent", sa.BigInteger, nullable=False),
        sa.Column("tree", Text, nullable=False),
        sa.Column("token", Text, nullable=False),
        sa.Column("source", Text, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("reason", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("git_revision", Text),
        sa.Column("deployment", sa.BigInteger),
    )
    op.create_table(
        "patron_change",
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("component", Text, primary_key=True),
        sa.Column("before", Text),
        sa.Column("after", Text),
    )
    op.create_index("ix_patron_change_component", "patron_change", ["component", "version"])


def _records(op: Operations) -> None:
    op.create_table(
        "patron_physical",
        sa.Column("table_name", Text, primary_key=True),
        sa.Column("column_name", Text, primary_key=True),  # empty: the table itself
        sa.Column("object", Text, nullable=False),
        sa.Column("field", Text, nullable=False),  # empty: the object itself
        sa.Column("storage", Text, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("born", sa.BigInteger, nullable=False),
        sa.Column("retired", sa.BigInteger),
    )
    op.create_table(
        "patron_id_range",
        sa.Column("first", Id, primary_key=True, autoincrement=False),
        sa.Column("object", Text, nullable=False),
    )
    op.create_table(
        "patron_counter",
        sa.Column("name", Text, primary_key=True),
        sa.Column("next", sa.BigInteger, nullable=False),
    )
