"""The small kinds: the project, picklists, variables, data that travels, translations, tests."""

from __future__ import annotations

from engine.model.kinds.base import Document, Form, Kind, Schema
from engine.model.kinds.shapes import (
    COMMON,
    CONSTANTS,
    FLAG,
    LABEL,
    NAME,
    SEEN,
    TEXT,
    choice,
    component,
    described,
    document,
    either,
    group,
    list_of,
    map_of,
)

LANGUAGE: Schema = {
    "type": "string",
    "pattern": "^[a-z]{2,3}(-[A-Z]{2})?$",
    "x-is": "a language: en, fr, pt-BR",
}
FORMAT = 1  # of the files; a newer one needs a newer Patron

PROJECT = Kind(
    name="project",
    document="project",
    form=Form.DOCUMENT,
    summary="The small facts of a configuration, and what it owns.",
    schema=component(
        {
            "project": described(NAME, "The name of the configuration."),
            "format": {"const": FORMAT, "description": "The version of the file format."},
            "languages": list_of(LANGUAGE, "The first is the language of the labels."),
            "currencies": list_of(
                {"type": "string", "pattern": "^[A-Z]{3}$", "x-is": "a currency: EUR"},
                "The first is the company's.",
            ),
            "time_zone": described(LABEL, "Of jobs, defaults and stored values: Europe/Paris."),
            "scope": list_of(
                {"type": "string", "minLength": 1, "maxLength": 255},
                "What this project owns, as patterns of files (everything).",
            ),
        }
    ),
)
PICKLIST = Kind(
    name="picklist",
    document="picklist",
    form=Form.DOCUMENT,
    summary="A value set that several fields share.",
    schema=component({"values": {"$ref": "#/$defs/picklist_values"}}, required=("values",)),
)
ENV_VAR = Kind(
    name="env_var",
    document="env_vars",
    part="env_vars",
    form=Form.MAP,
    summary="A value that each environment has of its own; never in a file.",
    schema=component(
        {
            "type": choice("text", "url", "email", "number", "checkbox", "date"),
            "label": COMMON["label"],
            "required": described(FLAG, "A deployment stops where it is missing (false)."),
            "secret": described(FLAG, "Never shown again (false)."),
        },
        required=("type",),
    ),
)
DATA = Kind(
    name="data",
    document="data",
    form=Form.DOCUMENT,
    summary="Records that travel with the configuration: created or updated, never deleted.",
    schema=component(
        {
            "object": described(NAME, "The object of the records."),
            "match": described(NAME, "The external id by which they are found."),
            "records": list_of(CONSTANTS, "The records, as constants."),
        },
        required=("object", "match", "records"),
    ),
)
TRANSLATION = Kind(
    name="translation",
    document="translations",
    part="*",
    form=Form.MAP,
    summary="The labels of an object, or of all components of one kind, in another language.",
    schema={"type": "object", "additionalProperties": {"$ref": "#/$defs/texts"}},
)
_AS: Schema = described(
    group(
        {
            "user": LABEL,
            "role": NAME,
            "permission_sets": list_of(NAME, least=0),  # empty: no right at all
        }
    ),
    "Who acts.",
)
_FAILS: Schema = described(
    {
        "type": "string",
        "pattern": "^([a-z][a-z0-9_]{0,39}|[A-Z][0-9]{3})$",
        "x-is": "a rule, a field or an error code: discount_limit, amount, R105",
    },
    "The rule, the field or the error code that must refuse it.",
)
_RECORD: Schema = described(NAME, "A record made before, by its name in `as`.")
_STEP_AS: Schema = described(NAME, "The name under which later steps know the record.")


def _on_record(action: str, **more: Schema) -> Schema:
    return group({action: _RECORD, **more, "by": _AS, "fails_with": _FAILS}, required=(action,))


_TEST_STEP: Schema = either(
    group(
        {
            "create": described(NAME, "The object."),
            "values": CONSTANTS,
            "as": _STEP_AS,
            "by": _AS,
            "fails_with": _FAILS,
        },
        required=("create",),
    ),
    _on_record("update", values=CONSTANTS),
    _on_record("delete"),
    _on_record("submit", approval=NAME),
    _on_record("approve", approval=NAME, comment=TEXT),
    _on_record("reject", approval=NAME, comment=TEXT),
    group(
        {
            "expect": _RECORD,
            "values": SEEN,
            "approval": map_of(choice("none", "pending", "approved", "rejected", "recalled")),
            "locked": FLAG,
            "visible": FLAG,
            "by": _AS,
        },
        required=("expect",),
    ),
    by="*",
)
TEST = Kind(
    name="test",
    document="test",
    form=Form.DOCUMENT,
    summary="Given this user and these records, expect this.",
    schema=component(
        {"as": _AS, "steps": list_of(_TEST_STEP, "What is done and expected, in order.")},
        required=("steps",),
    ),
)
# Parts of a translation beside `objects`: the kinds whose components have labels of their own.
TRANSLATED = {
    "apps": "app",
    "layouts": "layout",
    "views": "view",
    "picklists": "picklist",
    "actions": "action",
    "workflows": "workflow",
    "approvals": "approval",
    "emails": "email",
    "roles": "role",
    "queues": "queue",
    "teams": "team",
    "permission_sets": "permission_set",
    "permissions": "permission",
    "env_vars": "env_var",
    "endpoints": "endpoint",
    "hours": "hours",
    "slas": "sla",
}
_ITEM_TEXTS = map_of({"$ref": "#/$defs/texts"}, {"type": "string"})
_OBJECT_TEXTS = group(
    {
        "label": COMMON["label"],
        "plural": LABEL,
        "description": COMMON["description"],
        "fields": described(_ITEM_TEXTS, "label, help and values by field."),
        "record_types": _ITEM_TEXTS,
        "validation_rules": described(_ITEM_TEXTS, "message by rule."),
        "layouts": _ITEM_TEXTS,
        "views": _ITEM_TEXTS,
    }
)
KINDS: tuple[Kind, ...] = (PROJECT, PICKLIST, ENV_VAR, DATA, TRANSLATION, TEST)
_FILES = {
    "project": "project.yaml",
    "picklist": "picklists/{name}.yaml",
    "data": "data/{name}.yaml",
    "test": "tests/{name}.yaml",
}
DOCUMENTS: tuple[Document, ...] = (
    *(
        Document(
            keyword=kind.name,
            file=_FILES[kind.name],
            own=kind.name,
            parts={},
            summary=kind.summary,
            schema=document({kind.name: NAME}, kind.schema),
            fixed="project" if kind is PROJECT else "",
        )
        for kind in KINDS
        if kind.form is Form.DOCUMENT
    ),
    Document(
        keyword="env_vars",
        file="env_vars.yaml",
        parts={"env_vars": "env_var"},
        summary=ENV_VAR.summary,
        schema=group(
            {"env_vars": map_of(ENV_VAR.schema, {"$ref": "#/$defs/env_name"})},
            required=("env_vars",),
        ),
    ),
    Document(
        keyword="translations",
        file="translations/{name}.yaml",
        parts={"objects": "translation", **dict.fromkeys(TRANSLATED, "translation")},
        summary=TRANSLATION.summary,
        schema=group(
            {
                "translations": LANGUAGE,
                "objects": map_of(_OBJECT_TEXTS),
                **dict.fromkeys(TRANSLATED, _ITEM_TEXTS),
            },
            required=("translations",),
        ),
    ),
)
