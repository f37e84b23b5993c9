"""The routes that tell of environments: which admit the caller, what they run, their past."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response, request

from api.answers import answer, encode
from api.calls import Calls
from api.inside import SEES, Inside, Who, person_of
from api.queries import read_choice, read_query, read_whole
from deploy_tool.installation import Installation
from deploy_tool.looking import blame_of, details_of, drift_of, log_of, status_of
from deploy_tool.plans.kept_plans import find_known, no_such_plan
from deploy_tool.setting import policy_of, values_of
from deploy_tool.sources.telling_trees import tree_of
from engine.errors import FieldError, RequestInvalid
from engine.session import Session, run
from engine.snapshots import Environments
from engine.store.platform.control import EnvironmentRow, list_environments

DEFAULT_VERSIONS, MAX_VERSIONS, NEWEST = 50, 1000, 10**9
NOT_MODIFIED = 304
CONTENTS = ("digests", "stored", "files")
Tell = Callable[[Installation, str], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class EnvironmentRoutes:
    """Views of GET /environments and what lies below it."""

    calls: Calls
    directory: Environments
    inside: Inside

    def environments(self, environment: str) -> Response:
        """List the environments that admit the caller; what they run, where that may be seen."""
        _query()
        person = self.calls.enter(environment, person_of, write=False)
        with self.directory.control.read() as tx:
            rows = list_environments(tx)
        if not self.inside.leads(environment, person):
            rows = [row for row in rows if row.name == environment]
        shown = [found for row in rows if (found := self._shown(row, person)) is not None]
        return answer(encode({"environments": shown}))

    def environment(self, environment: str, named: str) -> Response:
        """Show one environment: what it runs and what lies in it."""
        return self._tell(
            environment, named, lambda i, name: {**details_of(i, name), **status_of(i, name)}
        )

    def versions(self, environment: str, named: str) -> Response:
        """List versions of a configuration, newest first; `before` goes on with older ones."""
        given = _query("limit", "before")
        limit = read_whole(given, "limit", default=DEFAULT_VERSIONS, least=1, most=MAX_VERSIONS)
        before = read_whole(given, "before", default=NEWEST, least=0, most=NEWEST)
        who = self._who(environment, named)
        found = log_of(installation_of(self.directory, who), named, limit=limit, before=before)
        versions = [_version(one) for one in _listed(found)]
        return answer(encode({"versions": versions, "deployments": found["deployments"]}))

    def tree(self, environment: str, named: str) -> Response:
        """Give the components of a version: digests, or `content` stored or files."""
        given = _query("version", "content")
        content = read_choice(given, "content", CONTENTS) or CONTENTS[0]
        version = read_whole(given, "version", default=NEWEST, least=0, most=NEWEST)
        who = self._who(environment, named)
        tree = tree_of(who.environment, None if version == NEWEST else version)
        headers = {"ETag": f'"{tree.digest}"', "Cache-Control": "private, no-cache"}
        if request.if_none_match.contains(tree.digest):
            return Response(status=NOT_MODIFIED, headers=headers)
        return answer(encode(tree.as_json(content)), headers=headers)

    def blame(self, environment: str, named: str) -> Response:
        """Say which version made each property of `component` what it is."""
        component = _query("component").get("component", "")
        who = self._who(environment, named)
        if not component:
            message = "`component` says of what, for example field:deal.amount."
            error = FieldError(field="component", code="Q206", message=message)
            raise RequestInvalid(message, code="Q206", errors=(error,))
        return answer(encode(blame_of(installation_of(self.directory, who), named, component)))

    def drift(self, environment: str, named: str) -> Response:
        """Tell of direct changes, tables that differ and values that are missing."""
        return self._tell(environment, named, drift_of)

    def policy(self, environment: str, named: str) -> Response:
        """Tell what a change of an environment needs."""
        return self._tell(environment, named, policy_of)

    def values(self, environment: str, named: str) -> Response:
        """Give the values of declared variables; of secrets only whether they are set."""
        digest = _query("plan").get("plan", "")
        who = self._who(environment, named)
        known = find_known(who.environment.database, digest) if digest else None
        if digest and known is None:
            raise no_such_plan(digest)
        plan = None if known is None else known.plan
        return answer(encode(values_of(installation_of(self.directory, who), named, plan)))

    def _tell(self, environment: str, named: str, tell: Tell) -> Response:
        _query()
        who = self._who(environment, named)
        return answer(encode(tell(installation_of(self.directory, who), named)))

    def _who(self, environment: str, named: str) -> Who:
        return self.inside.who(environment, named, "Seeing a configuration", *SEES)

    def _shown(self, row: EnvironmentRow, person: int) -> dict[str, object] | None:
        credential = self.inside.credential(row.name, person)
        if credential is None:
            return None
        opened = self.directory.open(row.name)

        def work(session: Session) -> tuple[int, bool]:
            access = session.unit.access
            return session.snapshot.version, bool(access.permissions & set(SEES))

        version, sees = run(opened, credential, work, write=False)
        shown: dict[str, object] = {"name": row.name, "kind": row.kind, "parent": row.parent}
        shown["version"] = version
        if not sees:
            return shown
        installation = Installation(self.directory.settings, opened=self.directory)
        more = status_of(installation, row.name)
        return {**shown, **{name: more[name] for name in ("tree", "components", "changes")}}


def installation_of(directory: Environments, who: Who) -> Installation:
    """Give the installation, with the caller as who acts."""
    return Installation(directory.settings, who.email, opened=directory)


def _query(*known: str) -> dict[str, str]:
    return read_query(request.environ.get("QUERY_STRING", ""), known)


def _listed(log: Mapping[str, object]) -> list[dict[str, object]]:
    versions = log["versions"]
    assert isinstance(versions, list)  # as `log_of` gives it
    return versions


def _version(version: dict[str, object]) -> dict[str, object]:
    names = {"tree": "digest", "actor": "by"}  # as addresses have always called them
    return {names.get(name, name): value for name, value in version.items()}
