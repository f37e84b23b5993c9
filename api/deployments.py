"""The routes of deployments: plans carried out, with their progress and how they ended."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from flask import Response, request

from api.answers import answer, encode
from api.inside import SEES, Inside
from api.queries import read_id, read_query, read_whole
from engine.errors import NotFound
from engine.store.platform.deployments import (
    LAST,
    Deployment,
    find_deployment,
    list_deployments,
)

DEFAULT_DEPLOYMENTS, MOST_DEPLOYMENTS = 50, 1000


@dataclass(frozen=True, slots=True)
class DeploymentRoutes:
    """Views of /deployments."""

    inside: Inside

    def list(self, environment: str) -> Response:
        """List deployments, newest first; `plan` finds those of a plan by its digest."""
        given = _query("environment", "limit", "before", "plan")
        limit = read_whole(
            given, "limit", default=DEFAULT_DEPLOYMENTS, least=1, most=MOST_DEPLOYMENTS
        )
        before = read_whole(given, "before", default=LAST, least=0, most=LAST)
        named = given.get("environment", environment)
        who = self.inside.who(environment, named, "Reading deployments", *SEES)
        with who.environment.database.read() as tx:
            found = list_deployments(tx, limit=limit, before=before, digest=given.get("plan", ""))
        return answer(encode({"deployments": [_shape(named, one) for one in found]}))

    def read(self, environment: str, id: str) -> Response:
        """Show a deployment: its plan, the steps done so far, how it ended."""
        named = _query("environment").get("environment", environment)
        who = self.inside.who(environment, named, "Reading deployments", *SEES)
        with who.environment.database.read() as tx:
            found = find_deployment(tx, read_id(id))
        if found is None:
            raise NotFound(f"{named} has no deployment {id[:20]}.", code="D162")
        deployment, plan = found
        shown = _shape(named, deployment)
        return answer(encode({**shown, "planned": orjson.loads(plan)}))


def _query(*known: str) -> dict[str, str]:
    return read_query(request.environ.get("QUERY_STRING", ""), known)


def _shape(environment: str, one: Deployment) -> dict[str, object]:
    return {
        "id": one.id,
        "environment": environment,
        "plan": one.digest,
        "base": one.base_version,
        "version": one.version,
        "state": one.state,
        "steps": list(one.steps),
        "by": one.actor,
        "started_at": one.started_at,
        "finished_at": one.finished_at,
        "error": one.error,
    }
