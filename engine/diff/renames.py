"""Which components go on under another name: declared by `aka`, never guessed.

Separate from the comparison, because a renamed object takes everything with it that is named after
it (`field:deal.amount` becomes `field:opportunity.amount`), and an index is named after its fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.diff.facets import Data
from engine.diff.order import listed_in, place_of
from engine.names import ComponentKey, component_key, split_key

Trees = Mapping[ComponentKey, Data]
# Kinds whose path names an object, and where; all other kinds keep their path.
OBJECT_IN_PATH: Mapping[str, int] = {
    "field": 0,
    "record_type": 0,
    "validation_rule": 0,
    "index": 0,
    "duplicate_rule": 0,
    "layout": 0,
    "view": 0,
    "sharing_rule": 0,
    "object_permission": 1,
    "translation": 1,
}


def find_renames(before: Trees, after: Trees) -> Mapping[ComponentKey, ComponentKey]:
    """Map former keys to new ones, for components gone on one side and new on the other.

    Objects first, then everything named after them, then what declares a former name of its own,
    last the indexes over renamed fields. Cost: O(components that differ).
    """
    gone = {key: before[key] for key in before if key not in after}
    fresh = {key: after[key] for key in after if key not in before}
    objects = dict(_declared(gone, fresh, kinds={"object"}))
    names = {split_key(old)[1][0]: split_key(new)[1][0] for old, new in objects.items()}
    found = {old: new for old in gone if (new := _moved(old, names)) in fresh and new != old}
    found |= objects
    found |= dict(_declared(_without(gone, found), _without(fresh, found.values()), names=names))
    found |= _indexes(before, gone, fresh, found)
    return found


def rename_components(components: Trees, renames: Mapping[ComponentKey, ComponentKey]) -> Trees:
    """Give components under new names, in the order of their object too.

    What is not there is passed over, and so is a name that is taken already.
    """
    todo = {old: new for old, new in renames.items() if old in components and new not in components}
    if not todo:
        return components
    moved = {todo.get(key, key): data for key, data in components.items()}
    for old, new in todo.items():
        place = place_of(new)
        if place is not None and place[0] in moved:
            parent, children = place
            moved[parent] = _relisted(moved[parent], children, old, new)
    return moved


def _relisted(parent: Data, children: str, old: ComponentKey, new: ComponentKey) -> Data:
    """Replace a name where the order of a parent lists it."""
    order = parent.get("order")
    if not isinstance(order, Mapping) or children not in order:
        return parent
    former, name = split_key(old)[1][-1], split_key(new)[1][-1]
    names = [name if listed == former else listed for listed in listed_in(parent, children)]
    return {**parent, "order": {**order, children: names}}


def _moved(key: ComponentKey, objects: Mapping[str, str]) -> ComponentKey:
    """Give the key that a component has once its object is renamed."""
    kind, path = split_key(key)
    at = OBJECT_IN_PATH.get(kind)
    if at is None or at >= len(path) or path[at] not in objects:
        return key
    return component_key(kind, *path[:at], objects[path[at]], *path[at + 1 :])


def _declared(
    gone: Trees,
    fresh: Trees,
    *,
    kinds: Iterable[str] = (),
    names: Mapping[str, str] | None = None,
) -> Iterable[tuple[ComponentKey, ComponentKey]]:
    """Pair new components with gone ones that they list in `aka`, under the same parent."""
    wanted = frozenset(kinds)
    moved = {_moved(key, names or {}): key for key in gone}
    for key, data in fresh.items():
        kind, path = split_key(key)
        aka = data.get("aka")
        if (wanted and kind not in wanted) or not isinstance(aka, list | tuple):
            continue
        for former in reversed(aka):  # the latest former name first
            old = component_key(kind, *path[:-1], str(former))
            if old in moved:
                yield moved.pop(old), key
                break


def _indexes(
    before: Trees, gone: Trees, fresh: Trees, found: Mapping[ComponentKey, ComponentKey]
) -> Mapping[ComponentKey, ComponentKey]:
    """Follow the indexes whose fields were renamed: the name of an index is made of theirs."""
    fields = (pair for pair in found.items() if pair[0].startswith("field:"))
    renamed = {split_key(old)[1]: split_key(new)[1] for old, new in fields}
    pairs: dict[ComponentKey, ComponentKey] = {}
    for old in gone:
        kind, path = split_key(old)
        names = _index_fields(before[old])
        if kind == "index" and old not in found and names:
            moved = [renamed.get((path[0], name), (path[0], name)) for name in names]
            new = component_key("index", moved[0][0], "_".join(name for _, name in moved))
            if new in fresh:
                pairs[old] = new
    return pairs


def _index_fields(data: Data) -> tuple[str, ...]:
    fields = data.get("fields")
    names = fields if isinstance(fields, list | tuple) else ()
    return tuple(str(name).removeprefix("-") for name in names)


def _without(tree: Trees, keys: Iterable[ComponentKey]) -> Trees:
    left_out = frozenset(keys)
    return {key: data for key, data in tree.items() if key not in left_out}
