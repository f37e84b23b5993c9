"""JSON Schemas of values and records, made from what `Session.describe` says of an object.

Separate from `api.openapi`, which places them: here is the one table from field type to schema. A
test compares its keys with the field types of the engine. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# Any: JSON, written by hand or taken from a description that the engine made.
Json = dict[str, Any]
Described = Mapping[str, Any]

TIME_PATTERN = "^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]$"
MAX_ID = 2**53 - 1
# Numbers may come as text, so that a client without exact numbers can send cents exactly.
NUMBER_AS_TEXT: Json = {"type": "string", "pattern": "^-?[0-9]+([.][0-9]+)?$"}


def _text(field: Described) -> Json:
    length = field.get("length")
    return {"type": "string"} if length is None else {"type": "string", "maxLength": length}


def _number(field: Described) -> Json:
    schema: Json = {"type": "number"}
    for bound, key in (("min", "minimum"), ("max", "maximum")):
        if field.get(bound) is not None:
            schema[key] = field[bound]
    return schema


def _picklist(field: Described) -> Json:
    names = list(field.get("values", ()))
    return {"type": "string", "enum": names} if names else {"type": "string"}


def _multi_picklist(field: Described) -> Json:
    return {"type": "array", "items": _picklist(field), "uniqueItems": True}


def _link(field: Described) -> Json:
    to = " or ".join(field.get("to", ()))
    schema: Json = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
    return {**schema, "description": f"id of a record of {to}"} if to else schema


def _formula(field: Described) -> Json:
    returns = field.get("returns")
    known = FIELD_SCHEMAS.get(str(returns)) if returns not in {"formula", "roll_up"} else None
    return {} if known is None else known(field)


def _roll_up(field: Described) -> Json:
    return _formula(field) if field.get("returns") else _number(field)


def _always(schema: Json) -> Callable[[Described], Json]:
    return lambda _field: dict(schema)


FIELD_SCHEMAS: Mapping[str, Callable[[Described], Json]] = {
    "id": _always({"type": "integer", "minimum": 1, "maximum": MAX_ID}),
    "version": _always({"type": "integer", "minimum": 1}),
    "text": _text,
    "long_text": _text,
    "rich_text": _text,
    "email": lambda field: {**_text(field), "format": "email"},
    "phone": _text,
    "url": lambda field: {**_text(field), "format": "uri"},
    "number": _number,
    "currency": _number,
    "percent": lambda field: {**_number(field), "description": "a fraction: 0.18 is 18 %"},
    "date": _always({"type": "string", "format": "date"}),
    "datetime": _always({"type": "string", "format": "date-time"}),
    "time": _always({"type": "string", "pattern": TIME_PATTERN}),
    "checkbox": _always({"type": "boolean"}),
    "picklist": _picklist,
    "multi_picklist": _multi_picklist,
    "lookup": _link,
    "master_detail": _link,
    "auto_number": _text,
    "formula": _formula,
    "roll_up": _roll_up,
    "address": _always({"type": "object"}),
    "location": _always({"type": "object"}),
    "file": _link,
    "image": _link,
    "rating": _always({"type": "integer"}),
    "json": _always({}),
}


def value_schema(field: Described) -> Json:
    """Give the schema of a field's value as it is answered: blank is null."""
    return _titled(_or_null(_schema(field)), field)


def given_schema(field: Described) -> Json:
    """Give the schema of a field's value as it may be sent."""
    schema = _schema(field)
    if schema.get("type") != "number":
        return _titled(_or_null(schema), field)
    return _titled({"anyOf": [schema, NUMBER_AS_TEXT, {"type": "null"}]}, field)


def _schema(field: Described) -> Json:
    make = FIELD_SCHEMAS.get(str(field["type"]))
    return {} if make is None else make(field)


def _or_null(schema: Json) -> Json:
    if "enum" in schema:
        return {**schema, "type": ["string", "null"], "enum": [*schema["enum"], None]}
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return schema


def _titled(schema: Json, field: Described) -> Json:
    titled = {"title": field["label"], **schema}
    if field.get("help"):
        titled["description"] = field["help"]
    return titled


def record_schema(described: Described) -> Json:
    """Give the schema of a record as it is answered; paths asked for come beside its fields."""
    fields: Mapping[str, Described] = described["fields"]
    properties = {name: value_schema(field) for name, field in fields.items()}
    for name in ("id", "version"):
        if name in properties:
            properties[name] = {"title": fields[name]["label"], **_schema(fields[name])}
    properties["_errors"] = {
        "type": "object",
        "description": "formulas that could not be computed, and why",
        "additionalProperties": {"type": "string"},
    }
    return {"type": "object", "required": ["id", "version"], "properties": properties}


def values_schema(described: Described, *, is_new: bool) -> Json:
    """Give the schema of what a caller may send, to create a record or to change one."""
    fields: Mapping[str, Described] = described["fields"]
    editable = {name: field for name, field in fields.items() if field["editable"]}
    schema: Json = {
        "type": "object",
        "properties": {name: given_schema(field) for name, field in editable.items()},
        "additionalProperties": False,
    }
    needed = [n for n, f in editable.items() if f["required"] and not f.get("has_default")]
    return {**schema, "required": needed} if is_new and needed else schema
