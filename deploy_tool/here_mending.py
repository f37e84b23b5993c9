"""What is unfinished or broken on this machine: one part of `deploy_tool.here`."""

from __future__ import annotations

from dataclasses import dataclass

from deploy_tool.deploying import unfinished
from deploy_tool.deploying.purging import find_retired, purge_retired, told
from deploy_tool.doctor import doctoring
from deploy_tool.installation import Installation
from deploy_tool.looking import Answer


@dataclass(frozen=True, slots=True)
class LocalMending:
    """See `Mending`."""

    installation: Installation

    def resume(self, name: str) -> list[int]:
        """Go on with what is unfinished; give the versions that it became."""
        return unfinished.resume(self.installation.environment(name), self.installation.clock)

    def abort(self, name: str) -> list[int]:
        """Give up what has not switched yet; give the deployments."""
        here = self.installation
        return unfinished.abort(here.environment(name), here.clock, actor=here.actor)

    def examine(self, name: str) -> list[str]:
        """Say what is wrong, and what helps."""
        return doctoring.examine(self.installation, name)

    def repair(self, name: str) -> list[str]:
        """Repair what can be repaired; say what was."""
        return doctoring.repair(self.installation, name)

    def retired(self, name: str) -> list[Answer]:
        """List what is hidden with its values."""
        with self.installation.environment(name).database.read() as tx:
            return [told(one) for one in find_retired(tx, self.installation.clock.now())]

    def purge(self, name: str, *, only_due: bool) -> list[str]:
        """Remove it for good; give the components."""
        here = self.installation
        database = here.environment(name).database
        gone = purge_retired(database, here.clock, actor=here.actor, only_due=only_due)
        return [str(one.component) for one in gone]
