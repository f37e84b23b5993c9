"""Records read to be changed: each with the answer to "may the caller change it?".

Separate from the saves, deletions, merges and submissions that ask it, all in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.compiled import CompiledObject
from engine.query import ReadPlan
from engine.saving.unit import Unit
from engine.store.reading import Reached, fetch_to_change


def to_change(
    unit: Unit,
    compiled: CompiledObject,
    plan: ReadPlan,
    ids: Sequence[int],
    *,
    for_update: bool = True,
) -> dict[int, Reached]:
    """Read records by id as the caller sees them, held for this transaction unless told not to."""
    return fetch_to_change(
        unit.tx,
        unit.snapshot,
        plan,
        unit.caller,
        ids,
        edit_policy=unit.access.of(compiled.name).edit_policy,
        for_update=for_update,
    )
