"""The routes that say why: traces of saves, the switches that keep them, and "why not"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, request

from api.bodies import read_object
from api.calls import Calls, Outcome
from api.headers import body_is_lines, read_body
from api.queries import read_id, read_query
from engine.compiled import Switch
from engine.errors import FieldError, RequestInvalid
from engine.locale import say
from engine.saving.explaining.answers import Point, Someone, Why
from engine.saving.explaining.criteria import Part
from engine.session import Session
from engine.store.platform.traces import TraceRow

RECORD = "/records/<object>/<id>"
SWITCH_KEYS = ("user", "record", "minutes")
MOST_MINUTES = 7 * 24 * 60
View = Callable[..., Response]


def trace_routes(calls: Calls) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that says why."""
    routes = TraceRoutes(calls)
    return (
        ("GET", f"{RECORD}/traces", routes.of_record, "read"),
        ("GET", f"{RECORD}/why", routes.why, "read"),
        ("GET", "/traces", routes.newest, "metadata"),
        ("POST", "/traces/switches", routes.switch, "metadata"),
        ("DELETE", "/traces/switches", routes.switch_off, "metadata"),
    )


@dataclass(frozen=True, slots=True)
class TraceRoutes:
    """Views of /records/{object}/{id}/traces|why and /traces."""

    calls: Calls

    def of_record(self, environment: str, object: str, id: str) -> Response:
        """List the traces of a record, the newest first: what was looked at, and why."""
        _query()
        record = read_id(id)
        return self.calls.read(
            environment, lambda s: Outcome(value=_traces(s.tracing.of_record(object, record)))
        )

    def why(self, environment: str, object: str, id: str) -> Response:
        """Say what a component makes of a record, upon which values, and whom it means."""
        record, component = read_id(id), _query("component").get("component", "")
        return self.calls.read(
            environment, lambda s: Outcome(value=_why(s.tracing.why(object, record, component)))
        )

    def newest(self, environment: str) -> Response:
        """List the newest traces, or those of one request, and the switches that are on."""
        wanted = _query("request").get("request", "")

        def work(session: Session) -> Outcome:
            found = session.tracing.newest(request=wanted)
            switches = [_switch(one) for one in session.tracing.switches()]
            return Outcome(value={**_traces(found), "switches": switches})

        return self.calls.read(environment, work)

    def switch(self, environment: str) -> Response:
        """Keep traces of a user or a record for some minutes; answers with the switches."""
        body = _body()
        user, record, length = _number(body, "user"), _number(body, "record"), _minutes(body)
        if (user is None) == (record is None):
            message = say("A trace is kept of a user or of a record: name one of them.")
            raise RequestInvalid(message, code="Q111")

        def work(session: Session) -> Outcome:
            until = session.unit.now + length
            session.tracing.switch_on(Switch(until=until, user=user, record=record))
            return Outcome(value={"switches": [_switch(one) for one in session.tracing.switches()]})

        return self.calls.write(environment, work)

    def switch_off(self, environment: str) -> Response:
        """End all switches; 204."""
        _query()

        def work(session: Session) -> Outcome:
            session.tracing.switch_off()
            return Outcome(status=204)

        return self.calls.write(environment, work)


def _query(*known: str) -> Mapping[str, str]:
    return read_query(request.environ.get("QUERY_STRING", ""), known)


def _body() -> Mapping[str, object]:
    _query()
    body_is_lines()
    body = read_object(read_body())
    unknown = sorted(body.keys() - set(SWITCH_KEYS))
    if unknown:
        hint = f"it takes {', '.join(SWITCH_KEYS)}"
        raise RequestInvalid(f'There is no "{unknown[0]}" here.', code="Q111", hint=hint)
    return body


def _number(body: Mapping[str, object], key: str) -> int | None:
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53:
        return value
    message = say("This is no id.")
    error = FieldError(field=key, code="Q111", message=message)
    raise RequestInvalid(message, code="Q111", errors=(error,))


def _minutes(body: Mapping[str, object]) -> timedelta:
    value = body.get("minutes", 60)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_MINUTES:
        return timedelta(minutes=value)
    message = say("Between 1 and {most:group} minutes.", most=MOST_MINUTES)
    error = FieldError(field="minutes", code="Q111", message=message)
    raise RequestInvalid(message, code="Q111", errors=(error,))


def _traces(rows: list[TraceRow]) -> dict[str, object]:
    return {"traces": [_trace(row) for row in rows]}


def _trace(row: TraceRow) -> dict[str, object]:
    entries = [{**entry, "criteria": _part(entry["criteria"])} for entry in row.entries]
    return {
        "id": row.id,
        "at": row.at,
        "actor": row.actor,
        "object": row.object,
        "record": row.record,
        "version": row.version,
        "outcome": row.outcome,
        "request": row.request or None,
        "microseconds": row.took,
        "looked_at": entries,
    }


def _why(told: Why) -> dict[str, object]:
    return {
        "component": told.component,
        "label": told.label,
        "trigger": told.trigger or None,
        "event": told.event,
        "outcome": told.outcome,
        "waits_for": list(told.waits_for),
        "criteria": _part(told.criteria),
        "points": [_point(one) for one in told.points],
        "state": told.state or None,
        "since": told.since,
        "due_at": told.due_at,
    }


def _point(point: Point) -> dict[str, object]:
    return {
        "name": point.name,
        "label": point.label or None,
        "outcome": point.outcome,
        "criteria": _part(point.criteria),
        "people": [_someone(one) for one in point.people],
    }


def _someone(one: Someone) -> dict[str, object]:
    return {"by": one.by or None, "user": one.user, "name": one.name, "outcome": one.outcome}


def _part(part: object) -> dict[str, object] | None:
    if not isinstance(part, Part):
        return None
    return {
        "text": part.text,
        "sign": part.sign or None,
        "held": part.held,
        "values": dict(part.values),
        "parts": [_part(one) for one in part.parts],
        "reason": part.reason or None,
    }


def _switch(one: Switch) -> dict[str, object]:
    return {"user": one.user, "record": one.record, "until": one.until}
