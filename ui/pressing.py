"""Buttons that run a workflow: pressed on a record's page, and what became of it.

Separate from `actions`, which says which buttons there are.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint
from werkzeug.wrappers import Response

from engine.errors import AccessDenied, Conflict, NotFound
from engine.model.fields.links import MAX_ID
from engine.session import Session
from engine.store.platform.runs import RunRow
from web.answers import go
from web.frame import show
from web.texts import say
from web.visit import visit

FAILED = "failed"


def add_pressing(blueprint: Blueprint) -> None:
    """Name the address of buttons."""
    rule = "/o/<name>/<int:record>/action/<action>"
    blueprint.add_url_rule(rule, "press", press, methods=["POST"])


def press(name: str, record: int, action: str) -> Response:
    """Run the workflow of a button and lead back to the record, or say why it did not run."""
    if not 0 < record <= MAX_ID:
        raise NotFound
    href = f"{visit().root}/o/{name}/{record}"
    try:
        run = visit().write(lambda session: session.runs.press(name, record, action))
    except (AccessDenied, Conflict) as refused:
        return _told(href, say(refused.message), status=refused.status)
    return go(href) if run.state != FAILED else _failed(href, run)


def _failed(href: str, run: RunRow) -> Response:
    problem = say("It could not be done, and nothing was changed: {code}.", code=run.code)
    return _told(href, f"{problem} {run.error}".strip(), run=run)


def _told(href: str, problem: str, *, run: RunRow | None = None, status: int = 422) -> Response:
    def work(session: Session) -> Mapping[str, object]:
        shown = run is not None and session.runs.is_over_all
        address = f"{visit().root}/setup/runs/{run.id}" if run is not None and shown else ""
        return {"problem": problem, "href": href, "run": address}

    return show("ui/action_refused.html", work, status=status)
