"""The route of the clocks of a record's deadlines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, request

from api.calls import Calls, Outcome
from api.queries import read_id, read_query
from engine.saving.deadlines.timing import Timing
from engine.session import Session

RECORD = "/records/<object>/<id>"
View = Callable[..., Response]


def clock_routes(calls: Calls) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that is about deadlines."""
    routes = ClockRoutes(calls)
    return (("GET", f"{RECORD}/clocks", routes.clocks, "read"),)


@dataclass(frozen=True, slots=True)
class ClockRoutes:
    """Views of /records/{object}/{id}/clocks."""

    calls: Calls

    def clocks(self, environment: str, object: str, id: str) -> Response:
        """List the clocks of a record's deadlines, the newest first."""
        read_query(request.environ.get("QUERY_STRING", ""), ())
        record = read_id(id)

        def work(session: Session) -> Outcome:
            found = session.clocks(object, record)
            return Outcome(value={"clocks": [_clock(one) for one in found]})

        return self.calls.read(environment, work)


def _clock(timing: Timing) -> dict[str, object]:
    return {
        "sla": timing.sla,
        "label": timing.label,
        "state": timing.state,
        "late": timing.is_late,
        "started_at": timing.started_at,
        "due_at": timing.due_at,
        "within_seconds": timing.within,
        "used_seconds": timing.used,
        "remaining_seconds": timing.remaining,
        "hours": timing.hours or None,
        "breached_at": timing.breached_at,
        "ended_at": timing.ended_at,
    }
