"""The route that tries a changed workflow or rule on existing records, without effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response, request

from api.bodies import read_object
from api.calls import Calls, Outcome
from api.headers import body_is_lines, read_body
from api.queries import read_query
from deploy_tool.designing import Edit, propose_edit
from deploy_tool.sources.checking import refusal
from deploy_tool.sources.trees import read_running
from engine.errors import FieldError, RequestInvalid
from engine.locale import say
from engine.names import ComponentKey
from engine.saving.explaining.simulating import MOST_RECORDS, Difference, Result, Simulation
from engine.saving.explaining.tracing import ensure_may_ask
from engine.session import Session
from engine.source.sheets import edited_text

KEYS = ("component", "text", "data", "limit")
View = Callable[..., Response]


def simulation_routes(calls: Calls) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that tries what is not published."""
    return (("POST", "/simulations", SimulationRoutes(calls).simulate, "metadata"),)


@dataclass(frozen=True, slots=True)
class SimulationRoutes:
    """Views of /simulations."""

    calls: Calls

    def simulate(self, environment: str) -> Response:
        """Try a workflow or validation rule on existing records; nothing is written or sent."""
        body = _body()
        key, limit = ComponentKey(str(body.get("component", ""))), _limit(body)
        text, data = _wanted(body)

        def work(session: Session) -> Outcome:
            ensure_may_ask(session.unit)
            running = read_running(session.unit.tx)
            said = text if data is None else edited_text(running.tree, key, data)
            edit = Edit(key=key, text=said, base=running.tree)
            proposal = propose_edit(running.tree, edit, session.snapshot.model)
            if proposal.model is None or proposal.errors:
                raise refusal(proposal.errors, "nothing was tried")
            found = session.tracing.simulate(proposal.model, proposal.key, limit=limit)
            return Outcome(value=_simulation(found))

        return self.calls.read(environment, work)


def _body() -> Mapping[str, object]:
    read_query(request.environ.get("QUERY_STRING", ""), ())
    body_is_lines()
    body = read_object(read_body())
    unknown = sorted(body.keys() - set(KEYS))
    if unknown:
        hint = f"it takes {', '.join(KEYS)}"
        raise RequestInvalid(f'There is no "{unknown[0]}" here.', code="Q111", hint=hint)
    kind, _, name = str(body.get("component", "")).partition(":")
    if kind not in {"workflow", "validation_rule"} or not name:
        raise _wrong("component", say("It names a workflow or validation rule: workflow:NAME."))
    return body


def _wanted(body: Mapping[str, object]) -> tuple[str, Mapping[str, object] | None]:
    """Give what the component shall say: its YAML as the designer shows it, or its data."""
    text, data = body.get("text"), body.get("data")
    if isinstance(text, str) and data is None:
        return text, None
    if isinstance(data, Mapping) and text is None:
        return "", data
    raise _wrong("text", say("Say what the component shall be, in `text` or in `data`."))


def _limit(body: Mapping[str, object]) -> int:
    value = body.get("limit", MOST_RECORDS)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_RECORDS:
        return value
    raise _wrong("limit", say("Between 1 and {most:group} records.", most=MOST_RECORDS))


def _wrong(field: str, message: str) -> RequestInvalid:
    error = FieldError(field=field, code="Q111", message=message)
    return RequestInvalid(message, code="Q111", errors=(error,))


def _simulation(found: Simulation) -> dict[str, object]:
    return {
        "component": found.component,
        "object": found.object,
        "looked_at": found.looked_at,
        "is_all": found.is_all,
        "before": found.before,
        "after": found.after,
        "changed": found.changed,
        "differences": [_difference(one) for one in found.differences],
    }


def _difference(one: Difference) -> dict[str, object]:
    return {
        "id": one.record,
        "title": one.title,
        "before": _result(one.before),
        "after": _result(one.after),
    }


def _result(one: Result) -> dict[str, object]:
    return {"outcome": one.outcome or None, "sets": dict(one.sets), "does": list(one.does)}
