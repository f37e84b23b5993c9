"""The OpenAPI description of sharing, handing over, converting, and "who sees what". Pure."""

from __future__ import annotations

from typing import Any

from api.openapi_parts import ERRORS
from api.schemas import Described, Json

_ID = {"$ref": "#/components/parameters/id"}
_USER = {"$ref": "#/components/parameters/user"}
_GROUP: Json = {
    "type": "object",
    "description": "one of user (an id), role, role_and_below, team, queue (their names)",
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "user": {"type": "integer", "minimum": 1},
        **{sort: {"type": "string"} for sort in ("role", "role_and_below", "team", "queue")},
    },
    "additionalProperties": False,
}
_SHARE_BODY: Json = {
    "type": "object",
    "required": ["with"],
    "properties": {
        "with": _GROUP,
        "access": {"type": "string", "enum": ["read", "edit"], "default": "read"},
        "until": {"type": ["string", "null"], "format": "date-time"},
    },
    "additionalProperties": False,
}
_TRANSFER_BODY: Json = {
    "type": "object",
    "oneOf": [{"required": ["owner"]}, {"required": ["assignment"]}],
    "properties": {
        "owner": {"type": "integer", "minimum": 1, "description": "a user or a queue"},
        "assignment": {"type": "string", "description": "an assignment chooses the owner"},
    },
    "additionalProperties": False,
}
_CONVERT_BODY: Json = {
    "type": "object",
    "properties": {
        "to": {
            "type": "object",
            "description": "object -> values of a new record, the id of one that is there, or "
            "false to leave an optional one out",
            "additionalProperties": {"type": ["object", "integer", "boolean"]},
        }
    },
    "additionalProperties": False,
}
_MERGE_BODY: Json = {
    "type": "object",
    "required": ["with"],
    "properties": {
        "with": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "description": 'the other records: ids, or {"id", "version"} to merge what was seen',
            "items": {"type": ["integer", "object"]},
        },
        "values": {"type": "object", "description": "field -> value of the record that is kept"},
        "from": {
            "type": "object",
            "description": "field -> id of the record whose value is kept",
            "additionalProperties": {"type": "integer"},
        },
    },
    "additionalProperties": False,
}


def access_paths(described: Described, rights: set[str]) -> Json:
    """Describe these routes for one object, as far as the caller's rights go."""
    name, label = described["object"], described["label"]
    record = f"/records/{name}/{{id}}"
    paths: Json = {
        f"{record}/access": {"get": _operation(name, f"explain_{name}", f"Who sees: {label}")},
    }
    told = f"Deadlines: {label}"
    paths[f"{record}/clocks"] = {
        "get": _operation(name, f"clocks_of_{name}", told, parameters=[_ID])
    }
    if "edit" in rights:
        summary = f"Convert, where a conversion is declared: {label}"
        paths[f"{record}/convert"] = {
            "post": _operation(name, f"convert_{name}", summary, body=_CONVERT_BODY)
        }
    if {"edit", "delete"} <= rights:
        paths[f"{record}/merge"] = {
            "post": _operation(name, f"merge_{name}", f"Merge: {label}", body=_MERGE_BODY)
        }
    if "share" in rights:
        share = {"name": "share", "in": "path", "required": True, "schema": {"type": "integer"}}
        end = _operation(name, f"unshare_{name}", f"End a share: {label}", parameters=[_ID, share])
        end["responses"] = {"204": {"description": "Ended"}, **ERRORS}
        paths[f"{record}/share"] = {
            "post": _operation(name, f"share_{name}", f"Share: {label}", body=_SHARE_BODY)
        }
        listed = _operation(name, f"list_shares_{name}", f"Shares: {label}", parameters=[_ID])
        paths[f"{record}/shares"] = {"get": listed}
        paths[f"{record}/shares/{{share}}"] = {"delete": end}
    if "transfer" in rights:
        summary = f"Another owner: {label}"
        paths[f"{record}/transfer"] = {
            "post": _operation(name, f"transfer_{name}", summary, body=_TRANSFER_BODY)
        }
    return paths


def _operation(
    tag: str,
    id: str,
    summary: str,
    *,
    body: Json | None = None,
    parameters: list[Any] | None = None,  # Any: parameters and references differ in shape
) -> Json:
    content = {"application/json": {"schema": {"type": "object"}}}
    more: Json = {"parameters": parameters or ([_ID] if body else [_ID, _USER])}
    if body is not None:
        more["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    answers = {"200": {"description": "OK", "content": content}, **ERRORS}
    return {"operationId": id, "summary": summary, "tags": [tag], **more, "responses": answers}
