"""The class of every sort of change, case by case."""

from __future__ import annotations

import pytest

from engine.diff import Change, Risk
from engine.diff.risk import risk_of_add, risk_of_retire

TEXT = {"type": "text"}
PICK = {"type": "picklist", "values": {"a": {"label": "A"}, "b": {"label": "B"}}}

CASES = [
    # kind, before, after, class there, class back
    ("field", TEXT, {"type": "number"}, 2, 2),
    ("field", TEXT, {"type": "text", "label": "New"}, 0, 0),
    ("field", TEXT, {"type": "text", "help": "Why", "index": True, "history": True}, 0, 0),
    ("field", TEXT, {"type": "text", "required": True}, 2, 0),
    ("field", TEXT, {"type": "text", "required_if": "amount > 1"}, 2, 0),
    ("field", TEXT, {"type": "text", "unique": True}, 2, 0),
    ("field", TEXT, {"type": "text", "external_id": True}, 2, 0),
    ("field", TEXT, {"type": "text", "length": 80}, 2, 0),
    ("field", TEXT, {"type": "text", "length": 300}, 0, 2),
    ("field", {"type": "long_text"}, {"type": "long_text", "length": 500}, 2, 0),
    ("field", {"type": "number"}, {"type": "number", "decimals": 2}, 2, 2),
    ("field", {"type": "number"}, {"type": "number", "min": 0}, 2, 0),
    ("field", {"type": "number", "min": 0}, {"type": "number", "min": -5}, 0, 2),
    ("field", {"type": "number", "max": 10}, {"type": "number", "max": 5}, 2, 0),
    ("field", TEXT, {"type": "text", "active": False}, 1, 0),
    ("field", TEXT, {"type": "text", "default": "x"}, 0, 0),
    ("field", PICK, {"type": "picklist", "values": {"a": {"label": "A"}}}, 2, 0),
    ("field", PICK, {"type": "picklist", "picklist": "industry"}, 2, 2),
    (
        "field",
        PICK,
        {"type": "picklist", "values": {"b": {"label": "B"}, "a": {"label": "A"}}},
        0,
        0,
    ),
    (
        "field",
        PICK,
        {"type": "picklist", "values": {"a": {"label": "A", "active": False}, "b": {"label": "B"}}},
        1,
        0,
    ),
    (
        "field",
        PICK,
        {"type": "picklist", "values": {"a": {"label": "A", "color": "red"}, "b": {"label": "B"}}},
        0,
        0,
    ),
    ("field", {"to": "account"}, {"to": ["account", "contact"]}, 0, 2),
    ("field", {"formula": "a"}, {"formula": "b"}, 0, 0),
    ("field", {"returns": "number"}, {"returns": "currency"}, 2, 2),
    ("field", {"measure": "count"}, {"measure": "sum"}, 2, 2),
    ("field", {"where": "a = 1"}, {"where": "a = 2"}, 0, 0),
    ("object", {"sharing": "read"}, {"sharing": "private"}, 2, 0),
    ("object", {"sharing": "private"}, {"sharing": "parent"}, 2, 2),
    ("object", {"features": {"history": True}}, {"features": {"history": False}}, 1, 0),
    ("object", {"label": "A"}, {"label": "B"}, 0, 0),
    ("picklist", {"values": {"a": {}, "b": {}}}, {"values": {"a": {}}}, 2, 0),
    ("record_type", {"values": {"s": ["a", "b"]}}, {"values": {"s": ["a"]}}, 2, 0),
    ("record_type", {"values": {}}, {"values": {"s": ["a"]}}, 2, 0),
    ("record_type", {"label": "A"}, {"label": "B"}, 0, 0),
    ("index", {"fields": ["a"]}, {"fields": ["a"], "unique": True}, 2, 0),
    ("validation_rule", {"invalid_if": "a > 1"}, {"invalid_if": "a > 0"}, 0, 0),
    ("validation_rule", {"active": True}, {"active": False}, 1, 0),
    ("object_permission", {"read": True}, {"read": False}, 2, 0),
    ("object_permission", {"read": True}, {"read": True, "fields": {"a": "none"}}, 2, 0),
    ("object_permission", {"fields": {"a": "edit"}}, {"fields": {"a": "read"}}, 2, 0),
    ("object_permission", {"fields": {"a": "read"}}, {"fields": {"a": "read", "b": "edit"}}, 0, 0),
    ("permission_set", {"permissions": ["x", "y"]}, {"permissions": ["x"]}, 2, 0),
    ("permission_set", {"label": "A"}, {"label": "B"}, 0, 0),
    ("sharing_rule", {"access": "edit"}, {"access": "read"}, 2, 0),
    ("sharing_rule", {"where": "a = 1"}, {"where": "a = 2"}, 2, 2),
    ("role", {"parent": "head"}, {"parent": "other"}, 2, 2),
    ("queue", {"members": [{"role": "a"}, {"role": "b"}]}, {"members": [{"role": "a"}]}, 2, 0),
    ("team", {"members": [{"role": "a"}, {"role": "b"}]}, {"members": [{"role": "a"}]}, 2, 0),
    ("project", {"currencies": ["EUR"]}, {"currencies": ["EUR", "USD"]}, 0, 2),
    ("project", {"currencies": ["EUR", "USD"]}, {"currencies": ["USD", "EUR"]}, 2, 2),
    ("project", {"languages": ["en", "fr"]}, {"languages": ["en"]}, 1, 0),
    ("layout", {"highlights": ["a", "b"]}, {"highlights": ["b"]}, 0, 0),
    ("view", {"where": "a = 1"}, {"where": "a = 2"}, 0, 0),
    ("workflow", {"if": "a"}, {"if": "b"}, 0, 0),
    ("workflow", {}, {"active": False}, 1, 0),
]


@pytest.mark.parametrize(("kind", "before", "after", "there", "back"), CASES)
def test_class_of_a_change(kind, before, after, there, back):
    """Narrowing one way is often free the other way; both are judged."""
    change = Change(component=f"{kind}:deal.x", before=before, after=after)

    assert change.cls == there
    assert change.reverse().cls == back


def test_the_worst_property_decides():
    """A label and a requirement in one change are as dangerous as the requirement."""
    change = Change(
        component="field:deal.x", before=TEXT, after={**TEXT, "label": "X", "required": True}
    )

    assert change.cls is Risk.NARROWING


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("field", {"type": "text"}, 0),
        ("field", {"type": "text", "unique": True}, 0),
        ("field", {"type": "text", "required": True}, 2),
        ("index", {"fields": ["a"]}, 0),
        ("index", {"fields": ["a"], "unique": True}, 2),
        ("validation_rule", {"invalid_if": "a"}, 0),
        ("layout", {}, 0),
    ],
)
def test_class_of_an_addition_to_something_that_exists(kind, data, expected):
    """Only what existing records cannot have narrows; everything is free on a new object."""
    assert risk_of_add(kind, data, parent_is_new=False) == expected
    assert risk_of_add(kind, data, parent_is_new=True) == 0


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("field", 1), ("object", 1), ("view", 1), ("sharing_rule", 2), ("object_permission", 2)],
)
def test_class_of_a_retirement(kind, expected):
    """Hiding keeps values; taking access away narrows."""
    assert risk_of_retire(kind) == expected


def test_the_words_of_consent():
    """`--accept` speaks of retire and narrowing; additive changes need no word."""
    assert [risk.word for risk in Risk] == ["", "retire", "narrowing", "purge"]
