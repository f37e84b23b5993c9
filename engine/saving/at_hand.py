"""Records that this transaction has just written and that need not be read again.

They are held by the write itself, so nobody else changes them before the end. What is kept is told
only while the transaction has written nothing since: another record might be at the end of a path,
or feed a roll-up. A record whose paths lead back to its own object is read: the save that wrote it
may have written what its path reads.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.compiled import CompiledObject
from engine.saving.memory import Known
from engine.saving.sight import targets_of
from engine.saving.unit import Record, Unit


def at_hand(
    unit: Unit, compiled: CompiledObject, ids: Iterable[int], paths: Iterable[str]
) -> dict[int, Record]:
    """Give those of some records that are at hand, with their stored fields and these paths."""
    found = known_among(unit, compiled, ids, paths)
    wanted = (*(str(field.name) for field in compiled.stored), *paths)
    return {
        record: {path: one.values.get(path) for path in wanted} for record, one in found.items()
    }


def known_among(
    unit: Unit, compiled: CompiledObject, ids: Iterable[int], paths: Iterable[str] = ()
) -> dict[int, Known]:
    """Give those of some records that are at hand, whole.

    None of the engine's own objects: their rows are written in other rooms as well.
    """
    memory = unit.memory
    if memory is None or compiled.is_platform:
        return {}
    known = {record: one for record in ids if (one := memory.known(record)) is not None}
    if not known:
        return {}
    reads = compiled.paths.union(paths)
    model = unit.snapshot.model
    if any(compiled.name in targets_of(model, compiled.name, path) for path in reads):
        return {}
    return {record: one for record, one in known.items() if _has_all(one, compiled, reads)}


def _has_all(known: Known, compiled: CompiledObject, paths: Iterable[str]) -> bool:
    """Tell whether every path is at hand; over a blank lookup it is blank, and so is a field."""
    return all(
        path in known.values
        or path in compiled.fields
        or known.values.get(path.partition(".")[0]) is None
        for path in paths
    )
