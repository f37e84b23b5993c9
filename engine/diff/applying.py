"""Carry operations out on plain component data: the law that a difference leads where it says.

Separate, because plans never do this (their result tree is merged, whole and validated); rollback
does, and the tests hold `diff_trees` to it. Pure: the given mapping is not changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping

from engine.diff.facets import Data
from engine.diff.operations import Change, Operation, Rename, Reorder, Retire
from engine.diff.order import ORDERED_CHILDREN, orders_of, place_of
from engine.names import ComponentKey, split_key

# (parent, sort of children) -> names, as far as the operations have come
_Lists = MutableMapping[tuple[ComponentKey, str], list[str]]


def apply_operations(
    tree: Mapping[ComponentKey, Data], operations: Iterable[Operation]
) -> dict[ComponentKey, Data]:
    """Give the components after the operations, every object with the full order of its children.

    Raises: KeyError when an operation speaks of a component that is not there.
    """
    result = dict(tree)
    lists: _Lists = {place: list(names) for place, names in orders_of(tree).items()}
    for operation in operations:
        _carry_out(operation, result, lists)
    return {key: _with_order(key, data, lists) for key, data in result.items()}


def _carry_out(
    operation: Operation, tree: MutableMapping[ComponentKey, Data], lists: _Lists
) -> None:
    key = operation.component
    if isinstance(operation, Retire):
        del tree[key]
        _leave(key, lists)
    elif isinstance(operation, Rename):
        del tree[operation.former]
        tree[key] = operation.after
        _rename(operation.former, key, lists)
    elif isinstance(operation, Change):
        del tree[key]
        tree[key] = operation.after
        _reorder(key, operation.reorder, lists)
    else:
        tree[key] = operation.data
        _enter(operation.component, operation.after, lists)


def _enter(key: ComponentKey, after: str, lists: _Lists) -> None:
    place = place_of(key)
    if place is not None:
        names = lists.setdefault(place, [])
        at = names.index(after) + 1 if after in names else 0
        names.insert(at, split_key(key)[1][-1])


def _leave(key: ComponentKey, lists: _Lists) -> None:
    place = place_of(key)
    if place is not None:
        lists[place].remove(split_key(key)[1][-1])


def _rename(former: ComponentKey, key: ComponentKey, lists: _Lists) -> None:
    """Rename a child in its place, or an object with all its lists."""
    for children in ORDERED_CHILDREN.values():
        if (former, children) in lists:
            lists[key, children] = lists.pop((former, children))
    old, new = place_of(former), place_of(key)
    if old is not None and new is not None:
        names = lists[new] if new in lists else lists[old]
        names[names.index(split_key(former)[1][-1])] = split_key(key)[1][-1]


def _reorder(parent: ComponentKey, reorder: Reorder, lists: _Lists) -> None:
    """Put the survivors in their new order; others keep their places."""
    for children, (_, wanted) in reorder.items():
        names, moving = lists[parent, children], iter(wanted)
        members = frozenset(wanted)
        names[:] = [next(moving) if name in members else name for name in names]


def _with_order(key: ComponentKey, data: Data, lists: _Lists) -> Data:
    if split_key(key)[0] != "object":
        return data
    order = {
        children: names
        for children in ORDERED_CHILDREN.values()
        if (names := lists.get((key, children)))
    }
    kept = {name: value for name, value in data.items() if name != "order"}
    return {**kept, "order": order} if order else kept
