"""The order in which files are written: the keys of every map as its schema lists them.

What the schema does not list (names of fields, values of a picklist) keeps the order it has.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.model.kinds import DOCUMENTS
from engine.model.kinds.shapes import DEFS

Schema = Mapping[str, object]
_NO_SCHEMA: Schema = {}


def in_written_order(keyword: str, data: Mapping[str, object]) -> dict[str, object]:
    """Copy a document with all its keys in the order in which they are written."""
    ordered = _ordered(data, DOCUMENTS[keyword].schema)
    assert isinstance(ordered, dict)  # a map stays a map
    return ordered


def _ordered(value: object, schema: Schema) -> object:
    shape = _resolve(value, schema)
    if isinstance(value, Mapping):
        properties, others = (
            _group(shape.get("properties")),
            _group(shape.get("additionalProperties")),
        )
        known = [key for key in properties if key in value]
        keys = (*known, *(key for key in value if key not in properties))
        return {key: _ordered(value[key], _group(properties.get(key, others))) for key in keys}
    if isinstance(value, list | tuple):
        items = _group(shape.get("items"))
        return [_ordered(item, items) for item in value]
    return value


def _resolve(value: object, schema: Schema) -> Schema:
    """Find the shape that a value has: follow references and choices."""
    if "$ref" in schema:
        return _resolve(value, _group(DEFS[str(schema["$ref"]).rsplit("/", 1)[-1]]))
    shapes = schema.get("oneOf")
    if not isinstance(shapes, list):
        return schema
    resolved = [_resolve(value, _group(shape)) for shape in shapes]
    return next((shape for shape in resolved if _fits(value, shape)), _NO_SCHEMA)


def _fits(value: object, shape: Schema) -> bool:
    declared = shape.get("type")
    forms = declared if isinstance(declared, list) else [declared]
    if isinstance(value, list | tuple):
        return "array" in forms
    if not isinstance(value, Mapping):
        return any(form not in {"object", "array"} for form in forms)
    kind = _group(_group(shape.get("properties")).get("type")).get("const")
    if kind is not None and kind != value.get("type"):
        return False
    required = shape.get("required")
    needed = required if isinstance(required, list) else []
    return "object" in forms and all(key in value for key in needed)


def _group(value: object) -> Schema:
    return value if isinstance(value, Mapping) else _NO_SCHEMA
