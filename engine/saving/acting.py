"""Acting for the configuration: its full rights, in the transaction and the name of a person.

Separate from `running`, because approvals and clocks write in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from engine.access import ADMINISTRATOR, Access, effective
from engine.compiled import Model
from engine.query import Planner, ReadPlan
from engine.saving.deciding import memory_of
from engine.saving.unit import Unit
from engine.store.memo import Memo

WORKFLOW = "workflow"  # the door through which such changes come, in the history

_RIGHTS: Memo[str, tuple[Access, Planner]] = Memo(64)
_PLANS: Memo[tuple[object, ...], ReadPlan] = Memo(1024)


def acting(unit: Unit) -> Unit:
    """Give the same transaction and the same person, with every right on records.

    What HAS_PERMISSION and `$user` say stays the person's: rules judge as they would judge them.
    """
    if unit.source == WORKFLOW:
        return unit
    model = unit.snapshot.model
    memory_of(unit)  # both have the same
    access, planner = _RIGHTS.get_or_make(model.digest, lambda: _full(model))
    plans = partial(_kept, model.digest)
    return replace(unit, access=access, planner=planner, plans=plans, source=WORKFLOW)


def _full(model: Model) -> tuple[Access, Planner]:
    access = effective(model, {ADMINISTRATOR})
    return access, Planner(model, access)


def _kept(digest: str, key: tuple[object, ...], make: Callable[[], ReadPlan]) -> ReadPlan:
    return _PLANS.get_or_make((digest, key), make)
