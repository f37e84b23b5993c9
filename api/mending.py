"""The routes of what is unfinished, broken, or kept to be removed: for who deploys.

The same work as `patron resume`, `abort`, `doctor` and `purge` on the machine itself; what is gone
for good is for administrators, with the word in `accept`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, request

from api.answers import answer, encode
from api.bodies import read_object
from api.environments import installation_of
from api.given import Given, read_given
from api.headers import body_is_lines, read_body
from api.inside import Inside, Who
from api.queries import read_query
from deploy_tool.exits import Exit
from deploy_tool.here_mending import LocalMending
from engine.errors import AccessDenied, DeploymentFailed

MOST_BODY = 1_000
PURGE = {"accept": list, "due": bool}
WORD = "purge"


@dataclass(frozen=True, slots=True)
class MendingRoutes:
    """Views of /environments/{e}/resume, abort, doctor, retired and purge."""

    inside: Inside

    def resume(self, environment: str, named: str) -> Response:
        """Go on with a deployment whose process has died; answers with the versions it became."""
        _given({})
        mending = self._mending(self._who(environment, named, "Going on with a deployment"))
        return answer(encode({"environment": named, "versions": mending.resume(named)}))

    def abort(self, environment: str, named: str) -> Response:
        """Give up a deployment before its switch; answers with what was given up."""
        _given({})
        mending = self._mending(self._who(environment, named, "Giving up a deployment"))
        return answer(encode({"environment": named, "deployments": mending.abort(named)}))

    def examine(self, environment: str, named: str) -> Response:
        """Say what is wrong with an environment, and what helps."""
        _query()
        mending = self._mending(self._who(environment, named, "Examining an environment"))
        return answer(encode({"environment": named, "findings": mending.examine(named)}))

    def repair(self, environment: str, named: str) -> Response:
        """Repair what can be repaired; answers with what was done and what is left."""
        _given({})
        mending = self._mending(self._who(environment, named, "Repairing an environment"))
        done = mending.repair(named)
        shown = {"environment": named, "repaired": done, "findings": mending.examine(named)}
        return answer(encode(shown))

    def retired(self, environment: str, named: str) -> Response:
        """List components that are hidden with their values, and whether they are due to go."""
        _query()
        mending = self._mending(self._who(environment, named, "Reading what is retired"))
        return answer(encode({"retired": mending.retired(named)}))

    def purge(self, environment: str, named: str) -> Response:
        """Remove retired components with their values for good: those due, or all on the word."""
        given = _given(PURGE)
        who = self._who(environment, named, "Removing components for good")
        if not who.is_administrator:
            message = f"What is retired in {named} is removed for good by its administrators."
            raise AccessDenied(message, hint="the worker removes what the policy says is over")
        only_due = given.truth("due")
        if not only_due and WORD not in given.listed("accept"):
            raise _not_meant(named)
        gone = self._mending(who).purge(named, only_due=only_due)
        return answer(encode({"purged": gone}))

    def _who(self, environment: str, named: str, what: str) -> Who:
        return self.inside.who(environment, named, what, "deploy")

    def _mending(self, who: Who) -> LocalMending:
        return LocalMending(installation_of(self.inside.directory, who))


def _not_meant(named: str) -> DeploymentFailed:
    return DeploymentFailed(
        message="These values cannot be brought back; nothing was removed.",
        code="D101",
        exit_code=Exit.CONSENT_MISSING,
        status=409,
        hint=f'"accept": ["{WORD}"] means all that is retired in {named}, "due": true what is due',
    )


def _query() -> None:
    read_query(request.environ.get("QUERY_STRING", ""), ())


def _given(kinds: Mapping[str, type]) -> Given:
    _query()
    body_is_lines()
    raw = read_body(MOST_BODY)
    return read_given(read_object(raw) if raw else {}, kinds)
