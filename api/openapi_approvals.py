"""The OpenAPI description of approvals. Pure."""

from __future__ import annotations

from api.openapi_parts import ERRORS
from api.schemas import Described, Json

_ID: Json = {"$ref": "#/components/parameters/id"}
_WHEN: Json = {"type": ["string", "null"], "format": "date-time"}
_WHO: Json = {"type": ["integer", "null"], "description": "the id of a user"}
_TEXT: Json = {"type": "string"}
_BODY: Json = {
    "type": "object",
    "properties": {
        "comment": {"type": ["string", "null"], "maxLength": 4000},
        "approval": {
            "type": ["string", "null"],
            "description": "which approval is meant, where the record may wait for several",
        },
    },
    "additionalProperties": False,
}
_ASKED: Json = {
    "type": "object",
    "properties": {
        "user": {"type": "integer"},
        "name": _TEXT,
        "step": _TEXT,
        "round": {"type": "integer", "description": "counts the steps that were entered"},
        "why": {"type": "string", "enum": ["approver", "nobody", "escalated"]},
        "asked_at": _WHEN,
        "answer": {"type": ["string", "null"], "enum": ["approved", "rejected", None]},
        "answered_by": _WHO,
        "answered_at": _WHEN,
        "comment": _TEXT,
    },
}
APPROVAL_SCHEMA: Json = {
    "type": "object",
    "description": "a request for approval",
    "properties": {
        "id": {"type": "integer"},
        "object": _TEXT,
        "record": {"type": "integer"},
        "approval": _TEXT,
        "label": _TEXT,
        "status": {"type": "string", "enum": ["pending", "approved", "rejected", "recalled"]},
        "step": {"type": ["string", "null"]},
        "locked": {"type": "boolean", "description": "nobody changes the record meanwhile"},
        "submitted_by": _WHO,
        "helper": {**_WHO, "description": "who worked as them when it was submitted"},
        "submitted_at": _WHEN,
        "comment": _TEXT,
        "ended_by": _WHO,
        "ended_at": _WHEN,
        "ended_comment": _TEXT,
        "steps": {
            "type": "array",
            "items": {"type": "object", "properties": {"step": _TEXT, "label": _TEXT}},
        },
        "asked": {"type": "array", "items": _ASKED},
        "may": {
            "type": "array",
            "items": {"type": "string", "enum": ["approve", "reject", "recall"]},
            "description": "what the caller may do now",
        },
        "record_name": {"type": "string", "description": "in lists"},
    },
}
_ABSENCE: Json = {
    "type": "object",
    "properties": {
        "away": {"type": "boolean"},
        "since": _WHEN,
        "until": _WHEN,
        "delegate": _WHO,
        "delegate_name": _TEXT,
    },
}
_ABSENCE_BODY: Json = {
    "type": "object",
    "properties": {
        "delegate": {
            "type": ["integer", "string", "null"],
            "description": "the id or the e-mail of who decides; left out: the one named before",
        },
        "since": {**_WHEN, "description": "left out: now"},
        "until": {**_WHEN, "description": "left out: until you say that you are there again"},
    },
    "additionalProperties": False,
}
_REQUEST: Json = {"$ref": "#/components/schemas/_approval"}
_REQUESTS: Json = {"type": "array", "items": _REQUEST}


def approval_paths(described: Described) -> Json:
    """Describe these routes for one object that the caller may read."""
    name, label = described["object"], described["label"]
    record = f"/records/{name}/{{id}}"
    said = {
        "submit": "Submit for approval",
        "approve": "Approve",
        "reject": "Reject",
        "recall": "Recall the request",
    }
    paths: Json = {
        f"{record}/{deed}": {"post": _operation(f"{deed}_{name}", f"{summary}: {label}", name)}
        for deed, summary in said.items()
    }
    listed = _answer(f"list_approvals_{name}", f"Requests for approval: {label}", name)
    listed["parameters"] = [_ID]
    listed["responses"]["200"] = _ok({"type": "object", "properties": {"approvals": _REQUESTS}})
    paths[f"{record}/approvals"] = {"get": listed}
    return paths


def waiting_paths() -> Json:
    """Describe what waits for the caller, whatever it is about."""
    listed = _answer(
        "list_approvals", "What you are to decide, and what you submitted", "approvals"
    )
    properties = {"to_decide": _REQUESTS, "submitted": _REQUESTS}
    listed["responses"]["200"] = _ok({"type": "object", "properties": properties})
    return {"/approvals": {"get": listed}, "/absence": _absence()}


def _absence() -> Json:
    """Describe how somebody says that they are away."""
    said = {
        "get": "Whether you are away, and who decides in your place",
        "put": "Say that you are away",
        "delete": "Say that you are there again",
    }
    paths: Json = {}
    for method, summary in said.items():
        paths[method] = _answer(f"{method}_absence", summary, "approvals")
        paths[method]["responses"]["200"] = _ok(_ABSENCE)
    body = {"application/json": {"schema": _ABSENCE_BODY}}
    paths["put"]["requestBody"] = {"required": True, "content": body}
    return paths


def _operation(id: str, summary: str, tag: str) -> Json:
    found = _answer(id, summary, tag)
    found["parameters"] = [_ID, {"$ref": "#/components/parameters/idempotency_key"}]
    found["requestBody"] = {"required": False, "content": {"application/json": {"schema": _BODY}}}
    found["responses"]["200"] = _ok(_REQUEST)
    return found


def _answer(id: str, summary: str, tag: str) -> Json:
    return {"operationId": id, "summary": summary, "tags": [tag], "responses": {**ERRORS}}


def _ok(schema: Json) -> Json:
    return {"description": "OK", "content": {"application/json": {"schema": schema}}}
