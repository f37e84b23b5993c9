"""The OpenAPI description of people, tokens, sessions and the audit. Data only."""

from __future__ import annotations

from api.openapi_parts import ERRORS
from api.schemas import Json
from engine.people.tokens import SCOPES

_TEXT: Json = {"type": "string"}
_INSTANT: Json = {"type": ["string", "null"], "format": "date-time"}
_NAMES: Json = {"type": "array", "items": _TEXT}
_ID: Json = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
_EMAIL: Json = {"name": "email", "in": "path", "required": True, "schema": _TEXT}
_SCOPES: Json = {"type": "array", "items": {"type": "string", "enum": list(SCOPES)}}

_PERSON: Json = {
    "type": "object",
    "required": ["email", "name", "user", "role", "permission_sets", "active", "service"],
    "properties": {
        "email": _TEXT,
        "name": _TEXT,
        "user": {"type": "integer"},
        "role": {"type": ["string", "null"]},
        "permission_sets": _NAMES,
        "active": {"type": "boolean"},
        "service": {"type": "boolean"},
    },
}
_TOKEN: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "label": _TEXT,
        "scopes": _SCOPES,
        "created_at": _INSTANT,
        "expires_at": _INSTANT,
        "revoked_at": _INSTANT,
        "last_used_at": _INSTANT,
        "token": {"type": "string", "description": "only in the answer that makes it"},
    },
}
_SESSION: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "created_at": _INSTANT,
        "seen_at": _INSTANT,
        "expires_at": _INSTANT,
        "address": _TEXT,
        "device": _TEXT,
    },
}
_LINE: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "at": _INSTANT,
        "actor": _TEXT,
        "action": _TEXT,
        "target": _TEXT,
        "detail": {"type": "object"},
        "sealed": {"type": "boolean"},
    },
}
_NEW_PERSON: Json = {
    "type": "object",
    "required": ["email"],
    "additionalProperties": False,
    "properties": {
        "email": _TEXT,
        "name": _TEXT,
        "role": _TEXT,
        "permission_sets": _NAMES,
        "service": {"type": "boolean"},
    },
}
_CHANGE: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "role": {"type": ["string", "null"]},
        "permission_sets": _NAMES,
        "active": {"type": "boolean"},
    },
}
_REASON: Json = {
    "type": "object",
    "required": ["reason"],
    "additionalProperties": False,
    "properties": {"reason": {"type": "string", "minLength": 3, "maxLength": 500}},
}
_NEW_TOKEN: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "label": _TEXT,
        "days": {"type": "integer", "minimum": 1, "maximum": 3660, "default": 90},
        "scopes": _SCOPES,
        "email": {"type": "string", "description": "of a service account that you manage"},
    },
}
_SEARCH = ("action", "actor", "target", "since", "until", "log", "limit", "before")


def people_paths() -> Json:
    """Give the paths: the same for every caller, who is refused where rights are missing."""
    gone = {"204": {"description": "Ended"}}
    return {
        "/people": {
            "get": _of(
                "list_people", "Members", _page("people", _PERSON), query=("limit", "after")
            ),
            "post": _of("create_person", "Let somebody in", _one(_PERSON, "201"), body=_NEW_PERSON),
        },
        "/people/{email}": {
            "parameters": [_EMAIL],
            "get": _of("read_person", "One member", _one(_PERSON)),
            "patch": _of("change_person", "Change a member", _one(_PERSON), body=_CHANGE),
        },
        "/people/{email}/reset-second-factor": {
            "parameters": [_EMAIL],
            "post": _of("reset_second_factor", "Reset a second factor", gone, body=_REASON),
        },
        "/tokens": {
            "get": _of("list_tokens", "Your tokens", _all("tokens", _TOKEN), query=("email",)),
            "post": _of("create_token", "Make a token", _one(_TOKEN, "201"), body=_NEW_TOKEN),
        },
        "/tokens/{id}": {"parameters": [_ID], "delete": _of("revoke_token", "End a token", gone)},
        "/sessions": {
            "get": _of("list_sessions", "Your browsers", _all("sessions", _SESSION)),
            "delete": _of("end_sessions", "Sign all of them out", _one({"type": "object"})),
        },
        "/sessions/{id}": {
            "parameters": [_ID],
            "delete": _of("end_session", "Sign one of them out", gone),
        },
        "/audit": {
            "get": _of("search_audit", "The audit", _page("lines", _LINE), query=_SEARCH),
        },
    }


def _of(
    id: str, summary: str, answers: Json, *, query: tuple[str, ...] = (), body: Json | None = None
) -> Json:
    found: Json = {"operationId": id, "summary": summary, "tags": ["people"]}
    if query:
        found["parameters"] = [{"name": name, "in": "query", "schema": _TEXT} for name in query]
    if body is not None:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": body}},
        }
    return {**found, "responses": {**answers, **ERRORS}}


def _one(schema: Json, status: str = "200") -> Json:
    return {status: {"description": "OK", "content": {"application/json": {"schema": schema}}}}


def _all(name: str, schema: Json) -> Json:
    items = {"type": "array", "items": schema}
    return _one({"type": "object", "required": [name], "properties": {name: items}})


def _page(name: str, schema: Json) -> Json:
    following: Json = {"type": ["string", "integer", "null"]}
    items = {"type": "array", "items": schema}
    return _one(
        {
            "type": "object",
            "required": [name, "next"],
            "properties": {name: items, "next": following},
        }
    )
