"""The order of the children of a component: fields of an object, its record types, its rules.

Separate, because membership and order are two things: a child exists as a component of its own, and
the `order` of its parent only says where it stands. Names that `order` does not list come last, by
name. So a new field is one operation, and never also a change of its object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.diff.facets import Data
from engine.names import ComponentKey, component_key, split_key

ORDERED_CHILDREN: Mapping[str, str] = {
    "field": "fields",
    "record_type": "record_types",
    "validation_rule": "validation_rules",
}
Orders = Mapping[tuple[ComponentKey, str], tuple[str, ...]]


def place_of(key: ComponentKey) -> tuple[ComponentKey, str] | None:
    """Give the parent and the list in which a component stands, or None when it has no place."""
    kind, path = split_key(key)
    children = ORDERED_CHILDREN.get(kind)
    return (component_key("object", *path[:-1]), children) if children else None


def orders_of(tree: Mapping[ComponentKey, Data]) -> Orders:
    """Give the order in force of every list of children. Cost: O(components)."""
    members: dict[tuple[ComponentKey, str], set[str]] = {}
    for key in tree:
        place = place_of(key)
        if place is not None:
            members.setdefault(place, set()).add(split_key(key)[1][-1])
    return {
        place: order_in_force(listed_in(tree.get(place[0], {}), place[1]), names)
        for place, names in members.items()
    }


def order_in_force(wanted: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Order names as wanted; those not mentioned come last, by name."""
    left = set(names)
    first = [name for name in dict.fromkeys(wanted) if name in left]
    return (*first, *sorted(left.difference(first)))


def listed_in(data: Data, children: str) -> tuple[str, ...]:
    """Give what the `order` of a parent lists for one sort of children."""
    order = data.get("order")
    names = order.get(children) if isinstance(order, Mapping) else None
    return tuple(map(str, names)) if isinstance(names, list | tuple) else ()


def predecessor(orders: Orders, key: ComponentKey) -> str:
    """Name the sibling just before a component, or "" when it is the first or has no place."""
    place = place_of(key)
    names = orders.get(place, ()) if place else ()
    name = split_key(key)[1][-1]
    at = names.index(name) if name in names else 0
    return names[at - 1] if at else ""
