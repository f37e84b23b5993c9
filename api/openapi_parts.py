"""The parts of the OpenAPI description that no configuration changes. Data only."""

from __future__ import annotations

from collections.abc import Mapping

from api.schemas import Json

ERROR: Json = {"$ref": "#/components/responses/error"}
ERRORS: Json = {"default": ERROR}

PARAMETERS: Mapping[str, Json] = {
    "id": {
        "name": "id",
        "in": "path",
        "description": "the record's number",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "value": {
        "name": "value",
        "in": "path",
        "description": "the external id; slashes may be part of it",
        "required": True,
        "schema": {"type": "string"},
    },
    "fields": {
        "name": "fields",
        "in": "query",
        "description": "names and paths, parted by commas: name,account.name",
        "schema": {"type": "string"},
    },
    "where": {
        "name": "where",
        "in": "query",
        "description": 'an expression: stage = "won" AND amount > 1000',
        "schema": {"type": "string"},
    },
    "sort": {
        "name": "sort",
        "in": "query",
        "description": "fields, - for descending: -amount,name",
        "schema": {"type": "string"},
    },
    "limit": {
        "name": "limit",
        "in": "query",
        "description": "records on a page",
        "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50},
    },
    "after": {
        "name": "after",
        "in": "query",
        "description": "`next` of the page before",
        "schema": {"type": "string"},
    },
    "count": {
        "name": "count",
        "in": "query",
        "description": "how many there are: exact up to 10,000, then `count_is` is `at least`",
        "schema": {"type": "boolean", "default": False},
    },
    "view": {
        "name": "view",
        "in": "query",
        "description": "a list view: its filter, and its columns and order unless given",
        "schema": {"type": "string"},
    },
    "bin": {
        "name": "bin",
        "in": "query",
        "description": "deleted records instead",
        "schema": {"type": "boolean", "default": False},
    },
    "if_match": {
        "name": "If-Match",
        "in": "header",
        "description": "the version that is expected; answered 409 when it is another",
        "schema": {"type": "string"},
    },
    "idempotency_key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "the same request under the same key is done once",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "operation": {
        "name": "operation",
        "in": "query",
        "description": "what is done with each row",
        "required": True,
        "schema": {"type": "string", "enum": ["create", "update", "upsert", "delete"]},
    },
    "dry_run": {
        "name": "dry_run",
        "in": "query",
        "description": "try everything and keep nothing",
        "schema": {"type": "boolean", "default": False},
    },
    "atomic": {
        "name": "atomic",
        "in": "query",
        "description": "all rows or none; otherwise good rows stay",
        "schema": {"type": "boolean", "default": False},
    },
    "user": {
        "name": "user",
        "in": "query",
        "description": "id or e-mail of a user; without it, yourself",
        "schema": {"type": "string"},
    },
    "match": {
        "name": "match",
        "in": "query",
        "description": "external id to match by, for upsert",
        "schema": {"type": "string"},
    },
}
LIST_PARAMETERS = ("where", "fields", "sort", "limit", "after", "count", "view", "bin")

FIELD_ERROR: Json = {
    "type": "object",
    "required": ["field", "code", "message"],
    "properties": {
        "field": {"type": "string"},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "hint": {"type": "string"},
    },
}
ERROR_SCHEMA: Json = {
    "type": "object",
    "required": ["code", "message", "errors", "status"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "hint": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/_field_error"}},
        "status": {"type": "integer"},
    },
}
BULK_SCHEMA: Json = {
    "type": "object",
    "required": ["results"],
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "status"],
                "properties": {
                    "index": {"type": "integer"},
                    "id": {"type": "integer"},
                    "status": {"type": "integer"},
                    "errors": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/_field_error"},
                    },
                },
            },
        }
    },
}
AGGREGATE_SCHEMA: Json = {
    "type": "object",
    "required": ["measures"],
    "properties": {
        "where": {"type": ["string", "null"]},
        "group": {"type": "array", "items": {"type": "string"}},
        "measures": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "additionalProperties": False,
}
