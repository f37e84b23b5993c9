"""The kinds that shape screens: apps, layouts, views, actions."""

from __future__ import annotations

from engine.model.kinds.base import Document, Form, Kind, Schema
from engine.model.kinds.shapes import (
    COMMON,
    EXPRESSION,
    FLAG,
    FOR,
    LABEL,
    NAME,
    PATH,
    SORT,
    TEXT,
    VALUES,
    choice,
    component,
    described,
    document,
    either,
    exactly_one,
    goes_with,
    group,
    list_of,
    map_of,
    with_rules,
)

_ICON = described(LABEL, "The name of a Lucide icon.")
_FULL_NAME: Schema = {"$ref": "#/$defs/full_name"}

APP = Kind(
    name="app",
    document="app",
    form=Form.DOCUMENT,
    lists=("/items",),
    summary="A navigation: which objects and views, for whom.",
    schema=component(
        {
            "icon": _ICON,
            "items": described(
                list_of(
                    {
                        "oneOf": [
                            NAME,
                            group(
                                {"object": NAME, "view": NAME, "label": COMMON["label"]},
                                required=("object",),
                            ),
                        ]
                    }
                ),
                "home, objects, and objects with a view, in order.",
            ),
            "for": FOR,
        },
        required=("items",),
    ),
)

_SECTION_FIELD: Schema = {
    "oneOf": [
        PATH,
        group(
            {
                "field": PATH,
                "label": COMMON["label"],
                "visible_if": described(EXPRESSION, "Shown only while this holds."),
                "required_if": described(EXPRESSION, "Required here while this holds."),
                "read_only": described(FLAG, "Shown, not edited (false)."),
            },
            required=("field",),
        ),
    ]
}
_SECTION = group(
    {
        "name": NAME,
        "label": COMMON["label"],
        "columns": {"type": "integer", "minimum": 1, "maximum": 4, "description": "(2)"},
        "visible_if": described(EXPRESSION, "Shown only while this holds."),
        "fields": list_of(_SECTION_FIELD, "Its fields, in order."),
    },
    required=("name", "fields"),
)
_RELATED = group(
    {
        "object": described(NAME, "The object of the related records."),
        "via": described(NAME, "Its lookup that points at this object."),
        "label": COMMON["label"],
        "fields": described(list_of(PATH), "The columns."),
        "where": described(EXPRESSION, "Only records for which this holds."),
        "sort": {"oneOf": [SORT, list_of(SORT)], "description": "The order."},
        "visible_if": described(EXPRESSION, "Shown only while this holds."),
    },
    required=("object", "via"),
)

LAYOUT = Kind(
    name="layout",
    document="layout",
    form=Form.DOCUMENT,
    parent="object",
    lists=("/highlights", "/sections", "/sections/*/fields", "/related", "/actions"),
    summary="The record page and form of an object.",
    schema=component(
        {
            "highlights": described(list_of(PATH), "What stands at the top of the page."),
            "path": described(
                group(
                    {
                        "field": described(NAME, "The picklist whose values are the steps."),
                        "guidance": map_of(
                            TEXT, {"$ref": "#/$defs/value_name"}, "What to do in each step."
                        ),
                    },
                    required=("field",),
                ),
                "The path of a record, drawn above it.",
            ),
            "sections": list_of(_SECTION, "The sections of the form, in order."),
            "related": list_of(_RELATED, "Lists of records that point at this one."),
            "actions": described(list_of(NAME), "Buttons: actions of actions/."),
            "for": FOR,
        }
    ),
)
_BOARD = group(
    {
        "by": described(NAME, "The picklist that makes the columns."),
        "sum": described(PATH, "The field summed per column."),
    },
    required=("by",),
)
_CALENDAR = group(
    {
        "date": described(PATH, "The date or instant at which a record stands."),
        "end": described(PATH, "The date or instant at which it ends."),
    },
    required=("date",),
)
VIEW = Kind(
    name="view",
    document="view",
    form=Form.DOCUMENT,
    parent="object",
    lists=("/fields", "/sort"),
    summary="A list view: a filter, columns and an order under a name.",
    schema=with_rules(
        component(
            {
                "where": described(EXPRESSION, "Which records; left out: all."),
                "fields": described(list_of(PATH), "The columns."),
                "sort": described(list_of(SORT), "The order: -amount is descending."),
                "shape": either(
                    choice("table", "board", "calendar"),
                    group({"board": _BOARD}, required=("board",)),
                    group({"calendar": _CALENDAR}, required=("calendar",)),
                    by="*",
                    description="How the records are drawn (table).",
                ),
                "board": described(_BOARD, "With `shape: board`: the columns."),
                "calendar": described(_CALENDAR, "With `shape: calendar`: the dates."),
                "totals": map_of(
                    choice("sum", "min", "max", "avg", "count"),
                    PATH,
                    "Fields, and what stands below their columns.",
                ),
                "shared_with": described(
                    list_of({"oneOf": [NAME, {"$ref": "#/$defs/audience"}]}),
                    "Roles, or {permission_set: …}, {team: …}; left out: everybody.",
                ),
            }
        ),
        goes_with("board", "shape", "board"),
        goes_with("calendar", "shape", "calendar"),
    ),
)
_ACTION_HEAD: dict[str, Schema] = {"icon": _ICON, "object": described(NAME, "Whose page has it.")}
_ACTION_TAIL: dict[str, Schema] = {
    "visible_if": described(EXPRESSION, "Shown only while this holds.")
}
ACTION = Kind(
    name="action",
    document="action",
    form=Form.DOCUMENT,
    summary="A button of a layout.",
    schema=with_rules(
        component(
            {
                **_ACTION_HEAD,
                "create": described(NAME, "Creates a record of this object."),
                "values": described(VALUES, "Its first values, as expressions over the record."),
                "form": described(list_of(NAME), "What the person is asked for."),
                "workflow": described(NAME, "Runs this workflow."),
                "url": described(EXPRESSION, "Opens an address."),
                **_ACTION_TAIL,
            },
            required=("object",),
        ),
        exactly_one("create", "workflow", "url"),
    ),
)
KINDS: tuple[Kind, ...] = (APP, LAYOUT, VIEW, ACTION)
DOCUMENTS: tuple[Document, ...] = (
    Document(
        keyword="app",
        file="apps/{name}.yaml",
        own="app",
        parts={},
        summary=APP.summary,
        schema=document({"app": NAME}, APP.schema),
    ),
    Document(
        keyword="layout",
        file="layouts/{object}.yaml",
        own="layout",
        parts={},
        summary=LAYOUT.summary,
        schema=document({"layout": _FULL_NAME}, LAYOUT.schema),
    ),
    Document(
        keyword="view",
        file="views/{object}.yaml",
        own="view",
        parts={},
        summary=VIEW.summary,
        schema=document({"view": _FULL_NAME}, VIEW.schema),
    ),
    Document(
        keyword="action",
        file="actions/{name}.yaml",
        own="action",
        parts={},
        summary=ACTION.summary,
        schema=document({"action": NAME}, ACTION.schema),
    ),
)
