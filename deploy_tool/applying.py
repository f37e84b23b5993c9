"""Carries a plan out: tables, configuration and head in one transaction, or nothing at all.

The story of `apply_plan`: lock -> verify -> record -> expand -> fill -> switch -> commit -> done.
Every step says its name (`at_step`), so that tests can kill the process there. Before the commit
everybody sees the old configuration, after it the new one; there is nothing in between, and the
locks die with the process. Readers go on all the time, writers wait for the length of it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from deploy_tool.carrying import carry_out
from deploy_tool.counting import Counts
from deploy_tool.exits import Exit
from deploy_tool.generations import with_treatments
from deploy_tool.plan import Plan, PlannedChange
from deploy_tool.planning import Planned, ensure_fresh
from deploy_tool.policy import ensure_allowed
from deploy_tool.present import ensure_present
from deploy_tool.treatments import ensure_treated
from engine.clock import Clock, zone_of
from engine.compiled import Snapshot
from engine.errors import DeploymentFailed, PatronError
from engine.expr import EvalContext
from engine.impact import UNTOUCHED
from engine.names import ComponentKey
from engine.saving.refill import refill
from engine.source import canonical
from engine.store.database import Database
from engine.store.ddl import DdlStep, load_state, steps
from engine.store.ddl.generations import TooManyMisfits
from engine.store.failures import Busy, ConnectionLost
from engine.store.platform import audit
from engine.store.platform.deployments import finish_deployment, start_deployment
from engine.store.platform.fence import switching
from engine.store.platform.head import read_head
from engine.store.platform.journal import find_version
from engine.store.platform.physical import load_physical
from engine.store.platform.values import load_values
from engine.store.platform.versions import Content, Origin, Version, publish
from engine.store.steps import at_step
from engine.store.tx import Tx

PATIENCE_SECONDS = 30.0  # how long a deployment tries to get in
BRINGING = frozenset({"deploy", "api"})  # doors through which a configuration comes from elsewhere
# Where an apply may be killed in a test, in order; "apply.done" is after the commit.
APPLY_STEPS = (
    "apply.lock",
    "apply.verify",
    "apply.record",
    "apply.expand",
    "apply.fill",
    "apply.switch",
    "apply.commit",
    "apply.done",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who wants a plan carried out, why, and what they consent to."""

    actor: str
    reason: str = ""
    source: str = "deploy"  # ui api deploy refresh rollback import
    accepted: frozenset[str] = frozenset()  # of retire, narrowing
    git_revision: str = ""  # of the files that the plan was made from


def apply_plan(
    database: Database,
    planned: Planned,
    order: Order,
    clock: Clock,
    *,
    patience: float = PATIENCE_SECONDS,
) -> Version:
    """Carry out a plan on its environment; give the version that it became.

    Raises: DeploymentFailed with exit 4 (conflicts), 5 (consent), 7 (stale), 8 (somebody else is
    in), 9 (failed and undone) or 11 (the connection was lost, and nobody knows).
    """
    plan = planned.plan
    ensure_fresh(plan, planned.running.head)
    ensure_decided(plan)
    ensure_consented(planned, order.accepted)
    carrying = _Carrying(database, planned, order, clock)
    gc.freeze()  # both trees stay: no full collection shall walk them while writers wait
    at_step("apply.lock")
    try:
        version = switching(database, carrying.out, patience=patience)
    except Busy as busy:
        raise _somebody_else(plan) from busy
    except ConnectionLost as lost:
        version = carrying.outcome(lost)
    except PatronError as error:
        raise carrying.failed(error) from error
    at_step("apply.done")
    return version


def ensure_decided(plan: Plan) -> None:
    """Refuse a plan with conflicts. Raises: DeploymentFailed D106, exit 4."""
    if not plan.conflicts:
        return
    count = len(plan.conflicts)
    what = "1 property" if count == 1 else f"{count} properties"
    raise DeploymentFailed(
        message=f"{what} changed on both sides since {plan.base}; nothing was changed.",
        code="D106",
        step="verify",
        exit_code=Exit.CONFLICT,
        status=409,
        hint=f"patron pull {plan.environment} brings the other changes into your files",
    )


def ensure_consented(planned: Planned, accepted: frozenset[str]) -> None:
    """Refuse what is not additive and nobody has consented to, with the reason for each change.

    Looks at the operations between the trees: what a file says of its own danger proves nothing.
    Raises: DeploymentFailed D101 for a missing consent, D107 for a treatment that blocks; exit 5.
    """
    impacts = {change.component: change.impact for change in planned.plan.changes}
    found = [PlannedChange.of(o, impacts.get(o.component)) for o in planned.operations]
    ensure_accepted(found, accepted)
    ensure_treated((c.component, c.treatment, c.impact.concerned) for c in planned.plan.changes)


def ensure_accepted(changes: Iterable[PlannedChange], accepted: frozenset[str]) -> None:
    """Refuse changes that are not additive and not consented to. Raises: DeploymentFailed D101."""
    refused = [c for c in changes if c.cls.word and c.cls.word not in accepted]
    if not refused:
        return
    count = len(refused)
    what = "1 change is" if count == 1 else f"{count} changes are"
    reasons = ""
    for found in refused:
        concerned = found.impact.concerned
        records = f" ({concerned:,} records)" if concerned else ""
        reasons += f"\n  {found.component}: {found.why}{records}"
    words = ",".join(sorted({c.cls.word for c in refused}, reverse=True))
    raise DeploymentFailed(
        message=f"{what} not additive, and nothing was changed:{reasons}",
        code="D101",
        step="verify",
        exit_code=Exit.CONSENT_MISSING,
        status=409,
        hint=f"consent with --accept {words}, or keep these as they are",
    )


@dataclass(slots=True)
class _Carrying:
    """One plan being carried out; may begin again from the start when a lock was not to be had."""

    database: Database
    planned: Planned
    order: Order
    clock: Clock
    version: Version | None = None

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.planned.plan

    def out(self, tx: Tx) -> Version:
        """Do everything, in the transaction that holds the environment."""
        at_step("apply.verify")
        ensure_fresh(self.plan, read_head(tx))
        ensure_allowed(tx, self.plan, self.order.source)
        if self.order.source in BRINGING:
            ensure_present(tx, self.plan, self.planned.operations, self.planned.result)
        self._ensure_no_more(tx)
        number, now = self.plan.version + 1, self.clock.now()
        at_step("apply.record")
        deployment = self._start(tx, now)
        at_step("apply.expand")
        for step in self._steps(tx):
            step.run(tx, version=number)
        at_step("apply.fill")
        snapshot = self._snapshot(tx, number)
        carry_out(tx, snapshot, self.plan.changes, self.planned.operations, at=now)
        self._fill(tx, snapshot, now)
        at_step("apply.switch")
        origin = self._origin(deployment, now)
        self.version = publish(tx, base=self.plan.version, changes=self._changes(), origin=origin)
        finish_deployment(tx, deployment, state="done", at=now, version=number)
        self._note(tx, now, "deploy", {"version": number})
        at_step("apply.commit")
        return self.version

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
            raise _unknown(self.plan) from error
        if not found:
            raise self.failed(lost) from lost
        return found

    def failed(self, error: PatronError) -> PatronError:
        """Note a failure beside what was undone, and give the error that tells of it."""
        if isinstance(error, DeploymentFailed) and error.exit_code != Exit.UNDONE:
            return error
        if isinstance(error, TooManyMisfits):
            return misfitting(error)
        now = self.clock.now()
        try:
            with self.database.write() as tx:
                number = self._start(tx, now)
                finish_deployment(tx, number, state="failed", at=now, error=str(error))
                self._note(tx, now, "deploy.failed", {"code": error.code})
        except PatronError:
            pass  # The database does not even take a note; the first error is the one to tell.
        return DeploymentFailed(
            message=f"The deployment failed and was undone: {error.message}",
            code="D100",
            step="apply",
            exit_code=Exit.UNDONE,
            hint=error.hint or f"{self.plan.target} goes on as before; patron doctor may know more",
        )

    def _changes(self) -> Mapping[ComponentKey, Content | None]:
        tree = self.planned.result.tree
        written = {
            key: Content(digest=tree[key], data=content.data, source=content.text or None)
            for key, content in self.plan.content.items()
        }
        return {**written, **dict.fromkeys(self.plan.removed)}

    def _steps(self, tx: Tx) -> tuple[DdlStep, ...]:
        """Give what the tables lack, as they are now that nobody else can change them."""
        planned = self.planned
        needed = steps(planned.model, load_state(tx), tx.dialect, previous=planned.previous)
        return with_treatments(needed, planned.plan.changes)

    def _ensure_no_more(self, tx: Tx) -> None:
        """Count again what was consented to: records may have come since. Raises: D108, exit 5."""
        consented = {c.component: c.impact for c in self.plan.changes if c.impact.concerned}
        changed = [o for o in self.planned.operations if o.cls.word]
        previous = self.planned.previous
        if not changed or previous is None:
            return
        counting = Counts(
            environment=self.plan.environment,
            running=self.planned.running,
            previous=previous,
            model=self.planned.model,
        ).over(tx)
        if counting is None:
            return  # values would have to be kept differently: the steps refuse that
        for operation in changed:
            now = counting.of(operation).concerned
            before = consented.get(operation.component, UNTOUCHED).concerned
            if now > before:
                raise _grown(operation.component, before, now, self.plan)

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

    def _fill(self, tx: Tx, snapshot: Snapshot, now: datetime) -> None:
        """Compute the stored formulas and roll-ups that the new configuration makes stale."""
        zone = zone_of(snapshot.model.project.time_zone)
        context = EvalContext(now=now, zone=zone, env=snapshot.env)
        refill(tx, snapshot, context, self.planned.running.tree.tree)

    def _start(self, tx: Tx, now: datetime) -> int:
        return start_deployment(
            tx,
            digest=self.plan.digest,
            base_version=self.plan.version,
            plan=canonical(self.plan.as_json()),
            actor=self.order.actor,
            at=now,
        )

    def _origin(self, deployment: int, now: datetime) -> Origin:
        order = self.order
        return Origin(
            source=order.source,
            actor=order.actor,
            at=now,
            reason=order.reason,
            git_revision=order.git_revision or None,
            deployment=deployment,
        )

    def _note(self, tx: Tx, now: datetime, action: str, detail: Mapping[str, object]) -> None:
        audit.note(
            tx,
            at=now,
            actor=self.order.actor,
            action=action,
            target=str(self.plan.environment),
            detail={"plan": self.plan.digest, "base": self.plan.target, **detail},
        )


def _grown(component: ComponentKey, before: int, now: int, plan: Plan) -> DeploymentFailed:
    return DeploymentFailed(
        message=f"{component} concerns {now:,} records now, and {before:,} were consented to; "
        "nothing was changed.",
        code="D108",
        step="verify",
        exit_code=Exit.CONSENT_MISSING,
        status=409,
        hint=f"look at it again: patron plan --from A --to {plan.environment}",
    )


def misfitting(error: TooManyMisfits) -> DeploymentFailed:
    """Say that values do not fit the type they were to become; exit 5."""
    return DeploymentFailed(
        message=f"{error.message} Nothing was changed.",
        code="D130",
        step="verify",
        exit_code=Exit.CONSENT_MISSING,
        status=409,
        hint=error.hint,
    )


def _somebody_else(plan: Plan) -> DeploymentFailed:
    return DeploymentFailed(
        message=f"Another deployment or a long write holds {plan.environment}; "
        "nothing was changed.",
        code="D103",
        step="lock",
        exit_code=Exit.BUSY,
        status=503,
        hint=f"try again; patron log {plan.environment} shows what happened meanwhile",
    )


def _unknown(plan: Plan) -> DeploymentFailed:
    return DeploymentFailed(
        message=f"The connection was lost at the commit, and {plan.environment} cannot be asked "
        "whether it took place.",
        code="D104",
        step="switch",
        exit_code=Exit.UNKNOWN,
        hint=f"once it can be reached: patron log {plan.environment}",
    )
