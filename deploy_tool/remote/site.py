"""Another machine's Patron as a `Site`, and its setting and sandboxes. See `deploy_tool.site`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from deploy_tool.exits import UsageWrong
from deploy_tool.looking import Answer
from deploy_tool.plans.plan import Plan
from deploy_tool.remote.client import Client, read_address, segment
from deploy_tool.remote.looking import RemoteLooking
from deploy_tool.remote.mending import RemoteMending
from deploy_tool.remote.promoting import RemotePromoting
from deploy_tool.remote.records import RemoteRecords
from deploy_tool.remote.tokens import token_for
from engine.clock import Clock, SystemClock
from engine.errors import Conflict
from engine.settings import Settings
from sandbox.bringing.wanted import Wanted, asked, ensure_brings
from sandbox.sandboxes import KIND, ensure_parent

if TYPE_CHECKING:
    from deploy_tool.site import Site, Tell


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
    def mending(self) -> RemoteMending:
        """What is unfinished, broken or kept to be removed."""
        return RemoteMending(self.client, self.looking)

    @cached_property
    def records(self) -> RemoteRecords:
        """Records out and in."""
        return RemoteRecords(self.client)


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

    def create(
        self, name: str, *, source: str, wanted: Wanted, database: str, tell: Tell
    ) -> Answer:
        """Make one. Raises: UsageWrong U125 for a database: that is for the machine to choose."""
        if database:
            message = "The database of a sandbox is chosen on the machine that will hold it."
            raise UsageWrong(message=message, code="U125", hint="leave --database out")
        body = {"name": name, "from": self.looking.known(source), **asked(wanted)}
        return self.client.post("/environments", body)

    def parent_of(self, name: str) -> str:
        """Give the environment that a sandbox was made from. Raises: Conflict C133."""
        parent = self.looking.status(self.looking.known(name))["parent"]
        return ensure_parent(name, None if parent is None else str(parent))

    def ensure_reseedable(self, name: str) -> None:
        """Refuse what was made without records. Raises: RequestInvalid Q121."""
        ensure_brings(name, Wanted(data=str(self.looking.details(name)["data"])))

    def reseed(self, name: str, tell: Tell) -> Answer:
        """Bring the records of one anew; what is heard is that they are there."""
        return self.client.post(f"{self.looking.path(name)}/reseed", {})

    def ensure_deletable(self, name: str) -> None:
        """Refuse what is no sandbox, or has children, before anybody is asked."""
        rows = {str(row["name"]): row for row in self.looking.rows}
        if rows[name]["kind"] != KIND:
            message = f"{name} is no sandbox; only sandboxes are deleted."
            raise Conflict(message, code="C131")

    def delete(self, name: str) -> None:
        """Delete one with everything in it."""
        self.client.send("DELETE", f"/environments/{segment(name)}")
