"""Values of a record completed by paths that nobody has loaded yet.

A save loads what its rules and criteria read, and no more; a mail or a list of recipients that is
written once in a while reads further paths then, with the full rights of the configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.access import Everything
from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from engine.query import ReadPlan
from engine.saving.unit import Unit
from engine.store.reading import fetch_by_ids

_ALL = Everything("the configuration reads it")


def completed(
    unit: Unit, compiled: CompiledObject, values: Mapping[str, Value], paths: Iterable[str]
) -> Mapping[str, Value]:
    """Give values with all of these paths, blank for a record that is gone. One statement, or none.

    What `values` hold stays as it is: they may be of a record that is deleted, or changed later.
    """
    missing = tuple(sorted(path for path in set(paths) if path not in values))
    record = values.get("id")
    if not missing or not isinstance(record, int):
        return values

    def make() -> ReadPlan:
        return unit.planner.load_paths(compiled, missing, policy=_ALL)

    plan = unit.plans(("completed", compiled.name, missing), make)
    found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record]).get(record)
    loaded = {} if found is None else found[0]
    return {**{path: loaded.get(path) for path in missing}, **values}
