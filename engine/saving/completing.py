"""Values of a record completed by paths that nobody has loaded yet.

A save loads what its rules and criteria read, and no more; a mail or a list of recipients that is
written once in a while reads further paths then, with the full rights of the configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.access import Everything
from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from engine.query import ReadPlan
from engine.saving.unit import Unit
from engine.store.reading import fetch_by_ids

_ALL = Everything("the configuration reads it")


def completed(
    unit: Unit,
    compiled: CompiledObject,
    many: Sequence[Mapping[str, Value]],
    paths: Iterable[str],
) -> list[Mapping[str, Value]]:
    """Give the values of records with all of these paths; blank for a record that is gone.

    What the values hold stays as it is: they may be of a record that is deleted, or changed later.
    One statement for all records, or none where all is at hand.
    """
    wanted = set(paths)
    missing = tuple(sorted({path for values in many for path in wanted if path not in values}))
    lacking = {
        record
        for values in many
        if not wanted <= values.keys() and isinstance(record := values.get("id"), int)
    }
    if not lacking:
        return list(many)

    def make() -> ReadPlan:
        return unit.planner.load_paths(compiled, missing, policy=_ALL)

    plan = unit.plans(("completed", compiled.name, missing), make)
    found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, sorted(lacking))
    return [_filled(values, missing, found.get(_number(values))) for values in many]


def _filled(
    values: Mapping[str, Value],
    missing: Sequence[str],
    found: tuple[Mapping[str, Value], bool] | None,
) -> Mapping[str, Value]:
    loaded = {} if found is None else found[0]
    return {**{path: loaded.get(path) for path in missing}, **values}


def _number(values: Mapping[str, Value]) -> int:
    record = values.get("id")
    return record if isinstance(record, int) else 0
