"""Records as their last saves left them: what "why?" and trials look at.

What the last save changed is taken from the history, so that ISCHANGED and ISNEW say what they
said. Separate from the answers, which are many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.access import Everything
from engine.compiled import CompiledObject
from engine.expr import EvalContext
from engine.model.fields.base import Value
from engine.names import FieldName
from engine.records.draft import changed_mask
from engine.saving.explaining.criteria import full_planner
from engine.saving.looking import read_kept
from engine.saving.unit import Unit
from engine.store.platform import history
from engine.store.reading import fetch_by_ids

_ALL = Everything("somebody who may customize asks why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A record as its last save left it. `changed`: the mask of fields that this save changed.

    `event`: created or updated.
    """

    values: Mapping[str, Value]
    context: EvalContext
    event: str
    changed: int


def standings(
    unit: Unit,
    compiled: CompiledObject,
    ids: Sequence[int],
    reads: Iterable[str],
) -> list[Standing]:
    """Give records as their last saves left them, in order of `ids`: two statements for all.

    Read with full rights: who may see the records is asked before.
    """
    stored = (str(field.name) for field in compiled.fields.values() if field.is_stored)
    paths = (*stored, *sorted(reads))
    plan = full_planner(unit.snapshot.model).load_paths(compiled, paths, policy=_ALL)
    rows = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, sorted(ids))
    last = history.last_of(unit.tx, [record for record in ids if record in rows])
    return [
        _standing(unit, compiled, rows[record][0], last.get(record))
        for record in ids
        if record in rows
    ]


def _standing(
    unit: Unit,
    compiled: CompiledObject,
    values: Mapping[str, Value],
    last: history.Kept | None,
) -> Standing:
    base = replace(unit.caller.context, prior=values, is_new=False)
    if last is None or last.event not in {"created", "updated", "rolled_up"}:
        return Standing(values=values, context=base, event="updated", changed=0)
    if last.event == "created":
        context = replace(base, prior=None, is_new=True)
        return Standing(values=values, context=context, event="created", changed=0)
    before = {
        name: read_kept(compiled.fields[FieldName(name)], old)
        for name, (old, _) in last.changes.items()
        if name in compiled.fields
    }
    prior = {**values, **before}
    changed = changed_mask(compiled, prior, values)
    context = replace(base, prior=prior)
    return Standing(values=values, context=context, event="updated", changed=changed)
