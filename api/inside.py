"""Another environment than the token's own, entered as the same person.

A token opens one environment. What another one tells is asked there as the person the token stands
for: by the person's number in the control database, never by an e-mail, which an environment's own
users carry. Separate from the routes, because environments, plans and deployments all do so.
Tokens of a service account are made by others. Whoever rules a sandbox can make one there for any
service: it opens nothing else. One that production made goes on into sandboxes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from api.calls import PRODUCTION, Calls
from engine.errors import AccessDenied, NotFound
from engine.session import Session, run
from engine.snapshots import Environment, Environments
from engine.store.platform.control import list_services
from engine.store.platform.enter import MemberCredential
from engine.store.platform.members import find_member, find_member_of_user

T = TypeVar("T")

SEES = ("customize", "deploy")  # either lets somebody see a configuration
ADMINISTERS = "system_administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """The caller in one environment, and what they may do there."""

    environment: Environment
    person: int
    email: str
    permissions: frozenset[str]
    is_administrator: bool
    scopes: frozenset[str]

    def may(self, *permissions: str) -> bool:
        """Tell whether they hold one of some permissions."""
        return self.is_administrator or any(name in self.permissions for name in permissions)


@dataclass(frozen=True, slots=True)
class Inside:
    """Finds the environment that an address names, and the caller in it."""

    calls: Calls
    directory: Environments

    def read(self, environment: str, named: str, work: Callable[[Session], T]) -> T:
        """Work in the environment that the address names, as whom the token stands for.

        Raises: NotFound N102 for one that does not exist or does not admit the person.
        """
        if named == environment:
            return self.calls.enter(environment, work, write=False)
        person = self.calls.enter(environment, person_of, write=False)
        credential = self.credential(named, person) if self.leads(environment, person) else None
        if credential is None:
            raise _hidden(named)
        return run(self.directory.open(named), credential, work, write=False)

    def who(self, environment: str, named: str, what: str, *permissions: str) -> Who:
        """Give the caller in an environment, if they hold one of some permissions there.

        `what` begins the sentence of a refusal: "Planning". Raises: NotFound N102; AccessDenied.
        """
        found = self.read(environment, named, self._who(named))
        ensure_may(found, what, *permissions)
        return found

    def each(self, environment: str) -> Iterator[Who]:
        """Give the caller in the token's environment, then in every other that admits them."""
        here = self.read(environment, environment, self._who(environment))
        yield here
        for name in self.directory.names() if self.leads(environment, here.person) else ():
            credential = self.credential(name, here.person) if name != environment else None
            if credential is not None:
                opened = self.directory.open(name)
                yield run(opened, credential, self._who(name), write=False)

    def leads(self, environment: str, person: int) -> bool:
        """Tell whether a token of an environment leads its person into others."""
        if environment == PRODUCTION:
            return True
        with self.directory.control.read() as tx:
            return person not in list_services(tx)

    def credential(self, named: str, person: int) -> MemberCredential | None:
        """Find the person among the members of an environment; None when they are no member."""
        try:
            opened = self.directory.open(named)
        except NotFound:
            return None
        with opened.database.read() as tx:
            member = find_member(tx, person=person)
        return MemberCredential(member.user) if member is not None and member.is_active else None

    def _who(self, named: str) -> Callable[[Session], Who]:
        def work(session: Session) -> Who:
            unit = session.unit
            member = find_member_of_user(unit.tx, unit.me)
            if member is None:
                raise _hidden(named)
            return Who(
                environment=self.directory.open(named),
                person=member.person,
                email=member.email,
                permissions=unit.access.permissions,
                is_administrator=ADMINISTERS in member.permission_sets,
                scopes=unit.scopes,
            )

        return work


def person_of(session: Session) -> int:
    """Give the number of the person who calls. Raises: NotFound N100 for the system itself."""
    member = find_member_of_user(session.unit.tx, session.unit.me)
    if member is None:
        raise NotFound
    return member.person


def ensure_may(who: Who, what: str, *permissions: str) -> None:
    """Refuse a caller who holds none of some permissions. Raises: AccessDenied A100."""
    if not who.may(*permissions):
        needed = " or ".join(f'"{name}"' for name in permissions)
        message = f"{what} needs the permission {needed} in {who.environment.name}."
        raise AccessDenied(message)


def _hidden(named: str) -> NotFound:
    return NotFound(f'There is no environment "{named}", or you may not see it.')
