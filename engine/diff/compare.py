"""From two trees to the operations between them, in the order in which they can be carried out.

Separate from the operations, because comparing is one thing and what a change means another. Called
once per plan, diff or rollback.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from engine.diff.facets import Data, property_changes, survivors
from engine.diff.operations import Add, Change, Operation, Rename, Reorder, Restore, Retire
from engine.diff.order import ORDERED_CHILDREN, Orders, orders_of, place_of, predecessor
from engine.diff.renames import find_renames
from engine.names import ComponentKey, component_key, split_key
from engine.source import SourceTree


def diff_trees(
    before: SourceTree, after: SourceTree, *, retired: Collection[ComponentKey] = ()
) -> tuple[Operation, ...]:
    """List what leads from one tree to the other.

    Args:
        before: the tree that runs.
        after: the tree that is wanted.
        retired: components that the environment keeps hidden; adding one of them restores it.

    Returns:
        Retirements (children before parents), renames, changes, then additions (parents before
        children): applied in this order they turn `before` into `after`; turned round and applied
        from the last to the first they turn it back. Orders of children compare by the relative
        order of those that stay. Cost: O(components), deep only where digests differ.
    """
    comparison = _Comparison(
        before={key: doc.data for key, doc in before.docs.items()},
        after={key: doc.data for key, doc in after.docs.items()},
        equal=frozenset(
            key for key, digest in before.tree.items() if after.tree.get(key) == digest
        ),
        retired=frozenset(retired),
    )
    return tuple(comparison.operations())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """Both sides of one comparison; `equal` holds the keys whose digests agree."""

    before: Mapping[ComponentKey, Data]
    after: Mapping[ComponentKey, Data]
    equal: frozenset[ComponentKey]
    retired: frozenset[ComponentKey]

    def operations(self) -> Iterator[Operation]:
        old_orders, new_orders = orders_of(self.before), orders_of(self.after)
        renames = find_renames(self.before, self.after)
        reorders = _reorders(old_orders, new_orders, renames)
        yield from self._retirements(renames, old_orders)
        yield from self._renames(renames)
        renamed = frozenset(renames.values())
        yield from self._changes(renamed, reorders)
        yield from self._additions(renamed, new_orders)

    def _retirements(
        self, renames: Mapping[ComponentKey, ComponentKey], orders: Orders
    ) -> Iterator[Retire]:
        gone = [key for key in self.before if key not in self.after and key not in renames]
        for key in reversed(_parents_first(gone, orders)):
            yield Retire(component=key, data=self.before[key], after=predecessor(orders, key))

    def _renames(self, renames: Mapping[ComponentKey, ComponentKey]) -> Iterator[Rename]:
        for former in _parents_first(renames, {}):
            key = renames[former]
            yield Rename(
                component=key,
                former=former,
                before=without_order(self.before[former]),
                after=without_order(self.after[key]),
            )

    def _changes(
        self, renamed: frozenset[ComponentKey], reorders: Mapping[ComponentKey, Reorder]
    ) -> Iterator[Change]:
        """Compare what stays; of a renamed object only the order of its children is left."""
        for key, data in self.after.items():
            if key in self.equal or not (key in self.before or key in renamed):
                continue
            new = without_order(data)
            old = new if key in renamed else without_order(self.before[key])
            reorder = reorders.get(key, {})
            if reorder or property_changes(old, new):
                yield Change(component=key, before=old, after=new, reorder=reorder)

    def _additions(self, renamed: frozenset[ComponentKey], orders: Orders) -> Iterator[Operation]:
        fresh = [key for key in self.after if key not in self.before and key not in renamed]
        new_objects = {split_key(key)[1][0] for key in fresh if key.startswith("object:")}
        for key in _parents_first(fresh, orders):
            data, place = self.after[key], predecessor(orders, key)
            if key in self.retired:
                yield Restore(component=key, data=data, after=place)
                continue
            parent_is_new = split_key(key)[1][0] in new_objects
            yield Add(component=key, data=data, after=place, parent_is_new=parent_is_new)


def without_order(data: Data) -> Data:
    """Leave out the order of children: membership and place are told by the children."""
    return {key: value for key, value in data.items() if key != "order"}


def _parents_first(keys: Collection[ComponentKey], orders: Orders) -> list[ComponentKey]:
    """Sort objects before what belongs to them, and siblings by their order."""

    def rank(key: ComponentKey) -> tuple[bool, str, str, int, str]:
        kind, path = split_key(key)
        place = place_of(key)
        names = orders.get(place, ()) if place else ()
        at = names.index(path[-1]) if path[-1] in names else 0
        return (kind != "object", path[0], kind, at, key)

    return sorted(keys, key=rank)


def _reorders(
    before: Orders, after: Orders, renames: Mapping[ComponentKey, ComponentKey]
) -> Mapping[ComponentKey, Reorder]:
    """Find the lists whose surviving children stand in another order than before."""
    found: dict[ComponentKey, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    kind_of = {children: kind for kind, children in ORDERED_CHILDREN.items()}
    for (parent, children), names in before.items():
        kind, path = kind_of[children], split_key(parent)[1]
        keys = [component_key(kind, *path, name) for name in names]
        moved = tuple(split_key(renames.get(key, key))[1][-1] for key in keys)
        now = renames.get(parent, parent)
        wanted = after.get((now, children), ())
        old, new = survivors(moved, wanted), survivors(wanted, moved)
        if old != new:
            found.setdefault(now, {})[children] = (old, new)
    return found
