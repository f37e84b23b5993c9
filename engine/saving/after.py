"""What follows when records were written, as one tuple that can be read aloud.

Always inside the transaction of the save, after history and roll-ups, the same for pages, REST,
bulk, imports and workflows. Each gets the whole list of records of one object. The stages before
the write are `engine.records.pipeline.STAGES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.access import Everything
from engine.compiled import CompiledObject
from engine.saving.approvals.approving import enter_approvals
from engine.saving.at_hand import at_hand
from engine.saving.deadlines.clocks import follow_clocks
from engine.saving.runs.moments import follow_dates
from engine.saving.runs.triggering import run_workflows
from engine.saving.unit import Unit
from engine.saving.written import Follow, Written
from engine.store.reading import fetch_by_ids

AFTER_SAVE: tuple[Follow, ...] = (run_workflows, follow_dates, enter_approvals, follow_clocks)
_ALL = Everything("what follows looks at it")


def follow(unit: Unit, compiled: CompiledObject, written: Sequence[Written]) -> None:
    """Do all of it, in order; each sees the records as the one before it left them."""
    for after in AFTER_SAVE:
        after(unit, compiled, written)
        written = _as_left(unit, compiled, written)


def _as_left(unit: Unit, compiled: CompiledObject, written: Sequence[Written]) -> Sequence[Written]:
    """Read again what was written meanwhile: one statement, or none."""
    memory, model = unit.memory, unit.snapshot.model
    automation = model.automation.get(compiled.name)
    if memory is None or automation is None:
        return written
    others = (model.approvals, model.deadlines)
    if not automation.at and not any(compiled.name in one for one in others):
        return written  # nobody else looks
    stale = []
    for one in written:
        met = memory.of(one.id)
        if met is not None and met.version > int(one.values["version"]):  # type: ignore[arg-type]  # an integer
            stale.append(one.id)
    if not stale:
        return written
    paths = tuple(sorted(path for path in written[0].values if not path.startswith("_")))
    plan = unit.plans(
        ("as left", compiled.name, paths),
        lambda: unit.planner.load_paths(compiled, paths, policy=_ALL),
    )
    rows = at_hand(unit, compiled, stale, paths)
    missing = sorted(set(stale) - rows.keys())
    found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, missing)
    rows |= {record: row for record, (row, _) in found.items()}
    return [replace(one, values=rows[one.id]) if one.id in rows else one for one in written]
