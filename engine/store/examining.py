"""What is wrong with the tables of an environment, found by asking them: for `patron doctor`.

Separate from what repairs it. Columns that nobody knows, roll-ups that are not the sum of their
children, transactions that hold everybody up.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from engine.compiled import Snapshot
from engine.expr import EvalContext
from engine.names import FieldName, ObjectName
from engine.store.ddl.steps import PLATFORM_COLUMNS, quoted
from engine.store.platform.physical import (
    ABANDONED,
    PLATFORM_TABLES,
    Place,
    forget_place,
    load_places,
)
from engine.store.rolling import measure
from engine.store.statements import compile_statement
from engine.store.tables import table_of
from engine.store.text import native
from engine.store.tx import Tx

_COLUMNS = {
    "sqlite": "SELECT name FROM pragma_table_info(?)",
    "postgresql": "SELECT column_name FROM information_schema.columns"
    " WHERE table_schema = current_schema() AND table_name = ?",
}
_LONG = """
SELECT pid, extract(epoch FROM now() - xact_start)::bigint, coalesce(application_name, '')
FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
    AND xact_start < now() - interval '1 minute' ORDER BY xact_start
"""


def unknown_columns(tx: Tx) -> list[str]:
    """Name the columns of our tables that no field has or ever had: "deal.old"."""
    places = load_places(tx)
    own = {name for name, _ in PLATFORM_COLUMNS}
    tables = {p.table for p in places} - set(PLATFORM_TABLES.values())
    known = {(p.table, p.column) for p in places}
    found = []
    for table in sorted(tables):
        for (column,) in tx.rows(native(tx, _COLUMNS[tx.dialect]), (table,)):
            if column not in own and (table, column) not in known:
                found.append(f"{table}.{column}")
    return found


def abandoned_places(tx: Tx) -> list[Place]:
    """Give the columns that deployments left which were given up: nobody has ever seen them."""
    return [place for place in load_places(tx) if place.status == ABANDONED and place.column]


def drop_place(tx: Tx, place: Place) -> None:
    """Remove such a column."""
    tx.run(f"ALTER TABLE {quoted(place.table)} DROP COLUMN {quoted(place.column)}")
    forget_place(tx, place)


def drifted_roll_ups(
    tx: Tx, snapshot: Snapshot, context: EvalContext
) -> Iterator[tuple[ObjectName, FieldName, int]]:
    """Give the roll-ups that differ from their children, and in how many records.

    One statement for each roll-up, over every record of its object.
    """
    for name, compiled in snapshot.model.objects.items():
        if not compiled.roll_ups or name not in snapshot.physical:
            continue
        table = table_of(compiled, snapshot.physical[name], tx.dialect)
        for roll_up in compiled.roll_ups:
            constants: dict[str, object] = dict(context.sql_params())
            true = measure(snapshot, tx.dialect, compiled, table, roll_up, constants)
            clause = (
                sa.select(sa.func.count())
                .select_from(table)
                .where(table.c["deleted_at"].is_(None))
                .where(table.c[roll_up.name].is_distinct_from(true))
            )
            statement = compile_statement(clause, tx.dialect)
            ((count,),) = tx.rows(statement.text, statement.args(constants))
            if count:
                yield name, roll_up.name, int(count)


def long_transactions(tx: Tx) -> list[str]:
    """Name the transactions that do nothing and hold others up: PostgreSQL only."""
    if tx.dialect != "postgresql":
        return []
    return [
        f"a transaction has been idle for {seconds} s (process {pid}{f', {name}' if name else ''})"
        for pid, seconds, name in tx.rows(_LONG)
    ]
