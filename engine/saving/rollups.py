"""Roll-ups after a save: which parents are affected, level by level, at most five."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.records.draft import changed_mask
from engine.saving.journal import Journal
from engine.saving.unit import Unit
from engine.saving.written import Written
from engine.store.rolling import recompute

MAX_LEVELS = 5
Saved = tuple[Mapping[str, Value] | None, Mapping[str, Value] | None, int]


def roll_up(
    unit: Unit, child: CompiledObject, saved: Sequence[Saved], journal: Journal, level: int = 1
) -> None:
    """Recompute what the saved children feed.

    Args: `saved` holds (before, after, changed mask); before is None for a new child, after None
    for one that went to the bin.
    """
    affected = _affected(unit, child, saved)
    for parent in sorted(affected):
        names = tuple(sorted({name for name, _ in affected[parent]}))
        ids = sorted({record for _, record in affected[parent]})
        compiled = unit.snapshot.model.objects[parent]
        rolled = recompute(unit.tx, unit.snapshot, unit.caller, parent, names, ids)
        above: list[Saved] = []
        touched: list[Written] = []
        for found in rolled:
            mask = changed_mask(compiled, found.before, found.after)
            journal.note(compiled, found.before, found.after, mask, event="rolled_up")
            above.append((found.before, found.after, mask))
            touched.append(
                Written(old=found.before, values=found.after, changed=mask, event="rolled_up")
            )
        journal.touched.append((compiled, touched))
        if above and level < MAX_LEVELS:
            roll_up(unit, compiled, above, journal, level + 1)


def _affected(
    unit: Unit, child: CompiledObject, saved: Iterable[Saved]
) -> dict[ObjectName, set[tuple[FieldName, int]]]:
    """Find the parents: of the old and of the new lookup, where something that matters changed."""
    affected: dict[ObjectName, set[tuple[FieldName, int]]] = {}
    for feed in unit.snapshot.model.links.feeds.get(child.name, ()):
        for before, after, changed in saved:
            if before is not None and after is not None and not changed & feed.watch:
                continue
            for values in (before, after):
                parent = None if values is None else values.get(feed.via)
                if isinstance(parent, int):
                    affected.setdefault(feed.parent, set()).add((feed.field, parent))
    return affected
