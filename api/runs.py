"""The routes of runs: which there are, what each step did, trying again and cancelling; buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response, request

from api.calls import Calls, Outcome
from api.queries import read_choice, read_id, read_query, read_whole
from engine.session import Session
from engine.store.platform.runs import STATES, RunRow, StepRow, Wanted

View = Callable[..., Response]
PARAMETERS = ("record", "state", "workflow", "component", "limit", "after")
MOST, USUAL = 200, 50
BIGGEST = 2**53


def run_routes(calls: Calls) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that is about runs."""
    runs = RunRoutes(calls)
    return (
        ("GET", "/runs", runs.list, "read"),
        ("GET", "/runs/<id>", runs.get, "read"),
        ("POST", "/runs/<id>/retry", runs.retry, "records"),
        ("POST", "/runs/<id>/cancel", runs.cancel, "records"),
        ("POST", "/records/<object>/<id>/actions/<action>", runs.press, "records"),
    )


@dataclass(frozen=True, slots=True)
class RunRoutes:
    """Views of /runs and of the buttons of records."""

    calls: Calls

    def list(self, environment: str) -> Response:
        """List runs, the newest first; `next` of one page is `after` of the next."""
        given = read_query(request.query_string.decode("latin-1"), PARAMETERS)
        limit = read_whole(given, "limit", default=USUAL, least=1, most=MOST)
        wanted = _wanted(given)

        def work(session: Session) -> Outcome:
            found = session.runs.list(wanted, limit=limit + 1)
            shown = [run_json(run) for run in found[:limit]]
            after = found[limit - 1].id if len(found) > limit else None
            return Outcome(value={"runs": shown, "next": after})

        return self.calls.read(environment, work)

    def get(self, environment: str, id: str) -> Response:
        """Give a run with its steps."""
        _no_query()
        run = read_id(id)

        def work(session: Session) -> Outcome:
            shown = session.runs.get(run)
            steps = [step_json(step) for step in shown.steps]
            value = {**run_json(shown.run), "input": shown.run.input, "steps": steps}
            return Outcome(value=value)

        return self.calls.read(environment, work)

    def retry(self, environment: str, id: str) -> Response:
        """Go on with a failed run; answers with it."""
        _no_query()
        run = read_id(id)
        return self._do(environment, lambda session: session.runs.retry(run))

    def cancel(self, environment: str, id: str) -> Response:
        """End a run that waits or has failed; answers with it."""
        _no_query()
        run = read_id(id)
        return self._do(environment, lambda session: session.runs.cancel(run))

    def press(self, environment: str, object: str, id: str, action: str) -> Response:
        """Run the workflow of a button on a record; answers with the run."""
        _no_query()
        record = read_id(id)
        return self._do(environment, lambda session: session.runs.press(object, record, action))

    def _do(self, environment: str, deed: Callable[[Session], RunRow]) -> Response:
        return self.calls.write_once(
            environment, lambda session: Outcome(value=run_json(deed(session)))
        )


def run_json(run: RunRow) -> dict[str, object]:
    """Give a run as it is answered, without its input and its steps."""
    kind, _, name = run.component.partition(":")
    return {
        "id": run.id,
        "component": run.component,
        "workflow": name if kind == "workflow" else None,
        "object": run.object,
        "record": run.record,
        "cause": run.cause,
        "state": run.state,
        "waits_for": run.waits_for or None,
        "due_at": run.due_at,
        "actor": run.actor,
        "version": run.version,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "code": run.code or None,
        "error": run.error or None,
    }


def step_json(step: StepRow) -> dict[str, object]:
    """Give a step as it is answered."""
    return {
        "number": step.number,
        "step": step.step,
        "action": step.action,
        "object": step.object,
        "record": step.record or None,
        "state": step.state,
        "at": step.moment,
        "input": step.input,
        "output": step.output,
        "error": step.error or None,
    }


def _wanted(given: Mapping[str, str]) -> Wanted:
    workflow = given.get("workflow", "")
    component = f"workflow:{workflow}" if workflow else given.get("component", "")
    record = read_id(given["record"]) if "record" in given else None
    before = read_whole(given, "after", default=BIGGEST, least=1, most=BIGGEST)
    return Wanted(
        record=record,
        state=read_choice(given, "state", STATES) or "",
        component=component,
        before=before,
    )


def _no_query() -> None:
    read_query(request.query_string.decode("latin-1"), ())
