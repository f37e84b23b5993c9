"""A deployment in several short transactions, for large tables on PostgreSQL while people work.

lock -> verify -> record -> expand -> backfill -> verify values -> switch -> follow up. Until the
switch commits, users see exactly the old behaviour; what is built meanwhile is noted as `building`
and shown to nobody. Each step is noted in the deployment and may be done again, so that another
process goes on at the first unfinished one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby

from deploy_tool.deploying.counting_after import count_after
from deploy_tool.deploying.following import follow_up, follow_up_pending
from deploy_tool.deploying.switching import Carrying, large, somebody_else
from deploy_tool.plans.planning import Planned
from engine.errors import DeploymentFailed, PatronError
from engine.saving.refill import stale_fields
from engine.store.database import Database
from engine.store.ddl import AddColumn, ConvertColumn, CreateIndex, DdlStep
from engine.store.ddl.generations import Misfits
from engine.store.ddl.online import has_more_than, in_short
from engine.store.failures import Busy, ConnectionLost
from engine.store.platform import deployments
from engine.store.platform.deployments import Unfinished
from engine.store.platform.fence import switching
from engine.store.platform.head import touch_head
from engine.store.platform.owning import owning
from engine.store.platform.physical import BUILDING, abandon_places
from engine.store.platform.timings import CONVERT
from engine.store.platform.versions import Version
from engine.store.steps import at_step
from engine.store.tx import Tx

# Where a deployment in phases may be killed in a test, in order.
PHASE_STEPS = (
    "phase.lock",
    "phase.verify",
    "phase.record",
    "phase.recorded",
    "phase.expand",
    "phase.silent",
    "phase.backfill",
    "phase.values",
    "phase.switch",
    "phase.switched",
    "phase.done",
)


@dataclass(slots=True)
class Phased:
    """One plan carried out in phases; `found` is what another process left of it."""

    carrying: Carrying
    patience: float
    found: Unfinished | None = None
    _done: dict[str, object] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        """Where it takes place."""
        return self.carrying.database

    def out(self) -> Version:
        """Carry it out, or go on with it. The caller owns the environment.

        Raises: DeploymentFailed, as `apply_plan`.
        """
        try:
            version = self._to_the_switch()
        except ConnectionLost as lost:
            version = self.carrying.outcome(lost)
        except Busy as busy:
            self.give_up()
            self.carrying.failed(busy)
            raise somebody_else(self.carrying.plan) from busy
        except PatronError as error:
            self.give_up()
            raise self.carrying.failed(error) from error
        at_step("phase.switched")
        self.follow()
        at_step("phase.done")
        count_after(self.database, self.carrying.plan.environment, self.carrying.planned)
        return version

    def follow(self) -> None:
        """Do what the switch left. Raises: DeploymentFailed D131, exit 10."""
        name = self.carrying.plan.environment
        with self.database.read() as tx:
            found = deployments.find_unfinished(tx, self.carrying.deployment)
        try:
            for one in found:
                follow_up(self.database, name, one, self.carrying.clock)
        except DeploymentFailed:
            raise
        except PatronError as error:
            raise follow_up_pending(name, found[0], [error.message]) from error

    def give_up(self) -> None:
        """Set aside what was built: nobody has seen it, and a purge removes it."""
        with suppress(PatronError):  # where nobody answers, `patron abort` does it later
            switching(self.database, self._abandon, patience=self.patience)

    def _abandon(self, tx: Tx) -> None:
        if abandon_places(tx):
            touch_head(tx)

    def _to_the_switch(self) -> Version:
        carrying = self.carrying
        at_step("phase.verify")
        with self.database.read() as tx:
            carrying.verify(tx)
        if self.found is None:
            at_step("phase.record")
            in_short(self.database, self._record, patience=self.patience)
        else:
            carrying.deployment = self.found.id
            self._done = dict(self.found.progress)
        at_step("phase.recorded")
        self._expand()
        for convert in self._conversions():
            self._backfill(convert)
        at_step("phase.values")
        carrying.is_built = True
        carrying.count()
        at_step("phase.switch")
        return switching(self.database, carrying.out, patience=self.patience)

    def _record(self, tx: Tx) -> None:
        """Note the deployment with its whole plan; what a dead one has built is set aside."""
        now = self.carrying.clock.now()
        if deployments.give_up(tx, at=now) and abandon_places(tx):
            touch_head(tx)
        self.carrying.deployment = self.carrying.start(tx, now, is_kept=True)

    def _expand(self) -> None:
        """Add columns that nobody sees yet, table by table; then let every save write both.

        Each wait for a table stops everybody there for up to a tenth of a second, so that a table
        is asked for once.
        """
        with self.database.read() as tx:
            added = [step for step in self.carrying.steps(tx) if isinstance(step, AddColumn)]
        for _, steps in groupby(added, key=lambda step: step.place.table):
            at_step("phase.expand")
            in_short(self.database, partial(self._add, steps=tuple(steps)), patience=self.patience)
        if any(True for _ in self._conversions()) and not self._done.get("silent"):
            at_step("phase.silent")
            switching(self.database, self._look_again, patience=self.patience)

    def _add(self, tx: Tx, *, steps: Sequence[AddColumn]) -> None:
        for step in steps:
            hidden = replace(step, place=step.place._replace(status=BUILDING))
            hidden.run(tx, version=self.carrying.plan.version + 1)

    def _look_again(self, tx: Tx) -> None:
        """Let every worker meet the new columns with its next transaction: the silent switch."""
        touch_head(tx)
        self._note(tx, {"silent": True})

    def _conversions(self) -> Iterator[ConvertColumn]:
        with self.database.read() as tx:
            needed = self.carrying.steps(tx)
        yield from (step for step in needed if isinstance(step, ConvertColumn))

    def _backfill(self, step: ConvertColumn) -> None:
        """Convert a column in batches, each with its checkpoint in the same transaction."""
        key = f"{step.new.table}.{step.new.column}"
        while self._checkpoint(key)[0] is not None:
            at_step("phase.backfill")
            # What another process did before it died took time that nobody knows.
            with self.carrying.watch.on(CONVERT if self.found is None else ""):
                in_short(
                    self.database,
                    lambda tx: self._batch(tx, step, key),
                    patience=self.patience,
                )
        step.ensure(self._checkpoint(key)[1])

    def _checkpoint(self, key: str) -> tuple[int | None, Misfits]:
        """Give the id up to which a column is converted, None at its end, and the misfits."""
        kept = self._done.get(key)
        if not isinstance(kept, (list, tuple)):
            return 0, Misfits()
        last, count, ids = kept
        return last, Misfits(count=count, ids=tuple(ids))

    def _batch(self, tx: Tx, step: ConvertColumn, key: str) -> None:
        last, found = self._checkpoint(key)
        after, wrong = step.batch(tx, last or 0)
        found = found.and_more(wrong)
        self._note(tx, {key: [after, found.count, list(found.ids)]})

    def _note(self, tx: Tx, more: dict[str, object]) -> None:
        """Note how far it is; kept in memory only once the transaction has committed."""
        assert self.carrying.deployment is not None  # recorded before anything is built
        done = {**self._done, **more}
        deployments.note_progress(tx, self.carrying.deployment, done)
        tx.after_commit(lambda: self._done.update(more))


def carry_out_in_phases(
    carrying: Carrying, *, patience: float, found: Unfinished | None = None
) -> Version:
    """Own the environment, and carry a plan out in phases. Raises: DeploymentFailed."""
    at_step("phase.lock")
    try:
        with owning(carrying.database, patience=patience):
            return Phased(carrying, patience, found).out()
    except Busy as busy:
        raise somebody_else(carrying.plan) from busy


def needs_phases(database: Database, planned: Planned, carrying: Carrying) -> bool:
    """Tell whether a plan would keep writers waiting in one transaction: PostgreSQL only."""
    if database.dialect != "postgresql" or planned.previous is None:
        return False
    if not planned.operations:
        return False
    with database.read() as tx:
        sizes = _Large(tx)
        needed = carrying.steps(tx)
        slow = any(sizes.has(_table_of(step)) for step in needed if _takes_long(step))
        added = [step for step in needed if isinstance(step, AddColumn)]
        many = sum(sizes.has(step.place.table) for step in added) > 1
        return slow or many or _treats_many(planned) or _computes_many(planned, sizes)


class _Large:
    """Which tables have many rows; each is asked once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[str, bool] = {}

    def has(self, table: str) -> bool:
        """Tell whether a table has many rows."""
        if table not in self._known:
            self._known[table] = has_more_than(self._tx, table, large())
        return self._known[table]


def _takes_long(step: DdlStep) -> bool:
    is_index = isinstance(step, CreateIndex) and not step.is_instant
    return is_index or isinstance(step, ConvertColumn)


def _table_of(step: DdlStep) -> str:
    return step.table if isinstance(step, CreateIndex) else step.new.table  # type: ignore[attr-defined]  # see _takes_long


def _treats_many(planned: Planned) -> bool:
    return any(c.treatment and c.impact.concerned > large() for c in planned.plan.changes)


def _computes_many(planned: Planned, large: _Large) -> bool:
    """Tell whether stored values of a large table have to be computed anew."""
    stale = {one.object for one in stale_fields(planned.model, planned.running.tree.tree)}
    tables = planned.running.state.tables
    return any(large.has(tables[name].table) for name in stale if name in tables)
