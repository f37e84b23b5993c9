"""The routes of change sets: components of a sandbox that go together, kept under a name."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from api.answers import answer, encode
from api.bodies import read_object
from api.given import read_given
from api.headers import body_is_lines, read_body
from api.inside import SEES, Inside
from api.queries import read_query
from deploy_tool.plans.change_sets import SetWish, drop_set, keep_set, list_sets
from engine.clock import SystemClock
from engine.store.platform.change_sets import ChangeSet

CREATED, NO_CONTENT, MOST_BODY = 201, 204, 200_000
NEW = {"name": str, "reason": str, "components": list, "treatments": dict, "choices": dict}


@dataclass(frozen=True, slots=True)
class ChangeSetRoutes:
    """Views of /environments/{e}/change-sets."""

    inside: Inside

    def list(self, environment: str, named: str) -> Response:
        """List the change sets of a sandbox, by name."""
        _query()
        who = self.inside.who(environment, named, "Reading change sets", *SEES)
        return answer(encode({"change_sets": [_shape(one) for one in list_sets(who.environment)]}))

    def keep(self, environment: str, named: str) -> Response:
        """Keep components as a change set; what is not sent stays as it was in it. 201."""
        _query()
        body_is_lines()
        given = read_given(read_object(read_body(MOST_BODY)), NEW, "name", "components")
        who = self.inside.who(environment, named, "Keeping a change set", "customize", "deploy")
        wish = SetWish(
            name=given.text("name"),
            components=given.listed("components"),
            reason=given.text("reason") if "reason" in given else None,
            treatments=given.texts("treatments") if "treatments" in given else None,
            choices=given.texts("choices") if "choices" in given else None,
        )
        one = keep_set(who.environment, wish, actor=who.email, at=SystemClock().now())
        return answer(encode(_shape(one)), CREATED)

    def drop(self, environment: str, named: str, name: str) -> Response:
        """Drop a change set; the changes stay. 204."""
        _query()
        who = self.inside.who(environment, named, "Dropping a change set", "customize", "deploy")
        drop_set(who.environment, name, actor=who.email, at=SystemClock().now())
        return Response(status=NO_CONTENT)


def _query() -> None:
    read_query(request.environ.get("QUERY_STRING", ""), ())


def _shape(one: ChangeSet) -> dict[str, object]:
    return {
        "name": one.name,
        "reason": one.reason,
        "components": list(one.components),
        "treatments": dict(one.treatments),
        "choices": dict(one.choices),
        "by": one.actor,
        "at": one.at,
    }
