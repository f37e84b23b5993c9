"""What the commands share of an installation: its directory, its environments, who acts, the time.

Separate, so that a command is a few lines, and so that nothing is opened that a command does not
ask for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from deploy_tool.sources.places import read_environment
from engine.clock import Clock, SystemClock
from engine.names import EnvironmentName
from engine.settings import Settings
from engine.snapshots import Environment, Environments
from engine.store.platform.control import EnvironmentRow
from sandbox.environments import list_rows

SYSTEM = "system"


@dataclass(frozen=True)
class Installation:
    """An installation as one command sees it. `as_email` is who acts; "" is the system's user.

    `opened`: the environments of a process that has them open already; it closes them too.
    """

    settings: Settings
    as_email: str = ""
    clock: Clock = field(default_factory=SystemClock)
    opened: Environments | None = None

    def __enter__(self) -> Self:
        """Use the installation for the length of a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close whatever was opened."""
        if "environments" in self.__dict__ and self.opened is None:
            self.environments.close()

    @cached_property
    def environments(self) -> Environments:
        """The environments, each opened when first asked for."""
        return self.opened or Environments(self.settings)

    @cached_property
    def rows(self) -> tuple[EnvironmentRow, ...]:
        """The directory as it is when the command starts."""
        return list_rows(self.environments.control)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all environments, production first."""
        return tuple(row.name for row in self.rows)

    @property
    def actor(self) -> str:
        """What versions and the audit note about who acted."""
        return self.as_email.strip().lower() or SYSTEM

    def environment(self, name: str) -> Environment:
        """Open an environment by name. Raises: UsageWrong U100 when there is none of that name."""
        return self.environments.open(self.known(name))

    def known(self, name: str) -> EnvironmentName:
        """Give the name of an environment that exists. Raises: UsageWrong U100."""
        return read_environment(name, self.names)
