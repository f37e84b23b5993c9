"""The routes of environments: which admit the caller, their versions, their trees.

A token opens one environment. What another one tells is asked there as the same person: by the
person's number in the control database, never by an e-mail, which an environment's own users carry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Response, request

from api.answers import answer, encode
from api.calls import Calls
from api.queries import read_query, read_whole
from engine.errors import AccessDenied, NotFound
from engine.session import Session, run
from engine.snapshots import Environments
from engine.store.platform.control import EnvironmentRow, list_environments
from engine.store.platform.enter import MemberCredential
from engine.store.platform.journal import load_log
from engine.store.platform.members import find_member
from engine.store.platform.versions import Version, load_tree

T = TypeVar("T")

NEEDED = frozenset({"customize", "deploy"})  # either lets somebody see a configuration
DEFAULT_VERSIONS, MAX_VERSIONS, NEWEST = 50, 1000, 10**9


@dataclass(frozen=True, slots=True)
class EnvironmentRoutes:
    """Views of /environments and what lies below it."""

    calls: Calls
    directory: Environments

    def environments(self, environment: str) -> Response:
        """List the environments that admit the caller."""
        _query()
        person = self.calls.enter(environment, _person, write=False)
        with self.directory.control.read() as tx:
            rows = list_environments(tx)
        shown = [found for row in rows if (found := self._shown(row, person)) is not None]
        return answer(encode({"environments": shown}))

    def versions(self, environment: str, named: str) -> Response:
        """List versions of a configuration, newest first; `before` goes on with older ones."""
        given = _query("limit", "before")
        limit = read_whole(given, "limit", default=DEFAULT_VERSIONS, least=1, most=MAX_VERSIONS)
        before = read_whole(given, "before", default=NEWEST, least=0, most=NEWEST)

        def work(session: Session) -> list[Version]:
            _ensure_may_see(session)
            return load_log(session.unit.tx, limit=limit, before=before)

        versions = self._inside(environment, named, work)
        return answer(encode({"versions": [_version(version) for version in versions]}))

    def tree(self, environment: str, named: str) -> Response:
        """Give the components of a configuration with their digests."""
        _query()

        def work(session: Session) -> dict[str, object]:
            _ensure_may_see(session)
            snapshot = session.snapshot
            components = load_tree(session.unit.tx)
            return {
                "environment": snapshot.environment,
                "version": snapshot.version,
                "digest": snapshot.model.digest,
                "components": components,
            }

        return answer(encode(self._inside(environment, named, work)))

    def _inside(self, environment: str, named: str, work: Callable[[Session], T]) -> T:
        """Work in the environment that the address names, as whom the token stands for.

        Raises: NotFound N102 for one that does not exist or does not admit the person.
        """
        if named == environment:
            return self.calls.enter(environment, work, write=False)
        person = self.calls.enter(environment, _person, write=False)
        credential = self._credential(named, person)
        if credential is None:
            raise NotFound(f'There is no environment "{named}", or you may not see it.')
        return run(self.directory.open(named), credential, work, write=False)

    def _credential(self, named: str, person: int) -> MemberCredential | None:
        """Find the person among the members of an environment; None when they are no member."""
        try:
            opened = self.directory.open(named)
        except NotFound:
            return None
        with opened.database.read() as tx:
            member = find_member(tx, person=person)
        return MemberCredential(member.user) if member is not None and member.is_active else None

    def _shown(self, row: EnvironmentRow, person: int) -> dict[str, object] | None:
        credential = self._credential(row.name, person)
        if credential is None:
            return None
        version = run(
            self.directory.open(row.name),
            credential,
            lambda session: session.snapshot.version,
            write=False,
        )
        return {"name": row.name, "kind": row.kind, "parent": row.parent, "version": version}


def _query(*known: str) -> dict[str, str]:
    return read_query(request.environ.get("QUERY_STRING", ""), known)


def _person(session: Session) -> int:
    """Give the number of the person who calls; the system and integrations have one too."""
    unit = session.unit
    member = find_member(unit.tx, email=str(unit.caller.context.user["email"]))
    if member is None:
        raise NotFound
    return member.person


def _ensure_may_see(session: Session) -> None:
    if not session.unit.access.permissions & NEEDED:
        message = "Seeing a configuration needs the permission to customize or to deploy it."
        raise AccessDenied(message)


def _version(version: Version) -> dict[str, object]:
    return {
        "version": version.number,
        "parent": version.parent,
        "digest": version.tree,
        "at": version.at,
        "by": version.actor,
        "source": version.source,
        "reason": version.reason,
        "git_revision": version.git_revision,
        "deployment": version.deployment,
    }
