"""Which fields the conditions of sharing rules ask for: restricted lists need them indexed."""

from __future__ import annotations

from collections.abc import Mapping

from engine.compiled import Model
from engine.names import FieldName, ObjectName

Asked = Mapping[ObjectName, frozenset[FieldName]]


def asked_by_rules(model: Model) -> Asked:
    """Give the stored fields that rules compare, by object: at the end of paths as well."""
    found: dict[ObjectName, set[FieldName]] = {}
    for name, rules in model.sharing.items():
        for rule in rules:
            for path in rule.where.reads if rule.where else ():
                end = _end(model, name, path)
                if end is not None:
                    found.setdefault(end[0], set()).add(end[1])
    return {name: frozenset(fields) for name, fields in found.items()}


def _end(model: Model, start: ObjectName, path: str) -> tuple[ObjectName, FieldName] | None:
    *steps, last = path.split(".")
    here = start
    for step in steps:
        targets = model.objects[here].fields[FieldName(step)].decl.targets
        if len(targets) != 1 or targets[0] not in model.objects:
            return None
        here = targets[0]
    field = model.objects[here].fields.get(FieldName(last))
    return (here, field.name) if field is not None and field.is_stored else None
