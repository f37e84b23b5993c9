"""Another machine's Patron as a `Site`: looking, setting, sandboxes. See `deploy_tool.site`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from deploy_tool.exits import UsageWrong
from deploy_tool.looking import SHOWN_VERSIONS, Answer, entries
from deploy_tool.places import EnvironmentPlace, read_environment
from deploy_tool.plan import Plan
from deploy_tool.remote.client import Client, read_address, segment
from deploy_tool.remote.failures import Unreachable
from deploy_tool.remote.promoting import RemotePromoting
from deploy_tool.remote.records import RemoteRecords
from deploy_tool.remote.tokens import token_for
from deploy_tool.telling_trees import tree_from_told
from engine.clock import Clock, SystemClock
from engine.errors import Conflict
from engine.names import EnvironmentName
from engine.settings import Settings
from engine.source import SourceTree
from sandbox.sandboxes import KIND

if TYPE_CHECKING:
    from deploy_tool.site import Site

STATUS = ("environment", "kind", "version", "tree", "components", "parent", "changes")
DETAILS = ("environment", "kind", "database", "version", "components", "members", "values")
# How REST calls what the command line calls otherwise.
VERSION = {"tree": "digest", "actor": "by"}


def open_site(settings: Settings, as_email: str | None) -> Site:
    """Give the Patron at PATRON_URL. Raises: UsageWrong U122, U123; U124 for `--as`."""
    if as_email:
        message = "--as is for the machine itself; elsewhere the token says who acts."
        raise UsageWrong(message=message, code="U124", hint="use the token of that person")
    address = read_address(settings.remote_url)
    return RemoteSite(Client(address, token_for(settings, address.text)))


@dataclass(frozen=True)
class RemoteSite:
    """An installation of another machine."""

    client: Client

    @property
    def clock(self) -> Clock:
        """The time."""
        return SystemClock()

    @cached_property
    def looking(self) -> RemoteLooking:
        """What there is to see."""
        return RemoteLooking(self.client)

    @cached_property
    def setting(self) -> RemoteSetting:
        """Policy and values."""
        return RemoteSetting(self.client)

    @cached_property
    def sandboxes(self) -> RemoteSandboxes:
        """Making and deleting sandboxes."""
        return RemoteSandboxes(self.client, self.looking)

    @cached_property
    def promoting(self) -> RemotePromoting:
        """Plans and deployments."""
        return RemotePromoting(self.client, self.looking)

    @cached_property
    def records(self) -> RemoteRecords:
        """Records out and in."""
        return RemoteRecords(self.client)


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


@dataclass(frozen=True, slots=True)
class RemoteSetting:
    """See `Setting`."""

    client: Client

    def policy(self, name: str, settings: Sequence[str]) -> Answer:
        """Set `KEY=VALUE …` and give the policy. Raises: UsageWrong U100."""
        path = f"/environments/{segment(name)}/policy"
        if not settings:
            return self.client.get(path)
        pairs = (text.partition("=") for text in settings)
        return self.client.patch(path, {key: value for key, _, value in pairs})

    def values(self, name: str, wanted: Mapping[str, str], plan: Plan | None) -> Answer:
        """Set values and give them all, of secrets only whether they are set."""
        path = f"/environments/{segment(name)}/values"
        method, body = ("PATCH", wanted) if wanted else ("GET", None)
        query = {"plan": "" if plan is None else plan.digest}
        return self.client.send(method, path, query=query, body=body)


@dataclass(frozen=True, slots=True)
class RemoteSandboxes:
    """See `Sandboxes`."""

    client: Client
    looking: RemoteLooking

    def create(self, name: str, *, source: str, data: str, database: str) -> Answer:
        """Make one. Raises: UsageWrong U125 for a database: that is for the machine to choose."""
        if database:
            message = "The database of a sandbox is chosen on the machine that will hold it."
            raise UsageWrong(message=message, code="U125", hint="leave --database out")
        body = {"name": name, "from": self.looking.known(source), "data": data}
        return self.client.post("/environments", body)

    def ensure_deletable(self, name: str) -> None:
        """Refuse what is no sandbox, or has children, before anybody is asked."""
        rows = {str(row["name"]): row for row in self.looking.rows}
        if rows[name]["kind"] != KIND:
            message = f"{name} is no sandbox; only sandboxes are deleted."
            raise Conflict(message, code="C131")

    def delete(self, name: str) -> None:
        """Delete one with everything in it."""
        self.client.send("DELETE", f"/environments/{segment(name)}")


def _only(row: Answer, names: Sequence[str]) -> Answer:
    return {name: row.get(name) for name in names}


def _version(version: Answer) -> Answer:
    names = ("version", "parent", "tree", "source", "actor", "reason", "at", "deployment")
    shown = {name: version.get(VERSION.get(name, name)) for name in names}
    return {**shown, "git_revision": version.get("git_revision"), "changes": version["changes"]}


def _not_understood(client: Client) -> Unreachable:
    message = f"{client.address.text} sent a configuration that this command does not understand."
    return Unreachable(message, hint="are both of the same version of Patron?")
