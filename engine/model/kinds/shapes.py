"""Shapes that many kinds share: names, expressions, recipients, steps. The `$defs` of every schema.

Only the part of JSON Schema draft 2020-12 listed in `KEYWORDS` is used, so that the check stays
fast and its messages human; a test walks all schemas. Two annotations guide the check where several
shapes are possible: `x-by: KEY` chooses by the value of a key, `x-by: "*"` by which key is there.
Rules between the keys of a group stand in `allOf`, each a `oneOf` worded by `x-says`; `x-is` words
a pattern.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.model.kinds.base import Schema

KEYWORDS = frozenset(
    {
        "$ref",
        "additionalProperties",
        "allOf",
        "const",
        "description",
        "enum",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "not",
        "oneOf",
        "pattern",
        "properties",
        "propertyNames",
        "required",
        "type",
        "uniqueItems",
        "x-by",
        "x-is",
        "x-says",
    }
)

NAME: Schema = {"$ref": "#/$defs/name"}
TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 4000}
LABEL: Schema = {"type": "string", "minLength": 1, "maxLength": 255}
FLAG: Schema = {"type": "boolean"}
EXPRESSION: Schema = {"$ref": "#/$defs/expression"}
VALUES: Schema = {"$ref": "#/$defs/computed_values"}
CONSTANTS: Schema = {"$ref": "#/$defs/constants"}
SEEN: Schema = {"$ref": "#/$defs/seen"}  # constants by field, or by path over lookups
PATH: Schema = {"$ref": "#/$defs/path"}
SORT: Schema = {"$ref": "#/$defs/sort"}
STEPS: Schema = {"$ref": "#/$defs/steps"}
DURATION: Schema = {"$ref": "#/$defs/duration"}
SOMEONE: Schema = {"$ref": "#/$defs/someone"}
RECIPIENTS: Schema = {"type": "array", "items": {"$ref": "#/$defs/recipient"}, "minItems": 1}
FOR: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {"$ref": "#/$defs/audience"},
    "description": "For whom: the first entry that fits counts. Left out: for everybody.",
}

# Every component takes these.
COMMON: Mapping[str, Schema] = {
    "label": {**LABEL, "description": "The name people see. Left out: made from the API name."},
    "description": {**TEXT, "description": "A note for those who maintain it."},
    "aka": {
        "type": "array",
        "items": NAME,
        "uniqueItems": True,
        "description": "Former names: data and callers that use them go on working.",
    },
    "active": {**FLAG, "description": "false switches it off without deleting it (true)."},
}


def described(schema: Schema, description: str) -> Schema:
    """Copy a schema with a sentence for the reference and the designer."""
    return {**schema, "description": description}


def choice(*values: str, description: str = "") -> Schema:
    """Make an enumeration."""
    return {"enum": list(values), **({"description": description} if description else {})}


def list_of(items: Schema, description: str = "", *, least: int = 1) -> Schema:
    """Make a list of items of one shape."""
    said = {"description": description} if description else {}
    return {"type": "array", "items": items, "minItems": least, **said}


def map_of(values: Schema, names: Schema = NAME, description: str = "") -> Schema:
    """Make a mapping from names to values of one shape."""
    said = {"description": description} if description else {}
    return {"type": "object", "propertyNames": names, "additionalProperties": values, **said}


def group(properties: Mapping[str, Schema], *, required: tuple[str, ...] = ()) -> Schema:
    """Make a mapping with known keys, in the order in which they are written."""
    needed = {"required": list(required)} if required else {}
    return {
        "type": "object",
        "properties": dict(properties),
        **needed,
        "additionalProperties": False,
    }


def component(properties: Mapping[str, Schema], *, required: tuple[str, ...] = ()) -> Schema:
    """Make the shape of a component: the common keys stand behind label and icon."""
    head = {key: properties[key] for key in ("label", "plural", "icon") if key in properties}
    common = {key: shape for key, shape in COMMON.items() if key not in properties}
    if "label" in properties:  # the kind says where its label stands
        return group({**properties, **common}, required=required)
    return group({"label": COMMON["label"], **head, **common, **properties}, required=required)


def document(
    keyword: Mapping[str, Schema], kind: Schema, parts: Mapping[str, Schema] | None = None
) -> Schema:
    """Make the shape of a document that is a component: the key that names it comes first."""
    own = kind["properties"]
    assert isinstance(own, Mapping)  # made by `component`
    required = kind.get("required", ())
    assert isinstance(required, list | tuple)  # the same
    shape = group({**keyword, **own, **(parts or {})}, required=(*keyword, *required))
    return {**shape, "allOf": kind["allOf"]} if "allOf" in kind else shape


def either(*shapes: Schema, by: str, description: str = "") -> Schema:
    """Make a choice between shapes; `by` says how a reader tells which one is meant."""
    said = {"description": description} if description else {}
    return {"oneOf": list(shapes), "x-by": by, **said}


def exactly_one(*keys: str) -> Schema:
    """Make the rule that exactly one of these keys is given."""
    named = " or ".join(f'"{key}"' for key in keys)
    return {"oneOf": [{"required": [key]} for key in keys], "x-says": f"needs either {named}"}


def goes_with(key: str, owner: str, value: str) -> Schema:
    """Make the rule that a key is given if, and only if, another key has this value."""
    return {
        "oneOf": [
            {"properties": {owner: {"const": value}}, "required": [owner]},
            {"not": {"required": [key]}},
        ],
        "x-says": f'has "{key}" with `{owner}: {value}`, and only then',
    }


def with_rules(schema: Schema, *rules: Schema) -> Schema:
    """Add rules between the keys of a group."""
    return {**schema, "allOf": list(rules)}


_NAME_PATTERN = "^[a-z][a-z0-9_]*$"
_STEP_PATH = "[a-z][a-z0-9_]*"
_NUMBER_OF = "(minute|hour|day|week|month)s?"


def _one_of_someone(**more: Schema) -> Schema:
    who: dict[str, Schema] = {
        "user": described(LABEL, "A person, by e-mail address."),
        "role": described(NAME, "Everybody with this role."),
        "queue": described(NAME, "The members of a queue."),
        "team": described(NAME, "The members of a team."),
    }
    return {**group({**who, **more}), "minProperties": 1}


def _step(action: str, properties: Mapping[str, Schema], *required: str) -> Schema:
    head: dict[str, Schema] = {
        "name": described(NAME, "What the step is called in the history of a run."),
        "label": COMMON["label"],
    }
    tail: dict[str, Schema] = {"description": COMMON["description"], "active": COMMON["active"]}
    return group({**head, **properties, **tail}, required=("name", action, *required))


_STEP = either(
    _step(
        "create",
        {
            "create": described(NAME, "The object of which a record is created."),
            "values": described(VALUES, "Its values, as expressions."),
        },
    ),
    _step(
        "update",
        {
            "update": described(NAME, "The object whose records are changed."),
            "where": described(EXPRESSION, "Which of its records."),
            "set": described(VALUES, "Their new values, as expressions."),
        },
        "where",
        "set",
    ),
    _step(
        "delete",
        {
            "delete": described(NAME, "The object whose records go to the bin."),
            "where": described(EXPRESSION, "Which of its records."),
        },
        "where",
    ),
    _step("set", {"set": described(VALUES, "New values of the record itself, as expressions.")}),
    _step(
        "email",
        {
            "email": described(NAME, "An e-mail of emails/."),
            "to": described(RECIPIENTS, "Whom it goes to."),
        },
        "to",
    ),
    _step(
        "webhook",
        {
            "webhook": described(NAME, "An endpoint of endpoints.yaml."),
            "body": described(VALUES, "What is sent, as expressions."),
        },
    ),
    _step(
        "wait",
        {
            "wait": either(
                group(
                    {"until": described(EXPRESSION, "A date, an instant, or a condition.")},
                    required=("until",),
                ),
                group({"for": described(DURATION, "How long.")}, required=("for",)),
                by="*",
            )
        },
    ),
    _step(
        "for_each",
        {
            "for_each": described(TEXT, "The related records, by the plural of their object."),
            "where": described(EXPRESSION, "Only those for which this holds."),
            "do": STEPS,
        },
        "do",
    ),
    _step("approve", {"approve": described(NAME, "An approval of approvals/ that is started.")}),
    _step(
        "assign",
        {
            "assign": {
                "oneOf": [NAME, {"$ref": "#/$defs/assignee"}],
                "description": "An assignment of assignment/, or who gets the record.",
            }
        },
    ),
    _step(
        "notify",
        {
            "notify": described(RECIPIENTS, "Who is told."),
            "text": described(EXPRESSION, "What they read, whatever their rights."),
        },
        "text",
    ),
    _step(
        "note", {"note": described(EXPRESSION, "A line in the feed, for all who see the record.")}
    ),
    _step("call", {"call": described(NAME, "Another workflow, run on the same record.")}),
    _step(
        "if",
        {
            "if": described(EXPRESSION, "The condition."),
            "then": described(STEPS, "Steps when it holds."),
            "else": described(STEPS, "Steps when it does not."),
        },
        "then",
    ),
    by="*",
    description="One step; the key after the name says what it does.",
)

DEFS: Mapping[str, Schema] = {
    "name": {
        "type": "string",
        "pattern": _NAME_PATTERN,
        "maxLength": 40,
        "x-is": "an API name: small letters, digits and _, a letter first",
    },
    "value_name": {
        "type": "string",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9_]*$",
        "maxLength": 60,
        "x-is": "a name of letters, digits and _",
    },
    "env_name": {
        "type": "string",
        "pattern": "^[A-Z][A-Z0-9_]*$",
        "maxLength": 60,
        "x-is": "a name in capitals: ERP_URL",
    },
    "full_name": {
        "type": "string",
        "pattern": "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$",
        "maxLength": 81,
        "x-is": "the object and the name, parted by a point: opportunity.default",
    },
    "path": {
        "type": "string",
        "pattern": f"^{_STEP_PATH}(\\.{_STEP_PATH}){{0,5}}$",
        "x-is": "a field, or a path over lookups: account.name",
    },
    "sort": {
        "type": "string",
        "pattern": f"^-?{_STEP_PATH}(\\.{_STEP_PATH}){{0,5}}$",
        "x-is": "a field to sort by, with - before it for descending",
    },
    "expression": {"type": ["string", "number", "boolean"], "minLength": 1},
    "computed_values": {
        "type": "object",
        "propertyNames": NAME,
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    },
    "constant": {
        "type": ["string", "number", "boolean", "null", "array", "object"],
        "items": {"$ref": "#/$defs/constant"},
        "additionalProperties": {"$ref": "#/$defs/constant"},
    },
    "constants": {
        "type": "object",
        "propertyNames": NAME,
        "additionalProperties": {"$ref": "#/$defs/constant"},
    },
    "seen": {
        "type": "object",
        "propertyNames": {"$ref": "#/$defs/path"},
        "additionalProperties": {"$ref": "#/$defs/constant"},
    },
    "duration": {
        "type": "string",
        "pattern": "^[0-9]{1,5} (second|minute|hour|day|week|month)s?$",
        "x-is": "a length of time: 24 hours",
    },
    "offset": {
        "type": "string",
        "pattern": f"^-?[0-9]{{1,5}} {_NUMBER_OF}$",
        "x-is": "a distance in time: -7 days",
    },
    "picklist_values": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"$ref": "#/$defs/value_name"},
        "additionalProperties": {"$ref": "#/$defs/picklist_value"},
        "description": "The values by API name, in the order in which they are offered.",
    },
    "picklist_value": {
        "type": "object",
        "properties": {
            "label": COMMON["label"],
            "color": {
                "type": "string",
                "pattern": "^([a-z]+|#[0-9a-fA-F]{6})$",
                "x-is": "the name of a colour, or #rrggbb",
                "description": "The colour of its tag.",
            },
            "active": {**FLAG, "description": "false: kept where used, no longer offered (true)."},
            "aka": COMMON["aka"],
            "description": COMMON["description"],
        },
        "propertyNames": NAME,
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
        "description": "A value; keys of your own are attributes, read as stage.closed.",
    },
    "someone": _one_of_someone(),
    "recipient": {
        "oneOf": [EXPRESSION, SOMEONE],
        "description": "An expression that gives a person or an address, or a role, queue or team.",
    },
    "assignee": _one_of_someone(by=choice("round_robin", "load")),
    "audience": {
        **group(
            {
                "record_type": NAME,
                "permission_set": NAME,
                "role": NAME,
                "team": NAME,
                "queue": NAME,
            }
        ),
        "minProperties": 1,
    },
    "step": _STEP,
    "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
    "texts": {
        "type": ["string", "object"],
        "additionalProperties": {"$ref": "#/$defs/texts"},
    },
}
