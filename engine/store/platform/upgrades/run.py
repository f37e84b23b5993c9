"""Runs upgrade steps: each in one transaction with the line that says it is done, under one lock.

A process that is killed in the middle leaves the step undone, and the next start does it again; two
processes that start at once do each step once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from engine.store.database import Database
from engine.store.failures import StoreFailed
from engine.store.platform.upgrades import (
    control_1_directory,
    control_2_sessions,
    control_3_people,
    environment_1_versions,
    environment_2_people,
    environment_3_companions,
    environment_4_audit_chain,
    environment_5_access,
    environment_6_evidence,
    environment_7_runs,
    environment_8_effects,
    environment_9_approvals,
    environment_10_clocks,
    environment_11_traces,
    environment_12_deploying,
    environment_13_telling,
    environment_14_helping,
    environment_15_baselines,
    environment_16_own_views,
    environment_17_shares,
    functions,
)
from engine.store.platform.upgrades.step import Step
from engine.store.steps import at_step
from engine.store.tx import Tx

ENVIRONMENT: Sequence[Step] = (
    Step(number=1, title="versions", engine_min=1, apply=environment_1_versions.apply),
    Step(number=2, title="people", engine_min=2, apply=environment_2_people.apply),
    Step(number=3, title="companions", engine_min=3, apply=environment_3_companions.apply),
    Step(number=4, title="audit chain", engine_min=3, apply=environment_4_audit_chain.apply),
    Step(number=5, title="access", engine_min=5, apply=environment_5_access.apply),
    Step(number=6, title="evidence", engine_min=5, apply=environment_6_evidence.apply),
    Step(number=7, title="runs", engine_min=5, apply=environment_7_runs.apply),
    Step(number=8, title="effects", engine_min=5, apply=environment_8_effects.apply),
    Step(number=9, title="approvals", engine_min=5, apply=environment_9_approvals.apply),
    Step(number=10, title="clocks", engine_min=5, apply=environment_10_clocks.apply),
    Step(number=11, title="traces", engine_min=5, apply=environment_11_traces.apply),
    Step(number=12, title="deploying", engine_min=5, apply=environment_12_deploying.apply),
    Step(number=13, title="telling", engine_min=5, apply=environment_13_telling.apply),
    Step(number=14, title="helping", engine_min=5, apply=environment_14_helping.apply),
    Step(number=15, title="baselines", engine_min=5, apply=environment_15_baselines.apply),
    Step(number=16, title="own views", engine_min=5, apply=environment_16_own_views.apply),
    Step(number=17, title="shares", engine_min=5, apply=environment_17_shares.apply),
)
CONTROL: Sequence[Step] = (
    Step(number=1, title="directory", engine_min=1, apply=control_1_directory.apply),
    Step(number=2, title="sessions", engine_min=1, apply=control_2_sessions.apply),
    Step(number=3, title="people", engine_min=1, apply=control_3_people.apply),
)

_EXISTS = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'patron_upgrade'",
    "postgresql": "SELECT 1 WHERE to_regclass('patron_upgrade') IS NOT NULL",
}
_DONE = "SELECT coalesce(max(number), 0), coalesce(max(engine_min), 0) FROM patron_upgrade"
_MAKE = (
    "CREATE TABLE IF NOT EXISTS patron_upgrade (number BIGINT PRIMARY KEY, title TEXT NOT NULL,"
    " engine_min BIGINT NOT NULL, at TEXT NOT NULL)"
)
_LOCK = "SELECT pg_advisory_xact_lock(20576, hashtext('{schema}'))"  # before there is a schema


@dataclass(eq=False)
class EngineTooOld(StoreFailed):
    """The database is in a format that this engine does not know."""

    code: str = "S110"
    status: int = 503
    hint: str = "update Patron on this machine, or stop this process"


def upgrade(database: Database, steps: Sequence[Step], *, to: int | None = None) -> list[int]:
    """Bring a database to format `to`, by default the newest; give the numbers of the steps done.

    Costs one or two statements when there is nothing to do.
    Raises: EngineTooOld S110, Busy S102, ConnectionLost S103.
    """
    last = len(steps) if to is None else to
    if database.path is not None:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    has_functions = steps is ENVIRONMENT and last == len(steps)
    with database.read() as tx:
        done = check_format(tx, steps)
        if done >= last and (not has_functions or functions.are_current(tx)):
            return []
    engine = database.connect()
    try:
        with engine.connect() as connection:
            made = [s.number for s in steps[done:last] if _run(connection, database, s)]
            if has_functions:
                _refresh(connection, database)
            return made
    finally:
        engine.dispose()


def check_format(tx: Tx, steps: Sequence[Step]) -> int:
    """Give the number of the last step done; 0 for an empty database.

    Raises: EngineTooOld S110.
    """
    if tx.row(_EXISTS[tx.dialect]) is None:
        return 0
    ((done, engine_min),) = tx.rows(_DONE)
    ensure_known(engine_min, len(steps))
    return int(done)


def ensure_known(engine_min: int, known: int) -> None:
    """Refuse a database that asks for a newer engine. Raises: EngineTooOld S110."""
    if engine_min > known:
        raise EngineTooOld(
            f"A newer Patron has changed this database: it needs format {engine_min}, and this "
            f"process knows formats up to {known}."
        )


def _run(connection: sa.Connection, database: Database, step: Step) -> bool:
    """Do one step, unless another process was faster."""
    # Alembic takes a quarter of a second to import, and most starts have nothing to upgrade.
    from alembic.operations import Operations  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415

    with connection.begin():
        _lock(connection, database)
        connection.exec_driver_sql(_MAKE)
        done = connection.exec_driver_sql(_DONE).one()[0]
        if done >= step.number:
            return False
        at_step(f"upgrade.{step.number}.tables")
        step.apply(Operations(MigrationContext.configure(connection)))
        at_step(f"upgrade.{step.number}.note")
        connection.execute(_NOTE, _noted(step))
        if sa.inspect(connection).has_table("patron_head"):  # asked at every entrance
            connection.exec_driver_sql(f"UPDATE patron_head SET engine_min = {step.engine_min}")
        at_step(f"upgrade.{step.number}.commit")
    at_step(f"upgrade.{step.number}.done")
    return True


def _refresh(connection: sa.Connection, database: Database) -> None:
    """Bring the helper functions of expressions to this engine's."""
    with connection.begin():
        _lock(connection, database)
        functions.write_functions(connection, database)


def _lock(connection: sa.Connection, database: Database) -> None:
    """Let one process at a time upgrade; SQLite's write transaction is that already."""
    if database.dialect == "postgresql":
        connection.exec_driver_sql(_LOCK.format(schema=database.schema or "public"))
        if database.schema:
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {database.schema}")


_NOTE = sa.text("INSERT INTO patron_upgrade VALUES (:number, :title, :engine_min, :at)")


def _noted(step: Step) -> dict[str, object]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "number": step.number,
        "title": step.title,
        "engine_min": step.engine_min,
        "at": now,
    }
