"""The tables of the difference speak of kinds that exist."""

from __future__ import annotations

from engine.diff.order import ORDERED_CHILDREN
from engine.diff.renames import OBJECT_IN_PATH
from engine.diff.risk import GIVING, JUDGES
from engine.model.kinds.registry import KINDS


def test_every_kind_that_is_judged_exists():
    """A misspelt kind would make a narrowing change free."""
    assert set(JUDGES) | GIVING <= set(KINDS)


def test_everything_that_belongs_to_an_object_follows_its_new_name():
    """A kind whose parent is the object is renamed with it."""
    belonging = {name for name, kind in KINDS.items() if kind.parent == "object"}

    assert belonging <= set(OBJECT_IN_PATH) <= set(KINDS)


def test_the_ordered_children_are_those_an_object_lists():
    """The `order` of an object and the order that is compared are the same lists."""
    order = KINDS["object"].schema["properties"]["order"]

    assert set(ORDERED_CHILDREN.values()) == set(order["properties"])
    assert {KINDS[kind].part for kind in ORDERED_CHILDREN} == set(ORDERED_CHILDREN.values())
