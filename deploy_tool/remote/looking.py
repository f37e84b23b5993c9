"""What there is to see of another machine's Patron. See `deploy_tool.looking`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from deploy_tool.looking import SHOWN_VERSIONS, Answer, entries
from deploy_tool.remote.client import Client, segment
from deploy_tool.remote.failures import Unreachable
from deploy_tool.sources.places import EnvironmentPlace, read_environment
from deploy_tool.sources.telling_trees import tree_from_told
from engine.names import EnvironmentName
from engine.source import SourceTree

STATUS = ("environment", "kind", "version", "tree", "components", "parent", "changes")
DETAILS = (
    *("environment", "kind", "database", "version", "components", "members", "values", "data"),
)
# How REST calls what the command line calls otherwise.
VERSION = {"tree": "digest", "actor": "by"}


@dataclass(frozen=True)
class RemoteLooking:
    """See `Looking`."""

    client: Client

    @cached_property
    def rows(self) -> list[Answer]:
        """The environments that admit the caller, as they are when the command starts."""
        return entries(self.client.get("/environments"), "environments")

    @property
    def names(self) -> Sequence[str]:
        """The environments, production first."""
        return [str(row["name"]) for row in self.rows]

    def known(self, name: str) -> EnvironmentName:
        """Give the name of an environment that exists. Raises: UsageWrong U100."""
        return read_environment(name, self.names)

    def statuses(self) -> list[Answer]:
        """Tell what each environment runs, production first; of those that may be seen."""
        rows = [{**row, "environment": row["name"]} for row in self.rows if "tree" in row]
        return [_only(row, STATUS) for row in rows]

    def status(self, name: str) -> Answer:
        """Tell what one environment runs."""
        return _only(self._environment(name), STATUS)

    def details(self, name: str) -> Answer:
        """Tell what lies in an environment."""
        return _only(self._environment(name), DETAILS)

    def log(self, name: str) -> Answer:
        """List its versions, newest first."""
        found = self.client.get(f"{self.path(name)}/versions", limit=SHOWN_VERSIONS)
        return {
            "versions": [_version(one) for one in entries(found, "versions")],
            "deployments": entries(found, "deployments"),
        }

    def deployment(self, name: str, number: int) -> Answer:
        """Tell of one deployment whole. Raises: NotFound D162."""
        return self.client.get(f"/deployments/{number}", environment=self.known(name))

    def blame(self, name: str, component: str) -> Answer:
        """Tell which version made each property what it is."""
        return self.client.get(f"{self.path(name)}/blame", component=component)

    def drift(self, name: str) -> Answer:
        """Tell what changed outside of deployments."""
        return self.client.get(f"{self.path(name)}/drift")

    def tree(self, place: EnvironmentPlace) -> tuple[int, SourceTree]:
        """Give the version and the tree that an environment runs, or ran."""
        version = {} if place.version is None else {"version": place.version}
        found = self.client.get(f"{self.path(place.name)}/tree", content="stored", **version)
        stored, number = found.get("stored"), found.get("version")
        try:
            tree = tree_from_told(stored if isinstance(stored, dict) else {})
        except (TypeError, ValueError) as error:
            raise _not_understood(self.client) from error
        if tree.digest != found.get("digest") or not isinstance(number, int):
            raise _not_understood(self.client)
        return number, tree

    def path(self, name: str) -> str:
        """Give the address of an environment. Raises: UsageWrong U100 where there is none."""
        return f"/environments/{segment(self.known(name))}"

    def _environment(self, name: str) -> Answer:
        return self.client.get(self.path(name))


def _only(row: Answer, names: Sequence[str]) -> Answer:
    return {name: row.get(name) for name in names}


def _version(version: Answer) -> Answer:
    names = ("version", "parent", "tree", "source", "actor", "reason", "at", "deployment")
    shown = {name: version.get(VERSION.get(name, name)) for name in names}
    return {**shown, "git_revision": version.get("git_revision"), "changes": version["changes"]}


def _not_understood(client: Client) -> Unreachable:
    message = f"{client.address.text} sent a configuration that this command does not understand."
    return Unreachable(message, hint="are both of the same version of Patron?")
