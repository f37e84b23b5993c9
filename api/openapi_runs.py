"""The OpenAPI description of runs and of buttons. Pure."""

from __future__ import annotations

from api.openapi_parts import ERRORS
from api.schemas import Described, Json

_ID: Json = {"$ref": "#/components/parameters/id"}
_KEY: Json = {"$ref": "#/components/parameters/idempotency_key"}
_TEXT: Json = {"type": "string"}
_WORD: Json = {"type": ["string", "null"]}
_WHEN: Json = {"type": ["string", "null"], "format": "date-time"}
_VALUES: Json = {"type": "object", "description": "what the caller may read of it"}
_STATE: Json = {"type": "string", "enum": ["waiting", "done", "failed", "cancelled"]}
_STEP: Json = {
    "type": "object",
    "properties": {
        "number": {"type": "integer"},
        "step": {"type": "string", "description": "its name; `more.mark` came by a call of `more`"},
        "action": {"type": "string", "description": "set, create, email, wait and so on"},
        "object": _TEXT,
        "record": {"type": ["integer", "null"], "description": "null: one you do not see"},
        "state": {"type": "string", "enum": ["done", "failed", "undone"]},
        "at": _WHEN,
        "input": _VALUES,
        "output": _VALUES,
        "error": _WORD,
    },
}
RUN_SCHEMA: Json = {
    "type": "object",
    "description": "a run of the steps of a workflow, an approval or a deadline on one record",
    "properties": {
        "id": {"type": "integer"},
        "component": {"type": "string", "description": "workflow:hot_deal_alert"},
        "workflow": _WORD,
        "object": _TEXT,
        "record": {"type": "integer"},
        "cause": {"type": "string", "description": "created, updated, at, every, button and so on"},
        "state": _STATE,
        "waits_for": {"type": ["string", "null"], "description": "time, condition, approval:7"},
        "due_at": _WHEN,
        "actor": {"type": "integer", "description": "the user in whose name it runs"},
        "version": {"type": "integer", "description": "of the configuration, when it began"},
        "started_at": _WHEN,
        "ended_at": _WHEN,
        "code": _WORD,
        "error": _WORD,
        "input": _VALUES,
        "steps": {"type": "array", "items": _STEP, "description": "of one run alone"},
    },
}
_RUN: Json = {"$ref": "#/components/schemas/_run"}


def button_paths(described: Described) -> Json:
    """Describe the buttons of one object that the caller may read."""
    name, label = described["object"], described["label"]
    pressed = _operation(f"press_{name}", f"Run the workflow of a button: {label}", name)
    action: Json = {"name": "action", "in": "path", "required": True, "schema": _TEXT}
    pressed["parameters"] = [_ID, action, _KEY]
    return {f"/records/{name}/{{id}}/actions/{{action}}": {"post": pressed}}


def run_paths() -> Json:
    """Describe the routes of runs."""
    listed = _operation("list_runs", "Runs, the newest first")
    names = {"record": "integer", "state": "string", "workflow": "string", "component": "string"}
    more = {"limit": "integer", "after": "integer"}
    listed["parameters"] = [
        {"name": name, "in": "query", "schema": {"type": kind}}
        for name, kind in {**names, **more}.items()
    ]
    answer = {"runs": {"type": "array", "items": _RUN}, "next": {"type": ["integer", "null"]}}
    listed["responses"]["200"] = _ok({"type": "object", "properties": answer})
    one = _operation("get_run", "A run with its steps")
    one["parameters"] = [_ID]
    paths: Json = {"/runs": {"get": listed}, "/runs/{id}": {"get": one}}
    for deed, said in {"retry": "Go on with a failed run", "cancel": "End a run"}.items():
        done = _operation(f"{deed}_run", said)
        done["parameters"] = [_ID, _KEY]
        paths[f"/runs/{{id}}/{deed}"] = {"post": done}
    return paths


def _operation(id: str, summary: str, tag: str = "runs") -> Json:
    answers = {**ERRORS, "200": _ok(_RUN)}
    return {"operationId": id, "summary": summary, "tags": [tag], "responses": answers}


def _ok(schema: Json) -> Json:
    return {"description": "OK", "content": {"application/json": {"schema": schema}}}
