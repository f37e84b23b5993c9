"""Takes items out of a component's lists that name what does not come along.

A layout that lists a field which stays behind comes without it; an expression that reads the field
cannot be trimmed, and the check of the whole says so. What a component names is the table of
`engine.model.kinds.references`, so every kind trims.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from deploy_tool.plans.plan import Trimmed
from engine.diff import Add, Change, Operation, Rename, Restore, Retire
from engine.model.kinds import references
from engine.names import ComponentKey, split_key

Data = Mapping[str, object]
# Lists of which an item that is one name, or names one thing, can go without changing the others.
_SINGLE = frozenset({"object", "field", "via", "name", "view"})


def trim(
    operation: Operation, missing: Collection[ComponentKey]
) -> tuple[Operation, tuple[Trimmed, ...]]:
    """Give an operation without the items that name something missing, and what was left out."""
    if isinstance(operation, Retire) or not missing:
        return operation, ()
    data = operation.after if isinstance(operation, Change | Rename) else operation.data
    kept, trimmed = trimmed_data(operation.component, data, missing)
    if not trimmed:
        return operation, ()
    if isinstance(operation, Add | Restore):
        return replace(operation, data=kept), trimmed
    return replace(operation, after=kept), trimmed


def trimmed_data(
    key: ComponentKey, data: Data, missing: Collection[ComponentKey]
) -> tuple[Data, tuple[Trimmed, ...]]:
    """Give a component's data without such items. The given data is not changed."""
    found: dict[tuple[str, ...], Trimmed] = {}
    for pointer, wanted in references(split_key(key)[0], key, data):
        steps = _item(pointer) if wanted in missing else None
        if steps is not None:
            item = ".".join(split_key(wanted)[1])
            found[steps] = Trimmed(component=key, item=item, missing=wanted)
    kept: object = data
    for steps in sorted(found, key=_from_behind, reverse=True):
        kept = _without(kept, steps)
    assert isinstance(kept, Mapping)  # a component is a mapping, and only its items go
    return kept, tuple(found.values())


def _item(pointer: str) -> tuple[str, ...] | None:
    """Give the steps to the item or entry that a pointer lies in; None where it lies in none."""
    is_key = pointer.endswith("#")
    steps = tuple(pointer.removesuffix("#").strip("/").split("/")) if pointer else ()
    if is_key and len(steps) > 1:
        return steps
    if steps and steps[-1].isdigit():
        return steps
    if len(steps) > 1 and steps[-1] in _SINGLE and steps[-2].isdigit():
        return steps[:-1]
    return None


def _from_behind(steps: tuple[str, ...]) -> list[tuple[int, str]]:
    """Sort items so that taking one out leaves the numbers of those before it."""
    return [(int(step), "") if step.isdigit() else (-1, step) for step in steps]


def _without(value: object, steps: tuple[str, ...]) -> object:
    here, rest = steps[0], steps[1:]
    if isinstance(value, Mapping):
        if not rest:
            return {key: item for key, item in value.items() if key != here}
        return {k: _without(v, rest) if k == here else v for k, v in value.items()}
    items = list(value) if isinstance(value, list | tuple) else []
    at = int(here)
    if rest:
        return [_without(v, rest) if n == at else v for n, v in enumerate(items)]
    return [item for place, item in enumerate(items) if place != at]
