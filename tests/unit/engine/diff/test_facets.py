"""Which properties differ, and under which path."""

from __future__ import annotations

import pytest

from engine.diff.facets import PropertyChange, property_changes, same


def _paths(before, after):
    return {c.pointer: (c.before, c.after) for c in property_changes(before, after)}


def test_a_deep_property_is_one_change_with_its_path():
    """Only the leaf that differs is named, not the mapping around it."""
    before = {"values": {"won": {"label": "Won", "color": "green"}}, "type": "picklist"}
    after = {"values": {"won": {"label": "Closed won", "color": "green"}}, "type": "picklist"}

    assert _paths(before, after) == {"values.won.label": ("Won", "Closed won")}


def test_absent_and_null_are_the_same():
    """Writing `help: null` changes nothing."""
    assert _paths({"type": "text"}, {"type": "text", "help": None}) == {}


def test_true_is_not_one():
    """A flag that becomes a number is a change although Python calls them equal."""
    assert _paths({"required": True}, {"required": 1}) == {"required": (True, 1)}


def test_the_order_of_picklist_values_counts():
    """Swapping two values is a change of order and of nothing else."""
    before = {"values": {"a": {"label": "A"}, "b": {"label": "B"}}}
    after = {"values": {"b": {"label": "B"}, "a": {"label": "A"}}}

    assert _paths(before, after) == {"values.(order)": (("a", "b"), ("b", "a"))}


def test_a_value_added_in_the_middle_is_no_change_of_order():
    """Only the relative order of the values that stay is compared."""
    before = {"values": {"a": {}, "c": {}}}
    after = {"values": {"a": {}, "b": {"label": "B"}, "c": {}}}

    assert _paths(before, after) == {"values.b": (None, {"label": "B"})}


def test_items_of_a_list_are_told_apart_by_name():
    """A changed step of a workflow is named, wherever it stands."""
    before = {"steps": [{"name": "flag", "set": {"x": 1}}, {"name": "tell", "email": "hot"}]}
    after = {
        "steps": [
            {"name": "ask", "approve": "d"},
            {"name": "flag", "set": {"x": 2}},
            {"name": "tell", "email": "hot"},
        ]
    }

    assert _paths(before, after) == {
        "steps.flag.set.x": (1, 2),
        "steps.ask": (None, {"name": "ask", "approve": "d"}),
    }


def test_items_without_a_name_are_named_by_field_or_by_object_and_via():
    """Related lists merge as `object.via`, match rules by their field."""
    before = {"related": [{"object": "line_item", "via": "opportunity", "sort": "-total"}]}
    after = {"related": [{"object": "line_item", "via": "opportunity", "sort": "total"}]}

    assert _paths(before, after) == {"related.line_item.opportunity.sort": ("-total", "total")}


def test_a_list_of_plain_names_is_one_property():
    """Columns of a view change as a whole."""
    assert _paths({"fields": ["a", "b"]}, {"fields": ["b"]}) == {"fields": (["a", "b"], ["b"])}


def test_a_change_turned_round_leads_back():
    """The inverse swaps both sides and keeps the path."""
    change = PropertyChange(path=("length",), before=10, after=20)

    assert change.reverse() == PropertyChange(path=("length",), before=20, after=10)
    assert change.reverse().reverse() == change


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": [1, {"b": True}]}, {"a": [1, {"b": True}]}, True),
        ({"a": None}, {}, True),
        ([1, 2], [1], False),
        ([1], [True], False),
        ("1", 1, False),
    ],
)
def test_same_compares_by_meaning(one, other, expected):
    """Equal values are equal at any depth, and nothing else is."""
    assert same(one, other) is expected
