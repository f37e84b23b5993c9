"""What operations say about themselves."""

from __future__ import annotations

import pytest

from engine.diff import Add, Change, Rename, Restore, Retire


@pytest.mark.parametrize(
    ("component", "data", "expected"),
    [
        ("field:d.x", {"type": "date"}, "date, optional"),
        (
            "field:d.x",
            {"type": "picklist", "values": {"low": {}, "high": {}}, "required": True},
            "picklist (low, high), required",
        ),
        (
            "field:d.x",
            {"type": "picklist", "values": {name: {} for name in "abcdef"}},
            "picklist (a, b, c, d, …), optional",
        ),
        (
            "field:d.x",
            {"type": "text", "unique": True, "external_id": True},
            "text, optional, unique, external id",
        ),
        ("field:d.x", {"type": "formula", "formula": "a * b"}, "formula a * b"),
        ("view:d.mine", {"label": "Mine"}, "“Mine”"),
        ("index:d.a", {"fields": ["a"]}, "new"),
    ],
)
def test_an_addition_says_what_comes(component, data, expected):
    """A field is described by its type and duties, the rest by its label."""
    assert Add(component=component, data=data).explain() == expected
    assert Restore(component=component, data=data).explain().endswith(expected)


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        ("field:d.x", "retire: its values are kept and can be restored"),
        ("object:d", "retire: its records are kept and can be restored"),
        ("layout:d.x", "retire: can be restored"),
    ],
)
def test_a_retirement_says_what_is_kept(component, expected):
    """Nobody has to fear for values."""
    assert Retire(component=component, data={}).explain() == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"required": True}, "optional → required"),
        ({"active": True}, {"active": False}, "active → inactive"),
        ({}, {"active": False}, "active → inactive"),
        ({"length": 120}, {"length": 80}, "length 120 → 80"),
        ({"invalid_if": "a > 1"}, {"invalid_if": "a > 0"}, "new condition"),
        ({"help": "Why"}, {}, "help removed"),
        ({}, {"history": True}, "history: yes"),
        ({}, {"values": {"a": {}}}, "values added"),
        ({"fields": ["a"]}, {"fields": ["b"]}, "fields changed"),
        ({"values": {"a": {}, "b": {}}}, {"values": {"b": {}, "a": {}}}, "values in another order"),
        (
            {"values": {"a": {"label": "A"}}},
            {"values": {"a": {"label": "B"}}},
            "values.a.label A → B",
        ),
        (
            {},
            {"label": "L", "help": "H", "index": True, "history": True, "pii": "none", "min": 1},
            "label: L, help: H, index: yes, history: yes, 2 more",
        ),
    ],
)
def test_a_change_says_what_became_what(before, after, expected):
    """The first four properties are named, the rest is counted."""
    assert Change(component="field:d.x", before=before, after=after).explain() == expected


def test_a_long_text_is_cut():
    """A sentence stays a line."""
    change = Change(component="field:d.x", before={"x": "a"}, after={"x": "b" * 200})

    assert change.explain() == "x changed"


def test_a_rename_names_the_former_name_and_what_else_changed():
    """`aka` itself is not worth a word."""
    rename = Rename(
        component="field:d.new",
        former="field:d.old",
        before={"type": "text"},
        after={"type": "text", "aka": ["old"], "label": "New"},
    )

    assert rename.explain() == "renamed from old: no data moved, label: New"
