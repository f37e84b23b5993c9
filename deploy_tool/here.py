"""The Patron of this machine, as commands see it: the installation under PATRON_HOME.

One half of the seam in `deploy_tool.site`; acts with all rights for whoever may read the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from deploy_tool import looking, setting
from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.deploying.settling import settle_deployed
from deploy_tool.deploying.taking_back import propose_restore, propose_rollback
from deploy_tool.here_mending import LocalMending
from deploy_tool.here_records import LocalRecords
from deploy_tool.installation import Installation
from deploy_tool.looking import Answer
from deploy_tool.plans.approving import approve_plan
from deploy_tool.plans.consenting import ensure_consented, ensure_decided
from deploy_tool.plans.deciding import read_decisions
from deploy_tool.plans.plan import Plan
from deploy_tool.plans.plan_files import read_plan
from deploy_tool.plans.planning import Planned, Wishes
from deploy_tool.plans.proposing import propose, propose_again, renew_base
from deploy_tool.site import Prepared, Tell
from deploy_tool.sources.places import EnvironmentPlace
from deploy_tool.sources.trees import environment_tree
from deploy_tool.telling_deployments import deployment_of
from deploy_tool.testing import Report
from deploy_tool.testing.validating import validate_plan
from engine.clock import Clock
from engine.names import EnvironmentName
from engine.source import SourceTree
from engine.store.platform.head import read_head
from engine.store.platform.members import list_members
from sandbox.bringing.seeding import ensure_reseedable
from sandbox.bringing.wanted import Wanted
from sandbox.sandboxes import (
    NewSandbox,
    delete_sandbox,
    ensure_deletable,
    ensure_parent,
    make_sandbox,
    reseeding,
)


@dataclass(frozen=True)
class LocalSite:
    """An installation of this machine."""

    installation: Installation

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.installation.clock

    @cached_property
    def looking(self) -> LocalLooking:
        """What there is to see."""
        return LocalLooking(self.installation)

    @cached_property
    def setting(self) -> LocalSetting:
        """Policy and values."""
        return LocalSetting(self.installation)

    @cached_property
    def sandboxes(self) -> LocalSandboxes:
        """Making and deleting sandboxes."""
        return LocalSandboxes(self.installation)

    @cached_property
    def promoting(self) -> LocalPromoting:
        """Plans and deployments."""
        return LocalPromoting(self.installation)

    @cached_property
    def mending(self) -> LocalMending:
        """What is unfinished, broken or kept to be removed."""
        return LocalMending(self.installation)

    @cached_property
    def records(self) -> LocalRecords:
        """Records out and in."""
        return LocalRecords(self.installation)


@dataclass(frozen=True, slots=True)
class LocalLooking:
    """See `Looking`."""

    installation: Installation

    @property
    def names(self) -> Sequence[str]:
        """The environments, production first."""
        return self.installation.names

    def known(self, name: str) -> EnvironmentName:
        """Give the name of an environment that exists. Raises: UsageWrong U100."""
        return self.installation.known(name)

    def statuses(self) -> list[Answer]:
        """Tell what each environment runs, production first."""
        return [looking.status_of(self.installation, name) for name in self.installation.names]

    def status(self, name: str) -> Answer:
        """Tell what one environment runs."""
        return looking.status_of(self.installation, name)

    def details(self, name: str) -> Answer:
        """Tell what lies in an environment."""
        return looking.details_of(self.installation, name)

    def log(self, name: str) -> Answer:
        """List its versions, newest first."""
        return looking.log_of(self.installation, name)

    def deployment(self, name: str, number: int) -> Answer:
        """Tell of one deployment whole. Raises: NotFound D162."""
        with self.installation.environment(name).database.read() as tx:
            return deployment_of(tx, name, number)

    def blame(self, name: str, component: str) -> Answer:
        """Tell which version made each property what it is."""
        return looking.blame_of(self.installation, name, component)

    def drift(self, name: str) -> Answer:
        """Tell what changed outside of deployments."""
        return looking.drift_of(self.installation, name)

    def tree(self, place: EnvironmentPlace) -> tuple[int, SourceTree]:
        """Give the version and the tree that an environment runs, or ran."""
        if place.version is not None:
            return place.version, environment_tree(self.installation, place)
        with self.installation.environment(place.name).database.read() as tx:
            number = read_head(tx).version
        return number, environment_tree(
            self.installation, EnvironmentPlace(name=place.name, version=number)
        )


@dataclass(frozen=True, slots=True)
class LocalSetting:
    """See `Setting`."""

    installation: Installation

    def policy(self, name: str, settings: Sequence[str]) -> Answer:
        """Set `KEY=VALUE …` and give the policy."""
        if settings:
            return setting.change_policy(self.installation, name, settings)
        return setting.policy_of(self.installation, name)

    def values(self, name: str, wanted: Mapping[str, str], plan: Plan | None) -> Answer:
        """Set values and give them all, of secrets only whether they are set."""
        return setting.change_values(self.installation, name, wanted, plan)


@dataclass(frozen=True, slots=True)
class LocalSandboxes:
    """See `Sandboxes`."""

    installation: Installation

    def create(
        self, name: str, *, source: str, wanted: Wanted, database: str, tell: Tell
    ) -> Answer:
        """Make one; who may read the files of the installation may read all its records."""
        installation = self.installation
        new = NewSandbox(
            name=name,
            parent=installation.known(source),
            url=database,
            actor=installation.actor,
            maker=installation.as_email,
            wanted=wanted,
        )
        row = make_sandbox(
            installation.settings,
            installation.environments,
            new,
            at=installation.clock.now(),
            tell=tell,
        )
        with installation.environments.open(row.name).database.read() as tx:
            members = [member.email for member in list_members(tx)]
        shown: Answer = {"environment": row.name, "kind": row.kind, "parent": row.parent}
        return {**shown, "data": wanted.data, "members": members}

    def parent_of(self, name: str) -> str:
        """Give the environment that a sandbox was made from. Raises: Conflict C133."""
        row = self.installation.environment(self.installation.known(name)).row
        return ensure_parent(row.name, row.parent)

    def ensure_reseedable(self, name: str) -> None:
        """Refuse what was made without records. Raises: RequestInvalid Q121."""
        ensure_reseedable(self.installation.environment(name))

    def reseed(self, name: str, tell: Tell) -> Answer:
        """Bring the records of one anew; who may read the files may read all records."""
        installation = self.installation
        wanted = ensure_reseedable(installation.environment(name))
        at = installation.clock.now()
        for progress in reseeding(installation.environments, name, actor=installation.actor, at=at):
            tell(progress)
        return {"environment": name, "data": wanted.data}

    def ensure_deletable(self, name: str) -> None:
        """Refuse what is no sandbox, or has children, before anybody is asked."""
        ensure_deletable(self.installation.environments, self.installation.known(name))

    def delete(self, name: str) -> None:
        """Delete one with everything in it."""
        installation = self.installation
        delete_sandbox(
            installation.environments, name, actor=installation.actor, at=installation.clock.now()
        )


@dataclass(frozen=True, slots=True)
class LocalPrepared:
    """See `Prepared`. `source`: what the version notes, "" is what the plan says."""

    installation: Installation
    planned: Planned
    source: str = ""

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.planned.plan

    def ensure_ready(self, accepted: frozenset[str]) -> None:
        """Refuse conflicts, a missing consent and what a treatment blocks, before asking."""
        ensure_decided(self.plan)
        ensure_consented(self.planned, accepted)

    def apply(self, accepted: frozenset[str]) -> int:
        """Carry it out; give the version that it became."""
        installation, plan = self.installation, self.plan
        order = Order(actor=installation.actor, accepted=accepted, source=self.source or plan.door)
        number = plan.version
        if plan.changes:
            database = installation.environment(plan.environment).database
            number = apply_plan(database, self.planned, order, installation.clock).number
        settle_deployed(installation.environments, plan)
        return number


@dataclass(frozen=True, slots=True)
class LocalPromoting:
    """See `Promoting`."""

    installation: Installation

    def plan(self, source: str, target: str, wishes: Wishes) -> LocalPrepared:
        """Plan the deployment of A, or of some of its components, to an environment."""
        planned = propose(self.installation, source, target, wishes)
        return LocalPrepared(self.installation, planned)

    def read(self, path: Path) -> LocalPrepared:
        """Prepare the plan in a file for being carried out."""
        return LocalPrepared(self.installation, propose_again(self.installation, read_plan(path)))

    def back(
        self, name: str, *, version: int | None, deployment: int | None, resolve: Sequence[str]
    ) -> tuple[LocalPrepared, Sequence[str]]:
        """Plan a rollback; with it, what of the records stays as it is, in sentences."""
        known = self.installation.known(name)
        taken = propose_rollback(
            self.installation,
            known,
            version=version,
            deployment=deployment,
            decisions=read_decisions(resolve),
        )
        return LocalPrepared(self.installation, taken.planned, "rollback"), taken.stays

    def restore(self, name: str, component: str) -> LocalPrepared:
        """Plan to bring a retired component back."""
        return LocalPrepared(self.installation, propose_restore(self.installation, name, component))

    def settle(self, source: str, prepared: Prepared, version: int) -> None:
        """Note in a directory that it is the same as a version now, where it is."""
        if isinstance(prepared, LocalPrepared):
            renew_base(self.installation, source, prepared.planned, version)

    def validate(self, plan: Plan) -> Report:
        """Play the examples and tests of a plan's result."""
        return validate_plan(self.installation, plan)

    def approve(self, plan: Plan) -> tuple[str, int]:
        """Approve a plan; give who did, and how many approvals it has."""
        installation = self.installation
        database, actor = installation.environment(plan.environment).database, installation.actor
        return actor, approve_plan(database, plan, actor=actor, at=installation.clock.now())
