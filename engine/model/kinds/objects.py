"""The kinds that make an object: the object itself, its fields, record types, rules, indexes."""

from __future__ import annotations

from collections.abc import Mapping

from engine.model.fields import DECLARABLE, FieldType
from engine.model.kinds.base import Document, Effect, Form, Kind, Schema
from engine.model.kinds.shapes import (
    COMMON,
    EXPRESSION,
    FLAG,
    LABEL,
    NAME,
    SEEN,
    SORT,
    TEXT,
    choice,
    component,
    described,
    document,
    either,
    group,
    list_of,
    map_of,
    with_rules,
)

# What every field takes, unless its type refuses it.
FIELD_KEYS: Mapping[str, Schema] = {
    "required": described(FLAG, "No record is saved without it (false)."),
    "required_if": described(EXPRESSION, "Required only while this holds."),
    "unique": described(FLAG, "No two records have the same value (false)."),
    "external_id": described(FLAG, "Imports and upserts find records by it; unique (false)."),
    "default": {
        "$ref": "#/$defs/constant",
        "description": "The value of a new record: a constant, or {formula: …}.",
    },
    "index": described(FLAG, "Lists that filter or sort by it stay fast (false)."),
    "history": described(FLAG, "Every change is kept (false)."),
    "pii": choice(
        "none",
        "personal",
        "sensitive",
        description="Whether it tells about a person; drives masking and privacy.",
    ),
    "encrypted": described(FLAG, "Kept encrypted (false)."),
    "read_only_after_create": described(FLAG, "Set once, when the record is created (false)."),
    "depends_on": described(
        group(
            {
                "field": described(NAME, "The controlling picklist."),
                "values": map_of(
                    list_of({"$ref": "#/$defs/value_name"}),
                    {"$ref": "#/$defs/value_name"},
                    "For each of its values, the values allowed here.",
                ),
            },
            required=("field", "values"),
        ),
        "A controlling picklist, and the values that each of its values allows.",
    ),
    "help": described(TEXT, "A sentence for the people who fill it in."),
    "description": COMMON["description"],
    "aka": COMMON["aka"],
    "active": COMMON["active"],
}

# The order in which the keys of a field are written: what it is, what it asks for, the rest.
FIELD_ORDER = (
    "type",
    "label",
    "to",
    "picklist",
    "from",
    "via",
    "measure",
    "of",
    "length",
    "format",
    "returns",
    "decimals",
    "formula",
    "blank",
    "required",
    "required_if",
    "unique",
    "external_id",
    "default",
    "min",
    "max",
    "where",
    "tree",
    "on_delete",
    "index",
    "history",
    "pii",
    "encrypted",
    "read_only_after_create",
    "depends_on",
    "values",
    "help",
    "description",
    "aka",
    "active",
)


def field_schema(field_type: FieldType) -> Schema:
    """Give the shape of a field of one type."""
    common = {key: s for key, s in FIELD_KEYS.items() if key not in field_type.refused_keys}
    properties: dict[str, Schema] = {
        "type": {"const": field_type.name},
        "label": COMMON["label"],
        **field_type.keys,
        **common,
    }
    ordered = {key: properties[key] for key in FIELD_ORDER if key in properties}
    needed = ("type", *(key for key in ordered if key in field_type.required_keys))
    shape = {**group(ordered, required=needed), "description": field_type.summary}
    return with_rules(shape, *field_type.rules) if field_type.rules else shape


FIELD = Kind(
    name="field",
    document="object",
    part="fields",
    form=Form.MAP,
    parent="object",
    effect=Effect.COLUMN,
    summary="A field of an object.",
    schema=either(*map(field_schema, DECLARABLE.values()), by="type"),
)
RECORD_TYPE = Kind(
    name="record_type",
    document="object",
    part="record_types",
    form=Form.MAP,
    parent="object",
    summary="A sort of record of one object, with its own values and layout.",
    schema=component(
        {
            "values": map_of(
                list_of({"$ref": "#/$defs/value_name"}),
                description="Picklists, and the values that this record type offers.",
            )
        }
    ),
)
VALIDATION_RULE = Kind(
    name="validation_rule",
    document="object",
    part="validation_rules",
    form=Form.MAP,
    parent="object",
    summary="A condition under which a record is not saved.",
    schema=component(
        {
            "invalid_if": described(EXPRESSION, "The record is refused when this holds."),
            "message": described(TEXT, "What people read then."),
            "field": described(NAME, "The field at which the message stands."),
            "examples": described(
                group(
                    {
                        "fails": described(list_of(SEEN), "Records that must be refused."),
                        "passes": described(list_of(SEEN), "Records that must be accepted."),
                    }
                ),
                "Records that prove the rule; `patron test` runs them.",
            ),
        },
        required=("invalid_if", "message"),
    ),
)
INDEX = Kind(
    name="index",
    document="object",
    part="indexes",
    form=Form.LIST,
    parent="object",
    effect=Effect.INDEX,
    summary="An index over several fields, for speed or for uniqueness.",
    schema=component(
        {
            "fields": described(list_of(SORT), "The fields, with - before descending ones."),
            "unique": described(FLAG, "No two records have the same values together (false)."),
        },
        required=("fields",),
    ),
)
DUPLICATE_RULE = Kind(
    name="duplicate_rule",
    document="object",
    part="duplicate_rules",
    form=Form.MAP,
    parent="object",
    lists=("/match",),
    summary="When two records are probably the same.",
    schema=component(
        {
            "match": described(
                list_of(
                    group(
                        {
                            "field": described(NAME, "The field that is compared."),
                            "how": choice("exact", "similar", description="How (exact)."),
                        },
                        required=("field",),
                    )
                ),
                "All of these must match.",
            ),
            "where": described(EXPRESSION, "Only records for which this holds are compared."),
            "action": choice("warn", "block", description="What happens then (warn)."),
        },
        required=("match",),
    ),
)

_ORDERED = ("fields", "record_types", "validation_rules")
_HEAD: Mapping[str, Schema] = {
    "label": COMMON["label"],
    "plural": described(LABEL, "The name of many of them."),
    "icon": described(LABEL, "The name of a Lucide icon."),
    "description": COMMON["description"],
    "aka": COMMON["aka"],
    "active": COMMON["active"],
    "title": described(NAME, "The field that names a record (name)."),
    "sharing": choice(
        "private",
        "read",
        "read_write",
        "parent",
        description="What people may do with records of others, before roles and sharing rules.",
    ),
    "features": described(
        group(dict.fromkeys(("history", "activities", "files", "feed", "search"), FLAG)),
        "What comes with every record page.",
    ),
}
_ORDER: Schema = described(
    group({part: list_of(NAME) for part in _ORDERED}),
    "The order of what the object holds; files tell it by their own order.",
)

OBJECT = Kind(
    name="object",
    document="object",
    form=Form.DOCUMENT,
    effect=Effect.TABLE,
    summary="A sort of record: a table with its fields and rules.",
    schema=component({**_HEAD, "order": _ORDER}),
)
OBJECT_PARTS = (FIELD, RECORD_TYPE, VALIDATION_RULE, INDEX, DUPLICATE_RULE)
OBJECT_DOCUMENT = Document(
    keyword="object",
    file="objects/{name}.yaml",
    own="object",
    parts={kind.part: kind.name for kind in OBJECT_PARTS},
    summary="An object with its fields, record types, rules and indexes.",
    schema=document(
        {"object": described(NAME, "The API name, in the singular.")},
        OBJECT.schema,
        {
            kind.part: (
                list_of(kind.schema, kind.summary)
                if kind.form is Form.LIST
                else map_of(kind.schema, description=kind.summary)
            )
            for kind in OBJECT_PARTS
        },
    ),
)
KINDS: tuple[Kind, ...] = (OBJECT, *OBJECT_PARTS)
DOCUMENTS: tuple[Document, ...] = (OBJECT_DOCUMENT,)
