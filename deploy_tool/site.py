"""The seam between commands and the Patron they work on: this machine's, or another one's.

A command talks to a `Site` and never learns which of the two it has: `deploy_tool.here` works on
the installation under PATRON_HOME, `deploy_tool.remote` over REST on the one at PATRON_URL.
Answers are the objects of `--json`, so both say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from deploy_tool.looking import Answer
from deploy_tool.plans.plan import Plan
from deploy_tool.plans.planning import Wishes
from deploy_tool.sources.places import EnvironmentPlace
from deploy_tool.testing import Report
from engine.clock import Clock
from engine.names import EnvironmentName
from engine.source import SourceTree
from sandbox.bringing.carrying import Progress
from sandbox.bringing.wanted import Wanted

Tell = Callable[[Progress], None]  # hears how far long work is

Row = Mapping[str, object]


class Looking(Protocol):
    """What there is to see. Every name has to be that of an environment: UsageWrong U100."""

    @property
    def names(self) -> Sequence[str]:
        """The environments, production first."""

    def known(self, name: str) -> EnvironmentName:
        """Give the name of an environment that exists. Raises: UsageWrong U100."""

    def statuses(self) -> list[Answer]:
        """Tell what each environment runs, production first."""

    def status(self, name: str) -> Answer:
        """Tell what one environment runs."""

    def details(self, name: str) -> Answer:
        """Tell what lies in an environment."""

    def log(self, name: str) -> Answer:
        """List its versions, newest first."""

    def deployment(self, name: str, number: int) -> Answer:
        """Tell of one deployment whole. Raises: NotFound D162."""

    def blame(self, name: str, component: str) -> Answer:
        """Tell which version made each property what it is."""

    def drift(self, name: str) -> Answer:
        """Tell what changed outside of deployments."""

    def tree(self, place: EnvironmentPlace) -> tuple[int, SourceTree]:
        """Give the version and the tree that an environment runs, or ran."""


class Setting(Protocol):
    """Policy and values of an environment; asked for with nothing to change, they are shown."""

    def policy(self, name: str, settings: Sequence[str]) -> Answer:
        """Set `KEY=VALUE …` and give the policy."""

    def values(self, name: str, wanted: Mapping[str, str], plan: Plan | None) -> Answer:
        """Set values and give them all, of secrets only whether they are set.

        With a plan, the variables that it brings count as declared.
        """


class Sandboxes(Protocol):
    """Making and deleting sandboxes."""

    def create(
        self, name: str, *, source: str, wanted: Wanted, database: str, tell: Tell
    ) -> Answer:
        """Make one, with the records wanted; `tell` hears how far it is."""

    def parent_of(self, name: str) -> str:
        """Give the environment that a sandbox was made from. Raises: Conflict C133."""

    def ensure_reseedable(self, name: str) -> None:
        """Refuse what was made without records. Raises: RequestInvalid Q121."""

    def reseed(self, name: str, tell: Tell) -> Answer:
        """Bring the records of one anew; `tell` hears how far it is."""

    def ensure_deletable(self, name: str) -> None:
        """Refuse what is no sandbox, or has children, before anybody is asked."""

    def delete(self, name: str) -> None:
        """Delete one with everything in it."""


class Prepared(Protocol):
    """A plan that can be carried out."""

    @property
    def plan(self) -> Plan:
        """The plan."""

    def ensure_ready(self, accepted: frozenset[str]) -> None:
        """Refuse conflicts, a missing consent and what a treatment blocks, before asking."""

    def apply(self, accepted: frozenset[str]) -> int:
        """Carry it out; give the version that it became."""


class Promoting(Protocol):
    """Plans: made from A to B, read from files, going back; tried, approved, carried out."""

    def plan(self, source: str, target: str, wishes: Wishes) -> Prepared:
        """Plan the deployment of A, or of some of its components, to an environment."""

    def read(self, path: Path) -> Prepared:
        """Prepare the plan in a file for being carried out."""

    def back(
        self, name: str, *, version: int | None, deployment: int | None, resolve: Sequence[str]
    ) -> tuple[Prepared, Sequence[str]]:
        """Plan a rollback; with it, what of the records stays as it is, in sentences."""

    def restore(self, name: str, component: str) -> Prepared:
        """Plan to bring a retired component back."""

    def settle(self, source: str, prepared: Prepared, version: int) -> None:
        """Note in a directory that it is the same as a version now, where it is."""

    def validate(self, plan: Plan) -> Report:
        """Play the examples and tests of a plan's result."""

    def approve(self, plan: Plan) -> tuple[str, int]:
        """Approve a plan; give who did, and how many approvals it has."""


class Mending(Protocol):
    """What is unfinished or broken in an environment, and what is kept there to be removed."""

    def resume(self, name: str) -> list[int]:
        """Go on with what is unfinished; give the versions that it became."""

    def abort(self, name: str) -> list[int]:
        """Give up what has not switched yet; give the deployments."""

    def examine(self, name: str) -> list[str]:
        """Say what is wrong, and what helps."""

    def repair(self, name: str) -> list[str]:
        """Repair what can be repaired; say what was."""

    def retired(self, name: str) -> list[Answer]:
        """List what is hidden with its values: `component`, `since` which day, is it `due`."""

    def purge(self, name: str, *, only_due: bool) -> list[str]:
        """Remove it for good; give the components."""


class Records(Protocol):
    """Records out of and into an environment."""

    def read(self, name: str, object: str, where: str | None) -> tuple[list[str], list[Row]]:
        """Give the fields of an object and every record that meets a condition."""

    def save(
        self, name: str, object: str, rows: Sequence[Row], *, match: str | None, is_trial: bool
    ) -> list[Answer]:
        """Save rows, all or none; give the refused ones: `row` (0-based), and their error."""


class Site(Protocol):
    """An installation as commands see it."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def looking(self) -> Looking:
        """What there is to see."""

    @property
    def setting(self) -> Setting:
        """Policy and values."""

    @property
    def sandboxes(self) -> Sandboxes:
        """Making and deleting sandboxes."""

    @property
    def promoting(self) -> Promoting:
        """Plans and deployments."""

    @property
    def mending(self) -> Mending:
        """What is unfinished, broken or kept to be removed."""

    @property
    def records(self) -> Records:
        """Records out and in."""
