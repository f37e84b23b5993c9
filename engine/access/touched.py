"""Which objects a row policy looks at: a statement lowered from it depends on their shapes."""

from __future__ import annotations

from collections.abc import Iterable

from engine.access.policy import RowPolicy, Ruled, Through, leaves
from engine.compiled import Model
from engine.names import FieldName, ObjectName


def objects_of(
    model: Model, start: ObjectName, policies: Iterable[RowPolicy]
) -> frozenset[ObjectName]:
    """Give the object itself, parents followed, and what the conditions of rules read."""
    found = {start}
    for policy in policies:
        for leaf in leaves(policy):
            if isinstance(leaf, Through):
                parent = model.objects[start].fields[leaf.lookup].decl.targets[0]
                found |= objects_of(model, parent, (leaf.policy,))
            elif isinstance(leaf, Ruled):
                found |= _read_by(model, leaf)
    return frozenset(found)


def _read_by(model: Model, leaf: Ruled) -> set[ObjectName]:
    rule = next(r for r in model.sharing[leaf.object] if r.name == leaf.rule)
    found: set[ObjectName] = set()
    todo = [(leaf.object, path) for path in (rule.where.reads if rule.where else ())]
    seen: set[tuple[ObjectName, str]] = set()
    while todo:
        item = todo.pop()
        if item in seen:
            continue
        seen.add(item)
        here, (first, _, rest) = item[0], item[1].partition(".")
        found.add(here)
        field = model.objects[here].fields.get(FieldName(first))
        if field is None:
            continue
        if rest:
            todo += [(target, rest) for target in field.decl.targets if target in model.objects]
        elif field.formula is not None and not field.is_stored:
            todo += [(here, path) for path in field.formula.reads]
    return found
