"""A reader of OpenAPI documents that is strict about what clients stumble over.

It knows the rules of OpenAPI 3.1 that our document uses; each broken one is one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PLACES = ("query", "header", "path", "cookie")
COMPONENT_NAME = re.compile(r"[a-zA-Z0-9._-]+\Z")
STATUS = re.compile(r"[1-5](\d\d|XX)\Z|default\Z")

Json = Mapping[str, Any]


def faults(document: Json) -> list[str]:
    """Name everything that is wrong with a document."""
    return [
        *_head(document),
        *_references(document, document),
        *_operations(document),
        *_schemas(document),
    ]


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Give method, path template and operation of everything described."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield (
                    method,
                    path,
                    {
                        **item[method],
                        "parameters": [
                            *item.get("parameters", []),
                            *item[method].get("parameters", []),
                        ],
                    },
                )


def resolve(document: Json, thing: Json) -> Json:
    """Follow a `$ref`, if it is one."""
    if "$ref" not in thing:
        return thing
    found: Any = document
    for step in thing["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found  # type: ignore[no-any-return]  # JSON


def _head(document: Json) -> Iterator[str]:
    if not document.get("openapi", "").startswith("3.1."):
        yield "openapi must be 3.1.x"
    for key in ("title", "version"):
        if not isinstance(document.get("info", {}).get(key), str):
            yield f"info.{key} is missing"
    for group, parts in document.get("components", {}).items():
        for name in parts:
            if not COMPONENT_NAME.match(name):
                yield f"components.{group}: {name!r} cannot be a name"


def _references(document: Json, thing: Any) -> Iterator[str]:
    if isinstance(thing, list):
        for inner in thing:
            yield from _references(document, inner)
    elif isinstance(thing, Mapping):
        if isinstance(thing.get("$ref"), str):
            try:
                resolve(document, thing)
            except KeyError:
                yield f"{thing['$ref']} leads nowhere"
        for inner in thing.values():
            yield from _references(document, inner)


def _operations(document: Json) -> Iterator[str]:
    seen: set[str] = set()
    shapes: set[tuple[str, str]] = set()
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        shape = (method, re.sub(r"\{[^}]*\}", "{}", path))
        if shape in shapes:
            yield f"{where}: same template twice"
        shapes.add(shape)
        if operation["operationId"] in seen:
            yield f"{where}: operationId {operation['operationId']} twice"
        seen.add(operation["operationId"])
        yield from _parameters(document, where, path, operation)
        yield from _bodies(document, where, operation)


def _parameters(document: Json, where: str, path: str, operation: Json) -> Iterator[str]:
    found = [resolve(document, parameter) for parameter in operation["parameters"]]
    for parameter in found:
        if parameter["in"] not in PLACES or "schema" not in parameter:
            yield f"{where}: parameter {parameter['name']} is incomplete"
        if parameter["in"] == "path" and parameter.get("required") is not True:
            yield f"{where}: path parameter {parameter['name']} must be required"
    names = [(parameter["name"], parameter["in"]) for parameter in found]
    if len(set(names)) != len(names):
        yield f"{where}: a parameter twice"
    in_path = {name for name, place in names if place == "path"}
    if in_path != set(re.findall(r"\{([^}]*)\}", path)):
        yield f"{where}: path parameters {sorted(in_path)} do not fit the template"


def _bodies(document: Json, where: str, operation: Json) -> Iterator[str]:
    if not operation.get("responses"):
        yield f"{where}: no responses"
    for status, response in operation.get("responses", {}).items():
        if not STATUS.match(status):
            yield f"{where}: {status} is no status"
        if "description" not in resolve(document, response):
            yield f"{where}: response {status} has no description"
    body = operation.get("requestBody")
    if body is not None and not body.get("content"):
        yield f"{where}: a body without content"


def _schemas(document: Json) -> Iterator[str]:
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema):
            yield f"schema {name}: {error.message}"
