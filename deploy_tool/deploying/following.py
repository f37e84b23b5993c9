"""What follows a switch: values computed and treated in batches, indexes built beside the work.

Separate from the switch, because nobody waits for it. It works on what runs now, so it can be gone
on with by anybody, at any time: by the deployment itself, by `patron resume`, by a worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson

from deploy_tool.deploying.carrying import treat_some
from deploy_tool.deploying.stopwatches import Stopwatch, sort_of
from deploy_tool.exits import Exit
from deploy_tool.plans.plan import PlannedChange
from deploy_tool.sources.trees import read_running
from engine.clock import Clock, zone_of
from engine.compile import compile_model
from engine.compiled import Snapshot
from engine.errors import DeploymentFailed
from engine.expr import EvalContext
from engine.names import EnvironmentName, FieldName, ObjectName
from engine.saving.refill import Stale, refill_some
from engine.store.database import Database
from engine.store.ddl import CreateIndex, DropIndex, load_state, steps
from engine.store.ddl.online import build_index, duplicates, in_short, settle_indexes
from engine.store.failures import UniqueViolated
from engine.store.platform import deployments
from engine.store.platform.deployments import Unfinished
from engine.store.platform.physical import load_physical, load_unindexed
from engine.store.platform.timings import INDEX, TREAT, add_timing, drop_timing
from engine.store.platform.values import load_values
from engine.store.steps import at_step
from engine.store.tx import Tx

PATIENCE_SECONDS = 60.0
# Where a follow-up may be killed in a test.
FOLLOW_STEPS = ("follow.batch", "follow.index", "follow.settle", "follow.done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What a switch left: stored values to compute, from a certain id on; treatments; indexes."""

    stale: tuple[Stale, ...] = ()
    after: int = 0  # the id up to which the first group is computed
    treat: tuple[tuple[str, str], ...] = ()  # component, treatment
    indexes: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is left."""
        return not (self.stale or self.treat or self.indexes)

    def and_treat(self, changes: Iterable[PlannedChange]) -> Pending:
        """Add changes whose records are treated afterwards."""
        return replace(self, treat=tuple((str(c.component), c.treatment) for c in changes))

    def and_compute(self, stale: Iterable[Stale]) -> Pending:
        """Add values to compute, in order of dependency."""
        return replace(self, stale=tuple(stale))

    def as_json(self) -> dict[str, object]:
        """Give what a deployment keeps of it."""
        return {
            "stale": [[one.object, one.field, one.is_roll_up] for one in self.stale],
            "after": self.after,
            "treat": [list(pair) for pair in self.treat],
            "indexes": self.indexes,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Pending:
        """Read what was kept."""
        return cls(
            stale=tuple(
                Stale(ObjectName(owner), FieldName(field), is_roll_up)
                for owner, field, is_roll_up in kept.get("stale", ())
            ),
            after=int(kept.get("after", 0)),
            treat=tuple((component, text) for component, text in kept.get("treat", ())),
            indexes=kept.get("indexes") is True,
        )


def follow_up(
    database: Database, environment: EnvironmentName, found: Unfinished, clock: Clock
) -> None:
    """Do what a switch left. The caller owns the environment (`owning`).

    Raises: DeploymentFailed D131, exit 10, when something cannot be done yet; doing it again helps.
    """
    pending = Pending.of(found.progress)
    with database.read() as tx:
        snapshot = _snapshot(tx, environment)
    pending = _compute(database, snapshot, found, pending, clock)
    pending = _treat(database, snapshot, found, pending, clock)
    watch = Stopwatch()
    with watch.on(INDEX):
        waiting = _build(database) if pending.indexes else ()
    at_step("follow.done")
    if waiting:
        with database.write() as tx:
            drop_timing(tx, found.id, INDEX)
        raise follow_up_pending(environment, found, waiting)
    with database.write() as tx:
        now = clock.now()
        add_timing(tx, found.id, INDEX, round(watch.spent[INDEX]))
        deployments.finish_deployment(tx, found.id, state="done", at=now, version=found.version)


def follow_up_pending(
    environment: EnvironmentName, found: Unfinished, waiting: Iterable[str]
) -> DeploymentFailed:
    """Say what still waits after a switch; exit 10."""
    lines = "".join(f"\n  {line}" for line in waiting)
    return DeploymentFailed(
        message=f"{environment}@{found.version} runs, and a follow-up is pending:{lines}",
        code="D131",
        step="follow-up",
        exit_code=Exit.FOLLOW_UP,
        status=202,
        hint=f"patron resume {environment} goes on; patron doctor {environment} explains",
    )


def unindexed_lines(tx: Tx) -> list[str]:
    """Name the values that must be unique and are not, so that no index can be built."""
    found = []
    for one in load_unindexed(tx):
        columns = load_physical(tx)[one.object].columns
        ids = duplicates(tx, one.table, [columns.get(name, name) for name in one.fields])
        names = ", ".join(f"{one.object}.{name}" for name in one.fields)
        if ids:
            records = ", ".join(map(str, ids))
            found.append(f"{names} must be unique, and these records share values: {records}")
        else:
            found.append(f"{names} is kept unique by the engine; its index is not built yet")
    return found


def _compute(
    database: Database, snapshot: Snapshot, found: Unfinished, pending: Pending, clock: Clock
) -> Pending:
    """Compute stored values in batches, each with its checkpoint in the same transaction."""
    zone = zone_of(snapshot.model.project.time_zone)
    while pending.stale:
        context = EvalContext(now=clock.now(), zone=zone, env=snapshot.env)
        at_step("follow.batch")
        pending = in_short(
            database,
            lambda tx, p=pending, c=context: _compute_some(tx, snapshot, found, p, c),  # type: ignore[misc]  # bound now
            patience=PATIENCE_SECONDS,
        )
    return pending


def _compute_some(
    tx: Tx, snapshot: Snapshot, found: Unfinished, pending: Pending, context: EvalContext
) -> Pending:
    groups = groupby(pending.stale, key=lambda s: (s.object, s.is_roll_up))
    (name, is_roll_up), group = next(groups)
    members = tuple(group)
    fields = [s.field for s in members if _is_there(snapshot, s)]
    last, watch, sort = None, Stopwatch(), sort_of(members)
    if fields:
        with watch.on(sort):
            last = refill_some(
                tx, snapshot, context, name, fields, is_roll_up=is_roll_up, after=pending.after
            )
        add_timing(tx, found.id, sort, round(watch.spent[sort]))
    left = replace(pending, after=last or 0)
    if last is None:
        left = replace(left, stale=pending.stale[len(members) :])
    deployments.note_progress(tx, found.id, left.as_json())
    return left


def _is_there(snapshot: Snapshot, stale: Stale) -> bool:
    """Tell whether what runs now still has the field: another deployment may have come."""
    compiled = snapshot.model.objects.get(stale.object)
    field = compiled.fields.get(stale.field) if compiled else None
    if field is None or not field.is_stored:
        return False
    return (field.roll_up if stale.is_roll_up else field.formula) is not None


def _treat(
    database: Database, snapshot: Snapshot, found: Unfinished, pending: Pending, clock: Clock
) -> Pending:
    """Treat records in batches; one that is treated is not met again."""
    while pending.treat:
        component, text = pending.treat[0]
        at_step("follow.batch")
        done = in_short(
            database,
            lambda tx, c=component, t=text: _treat_some(tx, snapshot, found, c, t, clock.now()),  # type: ignore[misc]  # bound now
            patience=PATIENCE_SECONDS,
        )
        if not done:
            pending = replace(pending, treat=pending.treat[1:])
            with database.write() as tx:
                deployments.note_progress(tx, found.id, pending.as_json())
    return pending


def _treat_some(
    tx: Tx, snapshot: Snapshot, found: Unfinished, component: str, text: str, at: datetime
) -> int:
    watch = Stopwatch()
    with watch.on(TREAT):
        done = treat_some(tx, snapshot, component, text, at=at)
    add_timing(tx, found.id, TREAT, round(watch.spent[TREAT]))
    return done


def _build(database: Database) -> tuple[str, ...]:
    """Build the indexes that what runs asks for and the tables lack; give what cannot be built."""
    is_blocked = False
    for index in missing_indexes(database):
        at_step("follow.index")
        try:
            build_index(database, index)
        except UniqueViolated:
            is_blocked = True
    at_step("follow.settle")
    settle_indexes(database)
    if not is_blocked:
        return ()
    with database.read() as tx:
        return tuple(unindexed_lines(tx))


def missing_indexes(database: Database) -> list[CreateIndex]:
    """Give the indexes that are missing or unusable."""
    with database.read() as tx:
        running = read_running(tx)
        model, _ = compile_model(running.tree)
        assert model is not None  # it runs
        needed = steps(model, load_state(tx), tx.dialect)
    return [step for step in needed if isinstance(step, CreateIndex)]


def unusable_indexes(database: Database) -> list[DropIndex]:
    """Give the indexes that nobody asks for any more, or that an interrupted build left."""
    with database.read() as tx:
        running = read_running(tx)
        model, _ = compile_model(running.tree)
        assert model is not None  # it runs
        needed = steps(model, load_state(tx), tx.dialect)
    return [step for step in needed if isinstance(step, DropIndex)]


def _snapshot(tx: Tx, environment: EnvironmentName) -> Snapshot:
    """Give what runs now."""
    running = read_running(tx)
    model, _ = compile_model(running.tree)
    assert model is not None  # it runs
    return Snapshot(
        environment=environment,
        version=running.head.version,
        token=running.head.token,
        model=model,
        physical=load_physical(tx),
        env=load_values(tx),  # type: ignore[arg-type]  # JSON values are values
    )


def read_progress(text: str) -> Mapping[str, Any]:
    """Read what a deployment keeps of how far it is."""
    kept: Mapping[str, Any] = orjson.loads(text)
    return kept
