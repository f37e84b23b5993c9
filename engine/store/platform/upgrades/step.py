"""What an upgrade step is, and the few column types that steps share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.operations import Operations

# On SQLite only INTEGER PRIMARY KEY is the row's own place, on PostgreSQL it is 64 bits wide.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
# Milliseconds since 1970 UTC: the same number on both databases.
Instant = sa.BigInteger()
Flag = sa.Boolean().with_variant(sa.Integer(), "sqlite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One upgrade. Steps are numbered from 1 without gaps.

    `engine_min` is the lowest format an engine must know to work with the result: an additive step
    leaves it where it was, so that older processes go on during a rolling start.
    """

    number: int
    title: str
    engine_min: int
    apply: Callable[[Operations], None]


def is_postgresql(op: Operations) -> bool:
    """Tell which database a step runs on."""
    return op.get_bind().dialect.name == "postgresql"


def run_sql(op: Operations, text: str) -> None:
    """Run SQL as it stands: no parameters, so percent signs and colons mean themselves."""
    run_plain(op.get_bind(), text)


def run_plain(connection: sa.Connection, text: str) -> None:
    """Do the same on a connection; psycopg reads percent signs even where nothing is passed."""
    is_psycopg = connection.dialect.name == "postgresql"
    connection.exec_driver_sql(text.replace("%", "%%") if is_psycopg else text)
