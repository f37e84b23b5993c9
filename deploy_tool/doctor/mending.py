"""`patron doctor` finds and mends: locks, deployments, indexes, columns, roll-ups.

Separate from `examining`, which compares with the model alone and serves `patron drift` too. Every
finding says what helps; what is mended loses no value that anybody has ever seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from deploy_tool.deploying.following import follow_up, missing_indexes, unindexed_lines
from deploy_tool.sources.trees import read_running
from engine.clock import Clock, zone_of
from engine.compile import compile_model
from engine.compiled import Snapshot
from engine.errors import PatronError
from engine.expr import EvalContext
from engine.saving.refill import refill_some
from engine.snapshots import Environment
from engine.store.database import Database
from engine.store.ddl.online import build_index, in_short, settle_indexes
from engine.store.examining import (
    abandoned_places,
    drifted_roll_ups,
    drop_place,
    long_transactions,
    unknown_columns,
)
from engine.store.platform.deployments import RUNNING, find_unfinished
from engine.store.platform.owning import is_owned, owning
from engine.store.platform.physical import load_physical
from engine.store.platform.values import load_values
from engine.store.tx import Tx

_PATIENCE = 30.0


def troubles(environment: Environment, clock: Clock) -> Iterator[str]:
    """Name what is wrong with an environment beside its model, each with what helps."""
    database = environment.database
    yield from _deployments(environment)
    with database.read() as tx:
        for line in long_transactions(tx):
            yield f"{line}: end that process if nobody needs it"
        yield from unindexed_lines(tx)
        for place in abandoned_places(tx):
            yield f"column {place.table}.{place.column} was left by a deployment that was given up"
        for column in unknown_columns(tx):
            yield f"column {column} belongs to no field, now or formerly: nobody reads it"
        snapshot = _snapshot(tx, environment)
        if snapshot is None:
            return
        context = _context(snapshot, clock.now())
        for owner, field, count in drifted_roll_ups(tx, snapshot, context):
            yield f"roll-up {owner}.{field} is not what its records say in {count:,} records"


def mend(environment: Environment, clock: Clock) -> Iterator[str]:
    """Mend what can be mended, and say what was; the examination tells what could not."""
    database = environment.database
    yield from _followed(environment, clock)
    if database.path is None:
        yield from _indexed(database)
    if not is_owned(database):
        yield from _cleared(database)
    yield from _rolled_up(environment, clock)


def _deployments(environment: Environment) -> Iterator[str]:
    """Name the deployments that are not done, and whether somebody is at it."""
    database, name = environment.database, environment.name
    with database.read() as tx:
        unfinished = find_unfinished(tx)
    is_alive = bool(unfinished) and is_owned(database)
    for one in unfinished:
        if is_alive:
            yield f"deployment {one.id} is running, and its process is alive"
        elif one.state == RUNNING:
            yield (
                f"deployment {one.id} is unfinished, before its switch: patron resume {name} goes "
                f"on with it, patron abort {name} gives it up"
            )
        else:
            yield f"deployment {one.id} is unfinished, after its switch: patron resume {name}"


def _cleared(database: Database) -> Iterator[str]:
    """Drop the columns that nobody has ever seen."""
    with database.read() as tx:
        left = abandoned_places(tx)
    for place in left:
        in_short(database, partial(drop_place, place=place), patience=_PATIENCE)
        yield f"drop column {place.table}.{place.column}"


def _rolled_up(environment: Environment, clock: Clock) -> Iterator[str]:
    """Compute the roll-ups that have drifted, in batches."""
    database = environment.database
    with database.read() as tx:
        snapshot = _snapshot(tx, environment)
        if snapshot is None:
            return
        context = _context(snapshot, clock.now())
        drifted = list(drifted_roll_ups(tx, snapshot, context))
    for owner, field, _ in drifted:
        after: int | None = 0
        while after is not None:
            some = partial(
                refill_some,
                snapshot=snapshot,
                context=context,
                name=owner,
                fields=(field,),
                is_roll_up=True,
                after=after,
            )
            after = in_short(database, some, patience=_PATIENCE)
        yield f"compute {owner}.{field} of every record"


def _followed(environment: Environment, clock: Clock) -> Iterator[str]:
    """Finish what followed a switch, where its process has died."""
    database = environment.database
    with database.read() as tx:
        unfinished = [one for one in find_unfinished(tx) if one.state != RUNNING]
    for one in unfinished:
        try:
            with owning(database, patience=0):
                follow_up(database, environment.name, one, clock)
            yield f"finish deployment {one.id}"
        except PatronError:
            continue  # the examination says what still waits


def _indexed(database: Database) -> Iterator[str]:
    """Build missing and unusable indexes beside the work."""
    for index in missing_indexes(database):
        try:
            build_index(database, index)
            yield index.explain()
        except PatronError:
            continue  # the examination says which values stand in the way
    settle_indexes(database)


def _snapshot(tx: Tx, environment: Environment) -> Snapshot | None:
    running = read_running(tx)
    model, _ = compile_model(running.tree)
    if model is None or not running.head.version:
        return None
    return Snapshot(
        environment=environment.name,
        version=running.head.version,
        token=running.head.token,
        model=model,
        physical=load_physical(tx),
        env=load_values(tx),  # type: ignore[arg-type]  # JSON values are values
    )


def _context(snapshot: Snapshot, now: datetime) -> EvalContext:
    zone = zone_of(snapshot.model.project.time_zone)
    return EvalContext(now=now, zone=zone, env=snapshot.env)
