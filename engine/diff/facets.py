"""The properties in which two states of one component differ.

Separate from the operations, because classes of risk, explanations and (later) the three-way merge
all look at the same list: one entry per changed property, however deep it lies. Items of a list are
told apart by name, as everywhere in the format: `name`, else the field, else `object.via`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Data = Mapping[str, object]
ORDER = "(order)"  # last step of the path where only the order of named items changed
ORDERED_KEY = "values"  # the mapping whose order means something: the values of a picklist


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChange:
    """One changed property: where it lies and its value on both sides; None where it is absent."""

    path: tuple[str, ...]
    before: object
    after: object

    @property
    def name(self) -> str:
        """The property of the component that this change lies in."""
        return self.path[0]

    @property
    def pointer(self) -> str:
        """The path as people read it: `values.negotiation.label`."""
        return ".".join(self.path)

    def reverse(self) -> PropertyChange:
        """Give the change that undoes this one."""
        return PropertyChange(path=self.path, before=self.after, after=self.before)


def property_changes(before: Data, after: Data) -> tuple[PropertyChange, ...]:
    """List what differs between two states of a component, in the order of the file before.

    An absent property and null are the same. Cost: O(size of the component).
    """
    return tuple(_in_mapping(before, after, ()))


def same(before: object, after: object, *, is_ordered: bool = False) -> bool:
    """Tell whether two values mean the same: true is not 1, null is not there.

    The order of keys counts under `values` only (or at the top with `is_ordered`).
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = before.keys() | after.keys()
        return (not is_ordered or list(before) == list(after)) and all(
            same(before.get(key), after.get(key), is_ordered=key == ORDERED_KEY) for key in keys
        )
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        pairs = zip(before, after, strict=False)
        return len(before) == len(after) and all(same(one, other) for one, other in pairs)
    return isinstance(before, bool) is isinstance(after, bool) and before == after


def survivors(names: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """Keep the names that stand on both sides, in the order of the first."""
    kept = frozenset(other)
    return tuple(name for name in names if name in kept)


def item_name(item: object) -> str | None:
    """Name an item of a list, or None when it cannot be told from its neighbours."""
    if not isinstance(item, Mapping):
        return None
    for key in ("name", "field"):
        if isinstance(item.get(key), str):
            return str(item[key])
    parts = [item.get("object"), item.get("via")]
    return ".".join(str(part) for part in parts if part) or None


def named_items(value: object) -> Mapping[str, object] | None:
    """Key the items of a list by name; None when this is no list, or one of unnamed items."""
    if not isinstance(value, list | tuple):
        return None
    named = {item_name(item): item for item in value}
    if None in named or len(named) != len(value):
        return None
    return {str(name): item for name, item in named.items()}


def _in_mapping(before: Data, after: Data, path: tuple[str, ...]) -> Iterator[PropertyChange]:
    for key in dict.fromkeys((*before, *after)):
        yield from _in_value(before.get(key), after.get(key), (*path, str(key)))
    if path and path[-1] == ORDERED_KEY:
        yield from _in_order(tuple(before), tuple(after), path)


def _in_value(before: object, after: object, path: tuple[str, ...]) -> Iterator[PropertyChange]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _in_mapping(before, after, path)
        return
    old, new = named_items(before), named_items(after)
    if old is not None and new is not None:
        for name in dict.fromkeys((*old, *new)):
            yield from _in_value(old.get(name), new.get(name), (*path, name))
        yield from _in_order(tuple(old), tuple(new), path)
    elif not same(before, after):
        yield PropertyChange(path=path, before=before, after=after)


def _in_order(
    before: tuple[str, ...], after: tuple[str, ...], path: tuple[str, ...]
) -> Iterator[PropertyChange]:
    old, new = survivors(before, after), survivors(after, before)
    if old != new:
        yield PropertyChange(path=(*path, ORDER), before=old, after=new)
