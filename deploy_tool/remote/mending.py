"""What is unfinished or broken in another machine's Patron. See `deploy_tool.site`."""

from __future__ import annotations

from dataclasses import dataclass

from deploy_tool.looking import Answer, entries
from deploy_tool.remote.client import LONG_PATIENCE, Client
from deploy_tool.remote.looking import RemoteLooking


@dataclass(frozen=True, slots=True)
class RemoteMending:
    """See `Mending`."""

    client: Client
    looking: RemoteLooking

    def resume(self, name: str) -> list[int]:
        """Go on with what is unfinished; give the versions that it became."""
        return [int(str(one)) for one in self._done(name, "resume", "versions")]

    def abort(self, name: str) -> list[int]:
        """Give up what has not switched yet; give the deployments."""
        return [int(str(one)) for one in self._done(name, "abort", "deployments")]

    def examine(self, name: str) -> list[str]:
        """Say what is wrong, and what helps."""
        found = self.client.get(f"{self.looking.path(name)}/doctor").get("findings")
        return [str(one) for one in found] if isinstance(found, list) else []

    def repair(self, name: str) -> list[str]:
        """Repair what can be repaired; say what was."""
        return [str(one) for one in self._done(name, "doctor", "repaired")]

    def retired(self, name: str) -> list[Answer]:
        """List what is hidden with its values."""
        return entries(self.client.get(f"{self.looking.path(name)}/retired"), "retired")

    def purge(self, name: str, *, only_due: bool) -> list[str]:
        """Remove it for good; give the components. The command has asked for consent."""
        body: Answer = {"due": True} if only_due else {"accept": ["purge"]}
        return [str(one) for one in self._done(name, "purge", "purged", body)]

    def _done(self, name: str, what: str, told: str, body: Answer | None = None) -> list[object]:
        path = f"{self.looking.path(name)}/{what}"
        found = self.client.post(path, body or {}, patience=LONG_PATIENCE).get(told)
        return found if isinstance(found, list) else []
