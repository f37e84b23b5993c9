"""The physical map as steps will leave it, before any of them has run.

So that records can be looked at as a new configuration would see them, while nothing has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.compiled import PhysicalObject
from engine.names import FieldName, ObjectName
from engine.store.ddl.generations import ConvertColumn, PublishPlace, SwapPlaces
from engine.store.ddl.state import State
from engine.store.ddl.steps import AddColumn, DdlStep, RenamePlace, RestorePlace
from engine.store.platform.physical import LIVE, RETIRED, Place, physical_map


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """Where values will lie. `missing`: fields whose columns are not there yet, empty for now.

    Objects without a table yet are not in `physical`: they have no records.
    """

    physical: Mapping[ObjectName, PhysicalObject]
    missing: frozenset[tuple[ObjectName, FieldName]]


def foresee(state: State, steps: Iterable[DdlStep]) -> Foreseen:
    """Give the map after the steps, without the tables that they would create."""
    places = {(p.table, p.column): p for p in state.places}
    missing = set()
    for step in steps:
        if isinstance(step, AddColumn):
            missing.add((step.place.object, step.place.field))
        elif isinstance(step, RenamePlace):
            _put(places, step.place._replace(field=step.field))
        elif isinstance(step, (RestorePlace, PublishPlace)):
            _put(places, step.place._replace(status=LIVE))
        elif isinstance(step, ConvertColumn):
            missing.add((step.new.object, step.new.field))  # nothing is converted yet
        elif isinstance(step, SwapPlaces) and (step.new.table, step.new.column) in places:
            _put(places, step.old._replace(status=RETIRED))
            _put(places, step.new._replace(status=LIVE))
    return Foreseen(
        physical=MappingProxyType(dict(physical_map(places.values()))), missing=frozenset(missing)
    )


def _put(places: dict[tuple[str, str], Place], place: Place) -> None:
    places[(place.table, place.column)] = place
