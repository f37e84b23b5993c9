"""Step 7 of an environment: runs of workflows, what they wait for, what each step did.

Two more tables say when workflows start by the clock: at a date of a record, and at regular times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from engine.store.platform.upgrades.step import Id, Instant, Text

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Make the tables."""
    _runs(op)
    _steps(op)
    _schedules(op)


def _runs(op: Operations) -> None:
    op.create_table(
        "patron_run",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("component", Text, nullable=False),  # workflow:hot_deal
        sa.Column("pointer", Text, nullable=False),  # /steps
        sa.Column("parts", Text, nullable=False),  # JSON: the revisions it runs by
        sa.Column("version", sa.BigInteger, nullable=False),  # of the configuration, at its start
        sa.Column("object", Text, nullable=False),
        sa.Column("record", sa.BigInteger, nullable=False),
        sa.Column("cause", Text, nullable=False),  # created | updated | at | every | button | …
        sa.Column("actor", sa.BigInteger, nullable=False),
        sa.Column("state", Text, nullable=False),  # waiting | done | failed | cancelled
        sa.Column("at", sa.BigInteger, nullable=False),  # the place in the program
        sa.Column("memory", Text, nullable=False),  # JSON: loops it is in, steps counted
        sa.Column("waits_for", Text, nullable=False),  # time | condition | approval:7 | ""
        sa.Column("due_at", Instant),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.Column("input", Text, nullable=False),  # JSON: the record as the run found it
        sa.Column("code", Text, nullable=False),
        sa.Column("error", Text, nullable=False),
    )
    op.create_index("ix_patron_run_record", "patron_run", ["record", "id"])
    op.create_index("ix_patron_run_component", "patron_run", ["component", "id"])
    op.create_index("ix_patron_run_state", "patron_run", ["state", "id"])
    is_waiting = sa.text("state = 'waiting'")
    for name, columns in {
        "ix_patron_run_due": ["due_at", "id"],
        "ix_patron_run_waits": ["waits_for", "record"],
    }.items():
        op.create_index(
            name, "patron_run", columns, postgresql_where=is_waiting, sqlite_where=is_waiting
        )


def _steps(op: Operations) -> None:
    op.create_table(
        "patron_run_step",
        sa.Column("run", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("step", Text, nullable=False),
        sa.Column("action", Text, nullable=False),
        sa.Column("object", Text, nullable=False),
        sa.Column("record", sa.BigInteger, nullable=False),
        sa.Column("state", Text, nullable=False),  # done | failed | undone
        sa.Column("moment", Instant, nullable=False),
        sa.Column("input", Text, nullable=False),  # JSON
        sa.Column("output", Text, nullable=False),  # JSON
        sa.Column("error", Text, nullable=False),
    )


def _schedules(op: Operations) -> None:
    op.create_table(
        "patron_moment",
        sa.Column("workflow", Text, primary_key=True),
        sa.Column("record", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("due_at", Instant, nullable=False),
        sa.Column("state", Text, nullable=False),  # waiting | done
    )
    is_waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_patron_moment_due",
        "patron_moment",
        ["due_at"],
        postgresql_where=is_waiting,
        sqlite_where=is_waiting,
    )
    op.create_table(
        "patron_schedule",
        sa.Column("workflow", Text, primary_key=True),
        sa.Column("digest", Text, nullable=False),  # the revision that it was planned for
        sa.Column("due_at", Instant, nullable=False),
        sa.Column("cursor", Text),  # where planning the dates of records goes on; NULL: all are
    )
