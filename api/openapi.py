"""The OpenAPI 3.1 description of an environment's API, as its caller may see it. Pure.

Made from what `Session.describe` says, once per model and rights; `api.metadata` keeps the bytes.
Cost: O(objects and fields that the caller may read).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api.openapi_access import access_paths
from api.openapi_approvals import APPROVAL_SCHEMA, approval_paths, waiting_paths
from api.openapi_effects import effect_paths
from api.openapi_parts import (
    AGGREGATE_SCHEMA,
    BULK_SCHEMA,
    ERROR_SCHEMA,
    ERRORS,
    FIELD_ERROR,
    LIST_PARAMETERS,
    PARAMETERS,
)
from api.openapi_people import people_paths
from api.openapi_promotion import promotion_paths
from api.openapi_runs import RUN_SCHEMA, button_paths, run_paths
from api.openapi_traces import reason_paths, trace_paths
from api.openapi_views import OWN_VIEW_SCHEMA, own_view_paths
from api.schemas import Described, Json, record_schema, values_schema

OPENAPI = "3.1.0"


def document(base: str, title: str, version: str, objects: Iterable[Described]) -> Json:
    """Build the whole description.

    Args:
        base: path of the environment's API, such as /api/v1.
        title: label of the project.
        version: digest of the model, which decides everything below.
        objects: what the caller may see, as `Session.describe` gives it.
    """
    paths = _general()
    schemas: Json = {
        "_error": ERROR_SCHEMA,
        "_field_error": FIELD_ERROR,
        "_bulk": BULK_SCHEMA,
        "_aggregate": AGGREGATE_SCHEMA,
        "_approval": APPROVAL_SCHEMA,
        "_run": RUN_SCHEMA,
        "_own_view": OWN_VIEW_SCHEMA,
    }
    for described in objects:
        paths.update(_paths(described))
        schemas.update(_schemas(described))
    return {
        "openapi": OPENAPI,
        "info": {"title": title, "version": version},
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "parameters": dict(PARAMETERS),
            "responses": {"error": _content("The request was refused.", _ref("_error"))},
            "schemas": schemas,
        },
    }


def _ref(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def _parameters(*names: str) -> list[Json]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _content(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _operation(
    id: str, summary: str, responses: Json, *, tag: str, **more: Any
) -> Json:  # Any: parameters and requestBody differ in shape
    return {
        "operationId": id,
        "summary": summary,
        "tags": [tag],
        **more,
        "responses": {**responses, **ERRORS},
    }


def _general() -> Json:
    """Describe the routes that belong to no object."""
    anything: Json = {"type": "object"}
    of_object = [{"name": "object", "in": "path", "required": True, "schema": {"type": "string"}}]

    def get(id: str, summary: str, parameters: list[Json] | None = None) -> Json:
        more = {"parameters": parameters} if parameters else {}
        answers = {"200": _content("OK", anything)}
        return {"get": _operation(id, summary, answers, tag="metadata", **more)}

    return {
        "/objects": get("list_objects", "Objects that you may read"),
        "/objects/{object}": get("describe_object", "One object, as you may see it", of_object),
        "/objects/{object}/access": get(
            "explain_object", "What you may do with an object, and why", of_object
        ),
        **promotion_paths(),
        **people_paths(),
        **waiting_paths(),
        **effect_paths(),
        **run_paths(),
        **trace_paths(),
        **own_view_paths(),
        "/openapi.json": get("read_openapi", "This description"),
    }


def _schemas(described: Described) -> Json:
    name = described["object"]
    record = record_schema(described)
    return {
        name: record,
        f"{name}.create": values_schema(described, is_new=True),
        f"{name}.change": values_schema(described, is_new=False),
        f"{name}.list": {
            "type": "object",
            "required": ["records", "next"],
            "properties": {
                "records": {"type": "array", "items": _ref(name)},
                "next": {"type": ["string", "null"]},
                "count": {"type": "integer"},
                "count_is": {"type": "string", "const": "at least"},
            },
        },
    }


def _paths(described: Described) -> Json:
    """Describe the routes of one object, as far as the caller's rights go."""
    name, rights = described["object"], set(described["rights"])
    paths: Json = {
        f"/records/{name}": _collection(described, rights),
        f"/records/{name}/{{id}}": _single(described, rights),
        f"/aggregate/{name}": {"post": _aggregate(described)},
    }
    if rights & {"create", "edit", "delete"}:
        paths[f"/records/{name}/bulk"] = {"post": _bulk(described)}
    if "delete" in rights:
        paths[f"/records/{name}/{{id}}/restore"] = {"post": _restore(described)}
    if {"create", "edit"} <= rights:
        for field, about in described["fields"].items():
            if about.get("external_id"):
                paths[f"/records/{name}/by/{field}/{{value}}"] = {"put": _upsert(described, field)}
    paths.update(access_paths(described, rights))
    paths.update(approval_paths(described))
    paths.update(button_paths(described))
    paths.update(reason_paths(described))
    return paths


def _collection(described: Described, rights: set[str]) -> Json:
    name, plural = described["object"], described["plural"]
    found: Json = {
        "get": _operation(
            f"list_{name}",
            f"List {plural}",
            {"200": _content("A page", _ref(f"{name}.list"))},
            tag=name,
            parameters=_parameters(*LIST_PARAMETERS),
        )
    }
    if "create" in rights:
        found["post"] = _operation(
            f"create_{name}",
            f"Create: {described['label']}",
            {"201": _content("Created", _ref(name))},
            tag=name,
            parameters=_parameters("idempotency_key"),
            requestBody=_body(_ref(f"{name}.create")),
        )
    return found


def _single(described: Described, rights: set[str]) -> Json:
    name, label = described["object"], described["label"]
    found: Json = {
        "parameters": _parameters("id"),
        "get": _operation(
            f"read_{name}",
            f"Read: {label}",
            {"200": _content("The record", _ref(name))},
            tag=name,
            parameters=_parameters("fields"),
        ),
    }
    if "edit" in rights:
        found["patch"] = _operation(
            f"change_{name}",
            f"Change: {label}",
            {"200": _content("The record as it is now", _ref(name))},
            tag=name,
            parameters=_parameters("if_match"),
            requestBody=_body(_ref(f"{name}.change")),
        )
    if "delete" in rights:
        found["delete"] = _operation(
            f"delete_{name}",
            f"To the bin: {label}",
            {"204": {"description": "In the bin"}},
            tag=name,
            parameters=_parameters("if_match"),
        )
    return found


def _restore(described: Described) -> Json:
    name = described["object"]
    return _operation(
        f"restore_{name}",
        f"Out of the bin: {described['label']}",
        {"200": _content("The record", _ref(name))},
        tag=name,
        parameters=_parameters("id", "idempotency_key"),
    )


def _upsert(described: Described, field: str) -> Json:
    name = described["object"]
    return _operation(
        f"upsert_{name}_by_{field}",
        f"Create or change: {described['label']}",
        {"200": _content("Changed", _ref(name)), "201": _content("Created", _ref(name))},
        tag=name,
        parameters=_parameters("value"),
        requestBody=_body(_ref(f"{name}.change")),
    )


def _bulk(described: Described) -> Json:
    name = described["object"]
    rows: Json = {"type": "array", "maxItems": 10_000, "items": {"type": "object"}}
    body: Json = {
        "required": True,
        "content": {
            "application/json": {"schema": rows},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
    return _operation(
        f"bulk_{name}",
        f"Many {described['plural']} at once",
        {"200": _content("One result per row", _ref("_bulk"))},
        tag=name,
        parameters=_parameters("operation", "atomic", "match", "dry_run", "idempotency_key"),
        requestBody=body,
    )


def _aggregate(described: Described) -> Json:
    records: Json = {
        "type": "object",
        "required": ["records"],
        "properties": {"records": {"type": "array", "items": {"type": "object"}}},
    }
    return _operation(
        f"aggregate_{described['object']}",
        f"Groups and measures of {described['plural']}",
        {"200": _content("One record per group", records)},
        tag=described["object"],
        requestBody=_body(_ref("_aggregate")),
    )
