"""The OpenAPI description of notifications and of the outbox. Data only."""

from __future__ import annotations

from api.openapi_parts import ERRORS
from api.schemas import Json
from engine.store.platform.outbox_shelf import STATES

_TEXT: Json = {"type": "string"}
_MAYBE: Json = {"type": ["string", "null"]}
_WHOLE: Json = {"type": "integer"}
_NUMBER: Json = {"type": ["integer", "null"]}
_INSTANT: Json = {"type": ["string", "null"], "format": "date-time"}
_ID: Json = {"name": "id", "in": "path", "required": True, "schema": _WHOLE}
_LIMIT: Json = {
    "name": "limit",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
}
_BEFORE: Json = {"name": "before", "in": "query", "schema": _WHOLE}
_UNREAD: Json = {"name": "unread", "in": "query", "schema": {"type": "boolean"}}
_STATE: Json = {
    "name": "state",
    "in": "query",
    "schema": {"type": "string", "enum": list(STATES), "default": "dead"},
}
_NOTIFICATION: Json = {
    "type": "object",
    "properties": {
        "id": _WHOLE,
        "text": _TEXT,
        "object": _MAYBE,
        "record": _NUMBER,
        "at": _INSTANT,
        "read": {"type": "boolean"},
    },
}
_NOTIFICATIONS: Json = {
    "type": "object",
    "properties": {
        "notifications": {"type": "array", "items": _NOTIFICATION},
        "unread": {"type": "integer", "description": "counted up to 1,000"},
        "next": _NUMBER,
    },
}
_EFFECT: Json = {
    "type": "object",
    "properties": {
        "id": _WHOLE,
        "kind": _TEXT,
        "to": _MAYBE,
        "subject": _MAYBE,
        "record": _NUMBER,
        "key": _TEXT,
        "state": {"type": "string", "enum": list(STATES)},
        "attempts": _WHOLE,
        "due_at": _INSTANT,
        "created_at": _INSTANT,
        "finished_at": _INSTANT,
        "error": _MAYBE,
        "payload": {"type": "object", "description": "of one effect, not in lists"},
    },
}
_EFFECTS: Json = {
    "type": "object",
    "properties": {
        "effects": {"type": "array", "items": _EFFECT},
        "counts": {"type": "object", "additionalProperties": _WHOLE},
        "next": _NUMBER,
    },
}
_CHANGED: Json = {"type": "object", "properties": {"changed": _WHOLE}}


def effect_paths() -> Json:
    """Describe these routes; each answers with what the caller's permissions open."""
    return {
        "/notifications": {
            "get": _operation(
                "list_notifications",
                "Your notifications",
                _NOTIFICATIONS,
                _LIMIT,
                _BEFORE,
                _UNREAD,
            )
        },
        "/notifications/read": {"post": _operation("read_notifications", "All are read", None)},
        "/notifications/{id}/read": {
            "post": _operation("read_notification", "One is read", None, _ID)
        },
        "/outbox": {
            "get": _operation(
                "list_outbox", "What leaves the system", _EFFECTS, _STATE, _LIMIT, _BEFORE
            )
        },
        "/outbox/{id}": {"get": _operation("read_effect", "One effect", _EFFECT, _ID)},
        "/outbox/replay": {
            "post": _operation("replay_outbox", "Try everything dead again", _CHANGED)
        },
        "/outbox/{id}/replay": {
            "post": _operation("replay_effect", "Try a dead effect again", _CHANGED, _ID)
        },
        "/outbox/{id}/discard": {
            "post": _operation("discard_effect", "Give a dead effect up", _CHANGED, _ID)
        },
    }


def _operation(id: str, summary: str, schema: Json | None, *parameters: Json) -> Json:
    answers: Json = {"204": {"description": "Done"}, **ERRORS}
    if schema is not None:
        content = {"application/json": {"schema": schema}}
        answers = {"200": {"description": "OK", "content": content}, **ERRORS}
    found: Json = {"operationId": id, "summary": summary, "tags": ["effects"]}
    found["responses"] = answers
    if parameters:
        found["parameters"] = list(parameters)
    return found
