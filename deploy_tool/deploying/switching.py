"""The one transaction of a deployment that moves the head, and what it leaves for afterwards.

Separate from `applying`, which decides how many transactions there are. Everything here is inside
the fence: no writer is in, readers go on. What takes long on large tables is left out where the
caller says so, and given back as `Pending`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from deploy_tool.deploying.carrying import carry_out
from deploy_tool.deploying.following import Pending
from deploy_tool.deploying.stopwatches import Stopwatch, sort_of, timings
from deploy_tool.exits import Exit
from deploy_tool.plans.consenting import ensure_no_more, ensure_no_more_since, misfitting
from deploy_tool.plans.generations import with_treatments
from deploy_tool.plans.plan import Plan, PlannedChange
from deploy_tool.plans.planning import Planned, ensure_fresh
from deploy_tool.plans.policy import ensure_allowed
from deploy_tool.plans.present import ensure_present
from deploy_tool.plans.tallies import Tally, tally_of
from engine.clock import Clock, zone_of
from engine.compiled import Snapshot
from engine.errors import DeploymentFailed, PatronError
from engine.expr import EvalContext
from engine.names import ComponentKey
from engine.saving.refill import refill, stale_fields
from engine.source import canonical
from engine.store.database import Database
from engine.store.ddl import ConvertColumn, CreateIndex, DdlStep, load_state, steps
from engine.store.ddl.generations import TooManyMisfits
from engine.store.failures import ConnectionLost
from engine.store.platform import audit, deployments
from engine.store.platform.fence import switching
from engine.store.platform.head import read_head
from engine.store.platform.journal import find_version
from engine.store.platform.owning import ensure_nobody_deploys
from engine.store.platform.physical import (
    Unindexed,
    abandon_places,
    load_physical,
    note_unindexed,
)
from engine.store.platform.timings import CONVERT, INDEX, TREAT, note_timings
from engine.store.platform.values import load_values
from engine.store.platform.versions import Content, Origin, Version, publish
from engine.store.steps import at_step
from engine.store.tx import Tx

BRINGING = frozenset({"deploy", "api"})  # doors through which a configuration comes from elsewhere
_SKEW = timedelta(minutes=1)  # a save may commit long after the instant that it notes
LARGE_ROWS = "PATRON_LARGE_ROWS"  # a test facility, as PATRON_KILL_AT is


def large() -> int:
    """Give the rows beyond which a table is not gone through while writers wait: PostgreSQL."""
    return int(os.environ.get(LARGE_ROWS, "5000"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who wants a plan carried out, why, and what they consent to.

    `git_revision`: the commit that the files were read from; "" is what the plan says.
    """

    actor: str
    reason: str = ""
    source: str = "deploy"  # ui api deploy refresh rollback import
    accepted: frozenset[str] = frozenset()  # of retire, narrowing
    git_revision: str = ""

    def as_json(self) -> dict[str, object]:
        """Give what a deployment in phases keeps of it."""
        return {**asdict(self), "accepted": sorted(self.accepted)}


@dataclass(slots=True)
class Carrying:
    """One plan being carried out; may begin again from the start when a lock was not to be had.

    `deployment`: noted before, in a transaction of its own. `counted_at`: the records were counted
    then, so that only those changed since are looked at inside. `tally`: what was counted.
    `watch`: the time of what is done before the switch. `is_built`: the columns are built and
    filled, and what takes long is left for afterwards.
    """

    database: Database
    planned: Planned
    order: Order
    clock: Clock
    deployment: int | None = None
    counted_at: datetime | None = None
    tally: Tally = field(default_factory=Tally)
    watch: Stopwatch = field(default_factory=Stopwatch)
    is_built: bool = False
    version: Version | None = None

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.planned.plan

    def out(self, tx: Tx) -> Version:
        """Do everything, in the transaction that holds the environment."""
        at_step("apply.verify")
        self.verify(tx)
        number, now = self.plan.version + 1, self.clock.now()
        at_step("apply.record")
        deployment = self.deployment or self.start(tx, now)
        if deployments.give_up(tx, at=now, besides=deployment):
            abandon_places(tx, besides=number if self.is_built else None)
        inside = Stopwatch(dict(self.watch.spent))  # of this attempt alone
        at_step("apply.expand")
        pending = self._run_steps(tx, number, inside)
        at_step("apply.fill")
        snapshot = self._snapshot(tx, number)
        pending = self._fill(tx, snapshot, now, pending, inside)
        at_step("apply.switch")
        origin = self._origin(deployment, now)
        self.version = publish(tx, base=self.plan.version, changes=self._changes(), origin=origin)
        note_timings(tx, deployment, timings(self.plan.steps, inside.spent))
        self._finish(tx, deployment, pending, now)
        self.note(tx, now, "deploy", {"version": number})
        at_step("apply.commit")
        return self.version

    def verify(self, tx: Tx) -> None:
        """Refuse a plan that is stale, not allowed, or concerns more than was consented to."""
        ensure_fresh(self.plan, read_head(tx))
        zone = zone_of((self.planned.previous or self.planned.model).project.time_zone)
        ensure_allowed(tx, self.plan, self.order.source, now=self.clock.now(), zone=zone)
        if self.order.source in BRINGING:
            ensure_present(tx, self.plan, self.planned.operations, self.planned.result)
        if tx.is_write and not self.is_built:
            ensure_nobody_deploys(tx)
        since = self.counted_at
        found = (
            ensure_no_more(tx, self.planned)
            if since is None
            else ensure_no_more_since(tx, self.planned, since)
        )
        self.tally = self.tally.and_more(found)

    def count(self) -> None:
        """Count while people work, so that hardly anything is left to look at inside.

        Raises: DeploymentFailed D108, exit 5, for more than was consented to.
        """
        counted_at = self.clock.now() - _SKEW
        with self.database.read() as tx:
            found = ensure_no_more(tx, self.planned, is_converted=self.is_built)
        self.tally = self.tally.and_more(found)
        self.counted_at = counted_at

    def outcome(self, lost: ConnectionLost) -> Version:
        """Find out what became of a COMMIT whose answer never came.

        Asks inside the fence: the lost transaction holds it until it is through either way.
        """
        version = self.version
        try:
            found = version and switching(
                self.database, lambda tx: find_version(tx, token=version.token), patience=5
            )
        except PatronError as error:
            raise unknown(self.plan) from error
        if not found:
            raise self.failed(lost) from lost
        return found

    def failed(self, error: PatronError) -> PatronError:
        """Note a failure beside what was undone, and give the error that tells of it."""
        told = misfitting(error) if isinstance(error, TooManyMisfits) else error
        is_refusal = isinstance(told, DeploymentFailed) and told.exit_code != Exit.UNDONE
        if is_refusal and self.deployment is None:
            return told
        now = self.clock.now()
        try:
            with self.database.write() as tx:
                number = self.deployment or self.start(tx, now)
                deployments.finish_deployment(tx, number, state="failed", at=now, error=str(error))
                self.note(tx, now, "deploy.failed", {"code": error.code})
        except PatronError:
            pass  # The database does not even take a note; the first error is the one to tell.
        if is_refusal:
            return told
        return DeploymentFailed(
            message=f"The deployment failed and was undone: {error.message}",
            code="D100",
            step="apply",
            exit_code=Exit.UNDONE,
            hint=error.hint or f"{self.plan.target} goes on as before; patron doctor may know more",
        )

    def steps(self, tx: Tx) -> tuple[DdlStep, ...]:
        """Give what the tables lack, as they are now that nobody else can change them."""
        planned = self.planned
        needed = steps(planned.model, load_state(tx), tx.dialect, previous=planned.previous)
        return with_treatments(needed, planned.plan.changes)

    def start(self, tx: Tx, now: datetime, *, is_kept: bool = False) -> int:
        """Note that the plan is being carried out; `is_kept` with all that going on needs."""
        shown = {**self.plan.as_json(), "author": self.plan.author}
        document = self.plan.sealed() if is_kept else shown
        return deployments.start_deployment(
            tx,
            digest=self.plan.digest,
            base_version=self.plan.version,
            plan=canonical(document),
            actor=self.order.actor,
            at=now,
            ordered=canonical(self.order.as_json()) if is_kept else "{}",
            project=self.plan.project,
        )

    def note(self, tx: Tx, now: datetime, action: str, detail: Mapping[str, object]) -> None:
        """Leave a line in the audit."""
        audit.note(
            tx,
            at=now,
            actor=self.order.actor,
            action=action,
            target=str(self.plan.environment),
            detail={"plan": self.plan.digest, "base": self.plan.target, **detail},
        )

    def _run_steps(self, tx: Tx, number: int, watch: Stopwatch) -> Pending:
        """Run the steps; in phases what was done before and what comes afterwards is left out."""
        has_indexes = False
        for step in self.steps(tx):
            if self.is_built and isinstance(step, ConvertColumn):
                continue
            if self.is_built and isinstance(step, CreateIndex) and not step.is_instant:
                has_indexes = True
                if step.is_unique:
                    note_unindexed(tx, self._unindexed(step))
                continue
            with watch.on(_sort_of(step)):
                step.run(tx, version=number)
        return Pending(indexes=has_indexes)

    def _unindexed(self, step: CreateIndex) -> Unindexed:
        assert step.keeps is not None  # unique indexes say what they keep
        owner, fields = step.keeps
        return Unindexed(name=step.name, table=step.table, object=owner, fields=fields)

    def _fill(
        self, tx: Tx, snapshot: Snapshot, now: datetime, pending: Pending, watch: Stopwatch
    ) -> Pending:
        """Treat records and compute what the new configuration makes stale; or leave it."""
        later = [c for c in self.plan.changes if self.is_built and _is_large(c)]
        changes = [c for c in self.plan.changes if c not in later]
        with watch.on(TREAT):
            carry_out(tx, snapshot, changes, self.planned.operations, at=now)
        before = self.planned.running.tree.tree
        stale = stale_fields(snapshot.model, before)
        pending = pending.and_treat(later)
        if self.is_built:
            return pending.and_compute(stale)
        zone = zone_of(snapshot.model.project.time_zone)
        with watch.on(sort_of(stale)):
            refill(tx, snapshot, EvalContext(now=now, zone=zone, env=snapshot.env), before)
        return pending

    def _finish(self, tx: Tx, deployment: int, pending: Pending, now: datetime) -> None:
        number = self.plan.version + 1
        counted = tally_of(self.plan).and_more(self.tally).as_json()
        if counted:
            deployments.note_counted_before(tx, deployment, canonical(counted))
        if pending.is_empty:
            deployments.finish_deployment(tx, deployment, state="done", at=now, version=number)
            return
        deployments.note_progress(tx, deployment, pending.as_json())
        deployments.note_switched(tx, deployment, version=number)

    def _changes(self) -> Mapping[ComponentKey, Content | None]:
        tree = self.planned.result.tree
        written = {
            key: Content(digest=tree[key], data=content.data, source=content.text or None)
            for key, content in self.plan.content.items()
        }
        return {**written, **dict.fromkeys(self.plan.removed)}

    def _snapshot(self, tx: Tx, number: int) -> Snapshot:
        """Give the new configuration over the tables as they are now."""
        return Snapshot(
            environment=self.plan.environment,
            version=number,
            token=str(number),  # nobody pins it: it lives as long as this transaction
            model=self.planned.model,
            physical=load_physical(tx),
            env=load_values(tx),  # type: ignore[arg-type]  # JSON values are values
        )

    def _origin(self, deployment: int, now: datetime) -> Origin:
        order, refresh = self.order, self.plan.refresh
        return Origin(
            source=order.source,
            actor=order.actor,
            at=now,
            reason=order.reason or (f"brought up to {refresh}" if refresh else ""),
            git_revision=order.git_revision or self.plan.git_revision or None,
            deployment=deployment,
        )


def somebody_else(plan: Plan) -> DeploymentFailed:
    """Say that the environment is held by another deployment, or a long write; exit 8."""
    return DeploymentFailed(
        message=f"Another deployment or a long write holds {plan.environment}; "
        "nothing was changed.",
        code="D103",
        step="lock",
        exit_code=Exit.BUSY,
        status=503,
        hint=f"try again; patron log {plan.environment} shows what happened meanwhile",
    )


def unknown(plan: Plan) -> DeploymentFailed:
    """Say that nobody knows whether the deployment took place; exit 11."""
    return DeploymentFailed(
        message=f"The connection was lost at the commit, and {plan.environment} cannot be asked "
        "whether it took place.",
        code="D104",
        step="switch",
        exit_code=Exit.UNKNOWN,
        hint=f"once it can be reached: patron log {plan.environment}",
    )


def _sort_of(step: DdlStep) -> str:
    if isinstance(step, ConvertColumn):
        return CONVERT
    return INDEX if isinstance(step, CreateIndex) and not step.is_instant else ""


def _is_large(change: PlannedChange) -> bool:
    return bool(change.treatment) and change.impact.concerned > large()
