"""The OpenAPI description of why things happened, and what would happen. Pure."""

from __future__ import annotations

from api.openapi_parts import ERRORS
from api.schemas import Described, Json

_ID: Json = {"$ref": "#/components/parameters/id"}
_ANYTHING: Json = {"application/json": {"schema": {"type": "object"}}}


def trace_paths() -> Json:
    """Describe the routes of traces and simulations."""
    off = _operation("switch_tracing_off", "End all switches")
    off["responses"] = {**ERRORS, "204": {"description": "Off"}}
    on = _operation("switch_tracing_on", "Keep traces of a user or a record", is_asked=True)
    return {
        "/traces": {"get": _operation("find_traces", "Traces of what automation did", "request")},
        "/traces/switches": {"post": on, "delete": off},
        "/simulations": {
            "post": _operation("simulate", "What a save would do, and is undone", is_asked=True)
        },
    }


def reason_paths(described: Described) -> Json:
    """Describe why things happened to one record, or did not."""
    name, label = described["object"], described["label"]
    traced = _operation(f"traces_of_{name}", f"What automation did to it, and why: {label}")
    asked = _operation(f"why_{name}", f"Why, and why not: {label}", "component")
    traced["parameters"], asked["parameters"] = [_ID], [_ID, *asked["parameters"]]
    path = f"/records/{name}/{{id}}"
    return {f"{path}/traces": {"get": traced}, f"{path}/why": {"get": asked}}


def _operation(id: str, summary: str, *queries: str, is_asked: bool = False) -> Json:
    found: Json = {
        "operationId": id,
        "summary": summary,
        "tags": ["automation"],
        "parameters": [
            {"name": query, "in": "query", "schema": {"type": "string"}} for query in queries
        ],
        "responses": {**ERRORS, "200": {"description": "OK", "content": _ANYTHING}},
    }
    return {**found, "requestBody": {"required": True, "content": _ANYTHING}} if is_asked else found
