"""Render docs/reference/metadata from the registry of kinds: a page per document, one for fields.

Also writes one JSON Schema of all documents, for editors that complete and check YAML.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from engine.model.fields import DECLARABLE
from engine.model.kinds import DOCUMENTS, Document, complete_schema
from engine.model.kinds.objects import field_schema
from engine.model.kinds.registry import DIALECT
from engine.model.kinds.shapes import DEFS

FOLDER = "docs/reference/metadata"
SCHEMA = f"{FOLDER}/patron.schema.json"
Schema = Mapping[str, object]

MADE = "This page is made from `engine/model` by `make docs`."
# Shapes with a name of their own, as they are called in tables.
NAMED = {
    "name": "name",
    "value_name": "name of a value",
    "env_name": "NAME",
    "full_name": "object.name",
    "path": "field or path",
    "sort": "field or path, `-` before it for descending",
    "expression": "expression",
    "computed_values": "fields with expressions",
    "constants": "fields with constants",
    "constant": "constant",
    "duration": "time: `24 hours`",
    "offset": "time: `-7 days`",
    "picklist_values": "[values](values.md)",
    "someone": "`{user: …}`, `{role: …}`, `{queue: …}` or `{team: …}`",
    "assignee": "`{user: …}`, `{role: …}`, `{queue: …}` or `{team: …}`, with `by`",
    "recipient": "expression, or `{user: …}`, `{role: …}`, `{queue: …}`, `{team: …}`",
    "audience": "`{permission_set: …}`, `{role: …}`, `{team: …}`, `{queue: …}`, `{record_type: …}`",
    "steps": "[steps](steps.md)",
    "step": "[step](steps.md)",
    "texts": "texts",
}
PLAIN = {
    "string": "text",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "null": "null",
    "array": "list",
    "object": "map",
}


def _group(value: object) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[Schema]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


# --- one shape in words --------------------------------------------------------------------------


def words(schema: Schema) -> str:
    """Say what a value of this shape is, in a table's cell."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return NAMED.get(name) or words(_group(DEFS[name]))
    if "oneOf" in schema:
        return ", or ".join(dict.fromkeys(map(words, _listed(schema["oneOf"]))))
    if schema.get("type") == "array":
        return f"list of {words(_group(schema.get('items')))}"
    if schema.get("type") == "object":
        return _map_words(schema)
    return _single_words(schema)


def _single_words(schema: Schema) -> str:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(values, list):
        return " \\| ".join(f"`{value}`" for value in values)
    if "x-is" in schema:
        return str(schema["x-is"])
    declared = schema.get("type")
    names = declared if isinstance(declared, list) else [declared]
    return " or ".join(PLAIN[str(name)] for name in names)


def _map_words(schema: Schema) -> str:
    properties = _group(schema.get("properties"))
    if properties:
        return "{" + ", ".join(properties) + "}"
    return f"map from {words(_group(schema.get('propertyNames')) or DEFS['name'])} to " + words(
        _group(schema.get("additionalProperties"))
    )


def table(schema: Schema) -> str:
    """Give the table of the keys of a group."""
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    rows = ["| key | value | meaning |", "|---|---|---|"]
    for key, shape in _group(schema.get("properties")).items():
        star = " *" if key in needed else ""
        said = str(_group(shape).get("description", ""))
        rows.append(f"| `{key}`{star} | {words(_group(shape))} | {said} |")
    return "\n".join(rows)


def rules(schema: Schema) -> str:
    """Say the rules between keys, one line each."""
    return "".join(f"\nIt {rule['x-says']}.\n" for rule in _listed(schema.get("allOf")))


def groups_below(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """Give the groups inside of a group, each with the path that leads to it."""
    for key, shape in _group(schema.get("properties")).items():
        yield from _groups_in(_group(shape), f"{path}.{key}" if path else key)


def _groups_in(shape: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    if "properties" in shape:
        yield path, shape
        yield from groups_below(shape, path)
    for below in _listed(shape.get("oneOf")):
        yield from _groups_in(below, f"{path}{_told_by(shape, below)}")
    yield from _groups_in(_group(shape["items"]), f"{path}[]") if "items" in shape else ()
    more = _group(shape.get("additionalProperties"))
    if more:
        yield from _groups_in(more, f"{path}.NAME")


def _told_by(shape: Schema, below: Schema) -> str:
    """Say by which key one of several groups is known."""
    required = below.get("required")
    if shape.get("x-by") != "*" or not isinstance(required, list):
        return ""
    return f" with {next(key for key in required if key != 'name')}"


# --- pages ---------------------------------------------------------------------------------------


def document_page(document: Document) -> str:
    """Give the page of one sort of document."""
    head = f"{document.keyword}: NAME" if document.is_named else f"{document.keyword}:"
    begins = f"A document begins with `{head}`; new ones are written to `{_file(document)}`."
    shape = _without_fields(document)
    parts = [
        f"# `{document.keyword}`\n",
        f"{document.summary} {MADE}\n",
        f"{begins} Keys with * are needed.\n",
        f"{table(shape)}\n{rules(shape)}",
    ]
    seen: list[Schema] = []
    for path, below in groups_below(shape, ""):
        if below in seen:
            continue  # the same group at another place
        seen.append(below)
        parts.append(f"## `{path}`\n\n{table(below)}\n{rules(below)}")
    return "\n".join(parts)


def _without_fields(document: Document) -> Schema:
    """Leave the shapes of fields to their own page."""
    properties = dict(_group(document.schema["properties"]))
    if document.keyword == "object":
        properties["fields"] = {
            "type": "object",
            "additionalProperties": {"x-is": "[field](fields.md)", "type": "string"},
            "propertyNames": DEFS["name"],
            "description": "The fields, in the order in which they are shown.",
        }
    return {**document.schema, "properties": properties}


def fields_page() -> str:
    """Give the page of field types."""
    parts = [
        "# Field types\n",
        f"{MADE} In parentheses: what holds without the key. Keys with * are needed.\n",
    ]
    for name, field_type in DECLARABLE.items():
        schema = field_schema(field_type)
        parts.append(f"## `{name}`\n\n{field_type.summary}\n\n{table(schema)}\n{rules(schema)}")
    return "\n".join(parts)


STEPS = f"""# Steps

What workflows, approvals and deadlines do. {MADE} The key behind the name says what a step does.
Texts are expressions; a text that is meant as it stands is quoted inside: `'"high"'`.
"""


def steps_page() -> str:
    """Give the page of steps, which workflows, approvals and deadlines share."""
    parts = [STEPS]
    for shape in _listed(DEFS["step"]["oneOf"]):
        required = shape["required"]
        assert isinstance(required, list)  # made by `shapes`
        parts.append(f"## `{required[1]}`\n\n{table(shape)}\n")
    return "\n".join(parts)


def values_page() -> str:
    """Give the page of picklist values."""
    return (
        f"# Picklist values\n\n{DEFS['picklist_values']['description']} {MADE}\n\n"
        f"{DEFS['picklist_value']['description']}\n\n{table(DEFS['picklist_value'])}\n"
    )


INDEX = f"""# The metadata format

Everything that a configuration may hold: one page for each sort of document, and pages for
[field types](fields.md), [steps](steps.md) and [picklist values](values.md). {MADE}

Editors complete and check the files with [patron.schema.json](patron.schema.json). Put this line
first in a file, with the path to it:

```yaml
# yaml-language-server: $schema=../../docs/reference/metadata/patron.schema.json
```

| first key | file | what it is |
|---|---|---|
"""


def index_page() -> str:
    """Give the page that leads to all others."""
    return INDEX + "".join(
        f"| [`{keyword}`]({keyword}.md) | `{_file(document)}` | {document.summary} |\n"
        for keyword, document in DOCUMENTS.items()
    )


def _file(document: Document) -> str:
    return document.file.format(name="NAME", object="OBJECT")


def editor_schema() -> str:
    """Give one JSON Schema for every document."""
    shapes = [
        {**document.schema, "title": keyword, "description": document.summary}
        for keyword, document in DOCUMENTS.items()
    ]
    whole = {**complete_schema({"anyOf": shapes}), "$schema": DIALECT, "title": "Patron metadata"}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    f"{FOLDER}/README.md": index_page,
    f"{FOLDER}/fields.md": fields_page,
    f"{FOLDER}/steps.md": steps_page,
    f"{FOLDER}/values.md": values_page,
    SCHEMA: editor_schema,
    **{
        f"{FOLDER}/{keyword}.md": (lambda document=document: document_page(document))
        for keyword, document in DOCUMENTS.items()
    },
}
