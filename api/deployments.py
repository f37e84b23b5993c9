"""The routes of deployments: plans carried out, with their progress and how they ended."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from api.answers import answer, encode
from api.inside import SEES, Inside
from api.queries import read_id, read_query, read_whole
from deploy_tool.telling_deployments import deployment_of, summary_of
from engine.store.platform.deployments import LAST, list_deployments

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
        return answer(encode({"deployments": [summary_of(named, one) for one in found]}))

    def read(self, environment: str, id: str) -> Response:
        """Show a deployment: its plan, evidence, counts before and after, and how it ended."""
        named = _query("environment").get("environment", environment)
        who = self.inside.who(environment, named, "Reading deployments", *SEES)
        with who.environment.database.read() as tx:
            return answer(encode(deployment_of(tx, named, read_id(id))))


def _query(*known: str) -> dict[str, str]:
    return read_query(request.environ.get("QUERY_STRING", ""), known)
