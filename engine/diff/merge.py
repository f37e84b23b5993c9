"""The three-way merge: what came in since a common base, laid over what the target has become.

By component, then property, then named list item; an expression is one property. Separate from the
comparison, because nothing is shown here: one pure function, the same for plans, refreshes and git.
Merging is not validating: the caller compiles the result whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.diff.compare import without_order
from engine.diff.facets import ORDER, ORDERED_KEY, Data, named_items, same, survivors
from engine.diff.order import ORDERED_CHILDREN, Orders, orders_of
from engine.diff.renames import find_renames, rename_components
from engine.names import ComponentKey, component_key, split_key

Components = Mapping[ComponentKey, Data]
NAME = "(name)"  # the property in conflict when both sides renamed a component differently


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A property that both sides changed, each in its own way; None stands for "not there"."""

    component: ComponentKey
    property: str  # "" for the whole component
    base: object
    target: object
    incoming: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A complete set of components; where a conflict is, the value of the target stands."""

    components: Components
    conflicts: tuple[Conflict, ...]
    resolved: tuple[tuple[Conflict, str], ...] = ()  # decided conflicts, each with the side chosen


Decide = Callable[[Conflict], str]  # -> TARGET, INCOMING, or "" while nobody has decided
TARGET, INCOMING = "target", "incoming"


def undecided(_conflict: Conflict) -> str:
    """Decide nothing: every conflict stands."""
    return ""


def merge_components(
    base: Components, target: Components, incoming: Components, decide: Decide = undecided
) -> Merge:
    """Merge what `incoming` changed since `base` into `target`.

    A component renamed on one side is followed on the other, so that changes under both names meet.
    Objects get the full order of their children. `decide` is asked at every conflict which side
    stands; two names for one component cannot be decided. Cost: O(components of all three).
    """
    theirs, ours = find_renames(base, target), find_renames(base, incoming)
    merging = _Merging(
        rename_components(base, {**theirs, **ours}),
        rename_components(target, ours),
        rename_components(incoming, theirs),
        decide,
    )
    for former in theirs.keys() & ours.keys():
        if theirs[former] != ours[former]:
            merging.conflict(ours[former], (NAME,), former, theirs[former], ours[former])
    return Merge(
        components=merging.components(),
        conflicts=tuple(merging.conflicts),
        resolved=tuple(merging.resolved),
    )


def merge_order(
    base: Sequence[str], target: Sequence[str], incoming: Sequence[str]
) -> tuple[tuple[str, ...], bool]:
    """Merge the order of named items.

    Returns: every name of both sides in order, and whether both sides moved the items that all
    three have, each in its own way (then the target's order stands).
    """
    common = survivors(survivors(base, target), incoming)
    before, there, here = common, survivors(target, common), survivors(incoming, common)
    moved_here, moved_there = here != before, there != before
    first, second = (incoming, target) if moved_here and not moved_there else (target, incoming)
    names = list(first)
    for at, name in enumerate(second):
        if name not in names:
            names.insert(names.index(second[at - 1]) + 1 if at else 0, name)
    return tuple(names), moved_here and moved_there and here != there


class _Merging:
    """One merge under way: the three sides and the conflicts found so far."""

    def __init__(
        self, base: Components, target: Components, incoming: Components, decide: Decide
    ) -> None:
        self.base, self.target, self.incoming, self._decide = base, target, incoming, decide
        self.conflicts: list[Conflict] = []
        self.resolved: list[tuple[Conflict, str]] = []

    def components(self) -> Components:
        """Merge every component: those of the target first, new ones behind."""
        merged: dict[ComponentKey, Data] = {}
        for key in dict.fromkeys((*self.target, *self.incoming)):
            sides = [side.get(key) for side in (self.base, self.target, self.incoming)]
            found = self._value(key, (), *(data and without_order(data) for data in sides))
            if isinstance(found, Mapping):
                merged[key] = found
        return self._ordered(merged)

    def conflict(
        self, key: ComponentKey, path: tuple[str, ...], base: object, target: object, new: object
    ) -> object:
        """Note a conflict, and give the value that stands: the target's unless decided."""
        found = Conflict(
            component=key, property=".".join(path), base=base, target=target, incoming=new
        )
        choice = "" if path == (NAME,) else self._decide(found)
        if choice:
            self.resolved.append((found, choice))
        else:
            self.conflicts.append(found)
        return new if choice == INCOMING else target

    def _value(
        self, key: ComponentKey, path: tuple[str, ...], base: object, target: object, new: object
    ) -> object:
        is_ordered = path[-1:] == (ORDERED_KEY,)
        if same(base, new, is_ordered=is_ordered) or same(target, new, is_ordered=is_ordered):
            return target
        if same(base, target, is_ordered=is_ordered):
            return new
        if isinstance(target, Mapping) and isinstance(new, Mapping):
            old = base if isinstance(base, Mapping) else {}
            return self._mapping(key, path, old, target, new, is_ordered=is_ordered)
        items, new_items = named_items(target), named_items(new)
        if items is None or new_items is None:
            return self.conflict(key, path, base, target, new)
        old = named_items(base) or {}
        return list(self._mapping(key, path, old, items, new_items, is_ordered=True).values())

    def _mapping(
        self,
        key: ComponentKey,
        path: tuple[str, ...],
        base: Data,
        target: Data,
        new: Data,
        *,
        is_ordered: bool,
    ) -> Data:
        sides = (tuple(base), tuple(target), tuple(new))
        names, is_conflict = merge_order(*sides)
        if is_conflict and is_ordered:
            names = self._order(key, (*path, ORDER), sides, names)
        merged = {}
        for name in names:
            found = self._value(key, (*path, name), base.get(name), target.get(name), new.get(name))
            if found is not None:
                merged[name] = found
        return merged

    def _order(
        self,
        key: ComponentKey,
        path: tuple[str, ...],
        sides: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
        names: tuple[str, ...],
    ) -> tuple[str, ...]:
        """Note that both sides moved the same items, and give the order that stands."""
        base, target, new = sides
        if self.conflict(key, path, base, target, new) is target:
            return names
        return merge_order(base, new, target)[0]

    def _ordered(self, merged: dict[ComponentKey, Data]) -> Components:
        """Give every object the order of its children, merged as well."""
        orders = [orders_of(side) for side in (self.base, self.target, self.incoming)]
        for key in [key for key in merged if split_key(key)[0] == "object"]:
            order = dict(self._children(key, merged, orders))
            merged[key] = {**merged[key], "order": order} if order else merged[key]
        return merged

    def _children(
        self, key: ComponentKey, merged: Components, orders: Sequence[Orders]
    ) -> Iterator[tuple[str, list[str]]]:
        name = split_key(key)[1][0]
        for kind, children in ORDERED_CHILDREN.items():
            sides = [side.get((key, children), ()) for side in orders]
            names, is_conflict = merge_order(*sides)
            if is_conflict and key in self.target and key in self.incoming:
                base, target, new = map(tuple, sides)
                names = self._order(key, ("order", children), (base, target, new), names)
            kept = [child for child in names if component_key(kind, name, child) in merged]
            if kept:
                yield children, kept
