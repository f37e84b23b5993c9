"""The routes of signed-in browsers: one's own, seen and ended from a program."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from api.answers import answer, encode
from api.calls import Calls
from api.managers import manager_of
from api.queries import read_id, read_query
from engine.clock import SystemClock
from engine.people import list_sessions, revoke_session, revoke_sessions
from engine.snapshots import Environments
from engine.store.platform.sessions import SessionRow

NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class SessionRoutes:
    """Views of /sessions. They belong to the person, whatever environment is asked."""

    calls: Calls
    environments: Environments

    def list(self, environment: str) -> Response:
        """List the browsers in which the caller is signed in."""
        read_query(request.environ.get("QUERY_STRING", ""), ())
        caller = self.calls.enter(environment, manager_of, write=False)
        found = list_sessions(self.environments.control, caller.person, at=SystemClock().now())
        return answer(encode({"sessions": [_shape(session) for session in found]}))

    def end(self, environment: str, id: str) -> Response:
        """Sign one of them out."""
        number = read_id(id)
        caller = self.calls.enter(environment, manager_of, write=False)
        revoke_session(
            self.environments.control,
            caller.person,
            number,
            at=SystemClock().now(),
            actor=caller.email,
        )
        return answer(b"", NO_CONTENT)

    def end_all(self, environment: str) -> Response:
        """Sign all of them out; tells how many there were."""
        read_query(request.environ.get("QUERY_STRING", ""), ())
        caller = self.calls.enter(environment, manager_of, write=False)
        count = revoke_sessions(
            self.environments.control, caller.person, at=SystemClock().now(), actor=caller.email
        )
        return answer(encode({"ended": count}))


def _shape(session: SessionRow) -> dict[str, object]:
    return {
        "id": session.id,
        "created_at": session.created_at,
        "seen_at": session.seen_at,
        "expires_at": session.expires_at,
        "address": session.address,
        "device": session.device,
    }
