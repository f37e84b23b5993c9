"""The OpenAPI document is valid, complete for what a caller may do, and silent about the rest."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from api.answers import encode
from api.openapi import document
from api.schemas import FIELD_SCHEMAS
from engine.model.fields.registry import TYPES
from tests.support.openapi import faults, operations, resolve

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "rest.md"
EVERYTHING = ("create", "read", "edit", "delete")
UPSERT = "upsert_deal_by_code"


def field(type, *, editable=True, **more):
    """Describe a field as `Session.describe` does."""
    about = {"type": type, "label": type.title(), "required": False, "editable": editable}
    return {**about, "external_id": False, "has_default": False, **more}


def described(*rights, name="deal", **fields):
    """Describe an object as `Session.describe` does."""
    platform = {"id": field("id", editable=False), "version": field("version", editable=False)}
    return {
        "object": name,
        "label": "Deal",
        "plural": "Deals",
        "rights": sorted(rights),
        "fields": {**platform, **fields},
    }


def made(*objects):
    """Make the document as a client reads it."""
    return orjson.loads(encode(document("/api/v1", "Acme", "0" * 64, objects)))


def test_every_field_type_has_a_schema():
    """A new field type without a schema would be described as anything at all."""
    assert set(FIELD_SCHEMAS) == set(TYPES)


def test_a_document_with_every_field_type_is_valid():
    """One field of every type, bounds as Decimals, picklists with values, links with targets."""
    fields = {
        f"a_{name}": field(
            name,
            help="What it is",
            length=40,
            min=Decimal("0.50"),
            max=Decimal(10),
            values={"hot": {"label": "Hot"}, "cold": {"label": "Cold"}},
            to=["account", "contact"],
            returns="currency",
        )
        for name in TYPES
        if name not in {"id", "version"}
    }

    found = made(described(*EVERYTHING, **fields), described(*EVERYTHING, name="task"))

    assert faults(found) == []


def test_every_object_has_its_operations():
    """Whoever may do everything finds every route of an object, under ids that speak."""
    code = field("text", external_id=True)

    found = {o["operationId"] for _, _, o in operations(made(described(*EVERYTHING, code=code)))}

    assert found >= {
        "list_deal",
        "create_deal",
        "read_deal",
        "change_deal",
        "delete_deal",
        "restore_deal",
        "upsert_deal_by_code",
        "bulk_deal",
        "aggregate_deal",
        "describe_object",
        "read_openapi",
    }


def test_every_route_of_the_reference_is_described():
    """What docs/reference/rest.md lists from the table of routes, the document describes."""
    rights = (*EVERYTHING, "share", "transfer")
    paths = made(described(*rights, code=field("text", external_id=True)))["paths"]
    told = {(method.upper(), _shape(path)) for path, one in paths.items() for method in one}

    rows = re.findall(r"^\| ([A-Z]+) \| `([^`?]+)", REFERENCE.read_text("utf-8"), re.MULTILINE)
    missing = [row for row in rows if (row[0], _shape(row[1])) not in told]

    assert len(rows) > 80
    assert missing == []


def _shape(path: str) -> str:
    """Give an address without the names of its variables, for an object called deal."""
    for room in ("records", "aggregate"):
        path = path.replace(f"/{room}/{{object}}", f"/{room}/deal")
    return re.sub(r"\{[^}]*\}", "{}", path.replace("/by/{field}/", "/by/code/"))


CHANGING = {"change_deal", "convert_deal"}
DELETING = {"delete_deal", "restore_deal"}


@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        (
            ("read",),
            {*CHANGING, *DELETING, "create_deal", "bulk_deal", "merge_deal", UPSERT},
        ),
        (("read", "edit"), {*DELETING, "create_deal", "merge_deal", UPSERT}),
        (("read", "create"), {*CHANGING, *DELETING, "merge_deal", UPSERT}),
        (("read", "delete"), {*CHANGING, "create_deal", "merge_deal", UPSERT}),
    ],
)
def test_what_a_caller_may_not_do_is_not_described(rights, missing):
    """A right that is missing takes its operations along, and no other."""
    code = field("text", external_id=True)
    all_of_them = {
        o["operationId"] for _, _, o in operations(made(described(*EVERYTHING, code=code)))
    }

    found = {o["operationId"] for _, _, o in operations(made(described(*rights, code=code)))}

    assert all_of_them - found == missing


def test_records_and_values_fit_their_schemas():
    """A record as answered and values as sent pass; unknown and read-only fields do not."""
    total = field("formula", editable=False, returns="currency")
    found = made(
        described(
            *EVERYTHING,
            name_=field("text", required=True, length=5),
            stage=field("picklist", values={"won": {}, "lost": {}}),
            amount=field("currency", min=Decimal(0)),
            total=total,
        )
    )
    schemas = found["components"]["schemas"]
    record = Draft202012Validator(schemas["deal"])
    new = Draft202012Validator(schemas["deal.create"])
    changed = Draft202012Validator(schemas["deal.change"])

    assert record.is_valid(
        {"id": 1, "version": 1, "name_": "A", "stage": None, "total": 1.5, "account.name": "B"}
    )
    assert not record.is_valid({"id": None, "version": 1})
    assert new.is_valid({"name_": "A", "amount": "10.50"})
    assert new.is_valid({"name_": "A", "amount": 10.5, "stage": "won"})
    assert not new.is_valid({"amount": 1})
    assert changed.is_valid({"amount": None})
    for wrong in ({"total": 1}, {"stage": "open"}, {"name_": "toolong"}, {"amount": -1}):
        assert not changed.is_valid(wrong), wrong


def test_every_answer_may_be_an_error():
    """Each operation names the one error shape as its default answer."""
    found = made(described(*EVERYTHING))
    shapes = {
        resolve(found, operation["responses"]["default"])["content"]["application/json"]["schema"][
            "$ref"
        ]
        for _, _, operation in operations(found)
    }

    assert shapes == {"#/components/schemas/_error"}
