"""The OpenAPI description of views that people keep for themselves. Pure."""

from __future__ import annotations

from api.openapi_parts import ERRORS
from api.schemas import Json

_OBJECT: Json = {"name": "object", "in": "path", "required": True, "schema": {"type": "string"}}
_ID: Json = {"$ref": "#/components/parameters/id"}
_KEY: Json = {"$ref": "#/components/parameters/idempotency_key"}
_TEXTS: Json = {"type": "array", "items": {"type": "string"}}
_WORD: Json = {"type": ["string", "null"]}
_SHAPES: Json = {"enum": ["table", "board", "calendar", "", None]}
_ASKS: Json = {
    "label": {"type": "string"},
    "where": {**_TEXTS, "description": "expressions that all hold"},
    "fields": {**_TEXTS, "description": "columns, in their order"},
    "sort": {**_TEXTS, "description": "with - before descending ones"},
}
OWN_VIEW_SCHEMA: Json = {
    "type": "object",
    "description": "what a list asks for, kept under a name for its owner alone",
    "properties": {"id": {"type": "integer"}, **_ASKS, "view": _WORD, "shape": _SHAPES},
}
_VIEW: Json = {"$ref": "#/components/schemas/_own_view"}


def own_view_paths() -> Json:
    """Describe the routes of views of one's own."""
    listed = _operation("list_own_views", "Your own views of an object; view=own:ID opens one")
    answer: Json = {"type": "object", "properties": {"views": {"type": "array", "items": _VIEW}}}
    listed["responses"]["200"] = _content("OK", answer)
    kept = _operation("keep_own_view", "Keep a view for yourself; one of this name is replaced")
    kept["responses"]["201"] = _content("Kept", _VIEW)
    kept["parameters"] = [_OBJECT, _KEY]
    asked: Json = {"type": "object", "required": ["label"], "additionalProperties": False}
    asked["properties"] = {**_ASKS, "view": {"type": "string"}, "shape": {"type": "string"}}
    kept["requestBody"] = {"required": True, "content": {"application/json": {"schema": asked}}}
    dropped = _operation("drop_own_view", "Forget a view of yours")
    dropped["responses"]["204"] = {"description": "Forgotten"}
    dropped["parameters"] = [_OBJECT, _ID]
    path = "/objects/{object}/views"
    return {path: {"get": listed, "post": kept}, f"{path}/{{id}}": {"delete": dropped}}


def _operation(id: str, summary: str) -> Json:
    return {
        "operationId": id,
        "summary": summary,
        "tags": ["metadata"],
        "parameters": [_OBJECT],
        "responses": dict(ERRORS),
    }


def _content(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
