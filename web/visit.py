"""A visit: one request of a signed-in person to one environment.

`Entrance.enter` runs before every page, finds the session of the cookie and the member behind it,
and leaves a `Visit` for the page. Pages read and write through it and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar, cast

from flask import g, request
from werkzeug.wrappers import Response

from engine.errors import NotFound
from engine.people import find_session
from engine.people.persons import person_of
from engine.saving.noting import not_in_their_name
from engine.session import TRIES, Session, run
from engine.snapshots import Environment, Environments
from engine.store.platform.enter import Helper, MemberCredential
from engine.store.platform.sessions import SignedInRow
from web.answers import go_to_sign_in
from web.cookies import COOKIE
from web.safety import ensure_own_form

T = TypeVar("T")

PRODUCTION = "production"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who looks at which environment."""

    environment: Environment
    person: int
    user: int
    email: str
    name: str
    secret: str  # of the session's cookie
    has_second_factor: bool = False
    helper: Helper | None = None  # who really sits there, working as this person

    @property
    def root(self) -> str:
        """The address below which the pages of this environment lie, without a slash."""
        return f"/e/{self.environment.name}"

    def read(self, work: Callable[[Session], T]) -> T:
        """Do `work` in one transaction that writes nothing."""
        return self._run(work, write=False)

    def write(self, work: Callable[[Session], T]) -> T:
        """Do `work` in one transaction; what it raises undoes everything."""
        return self._run(work, write=True)

    def _run(self, work: Callable[[Session], T], *, write: bool) -> T:
        credential = MemberCredential(self.user, self.has_second_factor, self.helper)
        source = f"ui, {self.helper.email} as {self.email}" if self.helper else "ui"
        return run(self.environment, credential, work, write=write, source=source, tries=TRIES)


class Entrance:
    """Lets visitors in: `enter` is the `before_request` of every blueprint with pages."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def enter(self) -> Response | None:
        """Leave the visit for the page, or lead to the sign-in.

        Raises: NotFound N100 for an environment that is not there or admits somebody else.
        """
        secret = request.cookies.get(COOKIE, "")
        found = None
        if secret:
            found = find_session(self._environments.control, secret, at=datetime.now(UTC))
        if found is None:
            return go_to_sign_in()
        ensure_own_form(secret)
        name = str((request.view_args or {}).pop("environment", PRODUCTION))
        try:
            environment = self._environments.open(name)
            g.visit = self._visit(environment, found, secret)
        except NotFound as error:
            raise NotFound from error  # not there and not yours: the same answer
        if g.visit.helper and request.method not in SAFE and _is_setup(name):
            raise not_in_their_name()
        return None

    def _visit(self, environment: Environment, found: SignedInRow, secret: str) -> Visit:
        """Give the visit of a session: as oneself, or in one environment as somebody else."""
        if not found.acting_as:
            return Visit(
                environment=environment,
                user=environment.user_of(found.person),
                person=found.person,
                email=found.email,
                name=found.name,
                secret=secret,
                has_second_factor=found.has_second_factor,
            )
        if found.environment != environment.name:
            raise NotFound
        person = person_of(self._environments.control, found.acting_as)
        return Visit(
            environment=environment,
            user=environment.user_of(person.id),
            person=person.id,
            email=person.email,
            name=person.name,
            secret=secret,
            has_second_factor=found.has_second_factor,
            helper=Helper(environment.user_of(found.person), found.email),
        )


def _is_setup(environment: str) -> bool:
    """Tell whether the request is about people, rights, deployments or the configuration."""
    return request.path.startswith(f"/e/{environment}/setup/")


def visit() -> Visit:
    """Give the visit of the present request."""
    return cast("Visit", g.visit)
