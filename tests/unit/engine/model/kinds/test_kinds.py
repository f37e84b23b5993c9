"""The registry of kinds is complete, and its schemas are proper JSON Schemas within our subset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from jsonschema import Draft202012Validator

from engine.model.kinds import DOCUMENTS, KINDS, Form, complete_schema
from engine.model.kinds.references import _TABLE as REFERENCES
from engine.model.kinds.shapes import DEFS, KEYWORDS

# metadata-format.md: every kind of component and every first key of a document.
CONTRACT_KINDS = (
    "project app object field record_type validation_rule index duplicate_rule layout view "
    "picklist workflow approval role queue team permission_set object_permission permission "
    "sharing_rule email env_var action assignment hours sla conversion endpoint data translation "
    "test"
)
CONTRACT_DOCUMENTS = (
    "project app object layout view picklist workflow approval roles permission_set sharing "
    "queues teams permissions action assignment sla hours conversion email endpoints env_vars "
    "data translations test"
)


def schemas(value: object) -> Iterator[Mapping[str, object]]:
    """Give a schema and every schema inside it."""
    if not isinstance(value, Mapping):
        return
    yield value
    for key in ("properties", "$defs"):
        for below in _group(value.get(key)).values():
            yield from schemas(below)
    for key in ("items", "propertyNames", "additionalProperties", "not"):
        yield from schemas(value.get(key))
    for key in ("oneOf", "allOf"):
        listed = value.get(key, [])
        assert isinstance(listed, list)
        for below in listed:
            yield from schemas(below)


def _group(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def test_every_kind_of_the_contract_is_registered() -> None:
    """No kind is missing, none is there that the page does not know."""
    assert set(KINDS) == set(CONTRACT_KINDS.split())
    assert set(DOCUMENTS) == set(CONTRACT_DOCUMENTS.split())


def test_every_kind_says_what_it_names() -> None:
    """The table of references has an entry for each kind."""
    assert set(REFERENCES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_kind_lies_in_a_document(kind: object) -> None:
    """Each kind is a document or a part of one, and the document knows it."""
    found = KINDS[kind.name]  # type: ignore[attr-defined]
    document = DOCUMENTS[found.document]

    if found.form is Form.DOCUMENT:
        assert document.own == found.name
    else:
        assert found.name in document.parts.values()


@pytest.mark.parametrize("name", [*KINDS, *DOCUMENTS])
def test_schemas_are_valid(name: str) -> None:
    """Every schema stands alone and is a JSON Schema of draft 2020-12."""
    schema = (DOCUMENTS.get(name) or KINDS[name]).schema

    Draft202012Validator.check_schema(complete_schema(schema))


def test_schemas_use_only_what_the_check_understands() -> None:
    """A keyword outside of the subset would be ignored silently."""
    used = {
        keyword
        for entry in (*KINDS.values(), *DOCUMENTS.values())
        for schema in schemas(complete_schema(entry.schema))
        for keyword in schema
    }

    assert used - {"$schema", "$defs"} <= KEYWORDS


def test_references_inside_schemas_resolve() -> None:
    """Every `$ref` names a shared shape."""
    wanted = {
        str(schema["$ref"])
        for entry in (*KINDS.values(), *DOCUMENTS.values())
        for schema in schemas(complete_schema(entry.schema))
        if "$ref" in schema
    }

    assert {f"#/$defs/{name}" for name in DEFS} >= wanted


def test_groups_are_closed() -> None:
    """A group with known keys says what happens to unknown ones."""
    for entry in (*KINDS.values(), *DOCUMENTS.values()):
        for schema in schemas(entry.schema):
            if "properties" in schema and "type" in schema:
                assert "additionalProperties" in schema, entry


def test_every_component_takes_the_common_keys() -> None:
    """label, description, aka and active are taken everywhere."""
    for kind in KINDS.values():
        for schema in kind.schema.get("oneOf", [kind.schema]):  # type: ignore[attr-defined]
            if kind.name != "translation":
                assert {"label", "description", "aka", "active"} <= set(schema["properties"])


def test_words_of_kinds_read_well() -> None:
    """Messages name kinds with their article."""
    assert KINDS["validation_rule"].one == "a validation rule"
    assert KINDS["object"].one == "an object"
    assert KINDS["sla"].one == "a sla"
