"""What a three-way merge decides, and what it leaves to people."""

from __future__ import annotations

import pytest

from engine.diff import Conflict, merge_components
from engine.diff.merge import merge_order

BASE = {
    "object:deal": {"label": "Deal", "order": {"fields": ["name", "amount"]}},
    "field:deal.name": {"type": "text"},
    "field:deal.amount": {"type": "currency", "min": 0},
    "workflow:alert": {
        "if": "amount > 1",
        "steps": [{"name": "flag", "set": {"x": 1}}, {"name": "tell", "email": "hot"}],
    },
}


def _with(base=BASE, **changed):
    keys = {name.replace("___", ".").replace("__", ":"): data for name, data in changed.items()}
    return {key: data for key, data in {**base, **keys}.items() if data is not None}


def test_changes_of_different_properties_meet():
    """One side relabels a field, the other narrows it: both hold afterwards."""
    target = _with(field__deal___amount={"type": "currency", "min": 0, "label": "Value"})
    incoming = _with(field__deal___amount={"type": "currency", "min": 5})

    merge = merge_components(BASE, target, incoming)

    assert merge.conflicts == ()
    assert merge.components["field:deal.amount"] == {"type": "currency", "min": 5, "label": "Value"}


def test_the_same_property_changed_twice_is_a_conflict_and_the_target_stands():
    """Nobody's work is overwritten without a word."""
    target = _with(field__deal___amount={"type": "currency", "min": 1})
    incoming = _with(field__deal___amount={"type": "currency", "min": 2})

    merge = merge_components(BASE, target, incoming)

    assert merge.conflicts == (
        Conflict(component="field:deal.amount", property="min", base=0, target=1, incoming=2),
    )
    assert merge.components["field:deal.amount"]["min"] == 1


def test_changing_what_the_other_side_took_away_is_a_conflict():
    """A deletion does not win over an edit, nor an edit over a deletion."""
    target = _with(
        object__deal={"label": "Deal", "order": {"fields": ["name"]}}, field__deal___amount=None
    )
    incoming = _with(field__deal___amount={"type": "currency", "min": 2})

    merge = merge_components(BASE, target, incoming)

    (conflict,) = merge.conflicts
    assert (conflict.component, conflict.property, conflict.target) == (
        "field:deal.amount",
        "",
        None,
    )
    assert "field:deal.amount" not in merge.components


def test_fields_added_on_both_sides_keep_their_places():
    """Each side's new field stands behind the neighbour it was put behind."""
    target = _with(
        object__deal={"label": "Deal", "order": {"fields": ["name", "note", "amount"]}},
        field__deal___note={"type": "text"},
    )
    incoming = _with(
        object__deal={"label": "Deal", "order": {"fields": ["name", "amount", "code"]}},
        field__deal___code={"type": "text"},
    )

    merge = merge_components(BASE, target, incoming)

    assert merge.conflicts == ()
    assert merge.components["object:deal"]["order"]["fields"] == ["name", "note", "amount", "code"]


def test_steps_of_a_workflow_merge_by_name():
    """One side changes a step, the other adds one."""
    steps = BASE["workflow:alert"]["steps"]
    target = _with(
        workflow__alert={"if": "amount > 1", "steps": [{"name": "ask", "approve": "d"}, *steps]}
    )
    incoming = _with(
        workflow__alert={"if": "amount > 9", "steps": [{"name": "flag", "set": {"x": 2}}, steps[1]]}
    )

    merge = merge_components(BASE, target, incoming)

    assert merge.conflicts == ()
    assert merge.components["workflow:alert"] == {
        "if": "amount > 9",
        "steps": [
            {"name": "ask", "approve": "d"},
            {"name": "flag", "set": {"x": 2}},
            {"name": "tell", "email": "hot"},
        ],
    }


def test_a_rename_on_one_side_meets_an_edit_on_the_other():
    """The edit lands under the new name; nothing is deleted or doubled."""
    target = _with(field__deal___amount={"type": "currency", "min": 0, "label": "Value"})
    incoming = _with(
        object__deal={"label": "Deal", "order": {"fields": ["name", "value"]}},
        field__deal___amount=None,
        field__deal___value={"type": "currency", "min": 0, "aka": ["amount"]},
    )

    merge = merge_components(BASE, target, incoming)

    assert merge.conflicts == ()
    assert "field:deal.amount" not in merge.components
    assert merge.components["field:deal.value"] == {
        "type": "currency",
        "min": 0,
        "label": "Value",
        "aka": ["amount"],
    }
    assert merge.components["object:deal"]["order"]["fields"] == ["name", "value"]


def test_two_different_renames_are_a_conflict():
    """A component can only go on under one name."""
    target = _with(
        object__deal={"label": "Deal", "order": {"fields": ["name", "value"]}},
        field__deal___amount=None,
        field__deal___value={"type": "currency", "min": 0, "aka": ["amount"]},
    )
    incoming = _with(
        object__deal={"label": "Deal", "order": {"fields": ["name", "total"]}},
        field__deal___amount=None,
        field__deal___total={"type": "currency", "min": 0, "aka": ["amount"]},
    )

    merge = merge_components(BASE, target, incoming)

    assert ("field:deal.total", "(name)") in {(c.component, c.property) for c in merge.conflicts}


def test_taking_away_a_nested_property_keeps_the_component():
    """An emptied mapping is still there."""
    incoming = _with(field__deal___amount={"type": "currency"})

    merge = merge_components(BASE, BASE, incoming)

    assert merge.components["field:deal.amount"] == {"type": "currency"}


@pytest.mark.parametrize(
    ("base", "target", "incoming", "expected", "conflict"),
    [
        ("abc", "abc", "acb", "acb", False),
        ("abc", "cab", "abc", "cab", False),
        ("abc", "xabc", "abyc", "xabyc", False),
        ("abc", "bac", "acb", "bac", True),
        ("abc", "bac", "bac", "bac", False),
        ("", "xy", "z", "zxy", False),
    ],
)
def test_orders_merge(base, target, incoming, expected, conflict):
    """Who moved items decides; both moving them differently is a conflict."""
    assert merge_order(base, target, incoming) == (tuple(expected), conflict)
