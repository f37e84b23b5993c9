"""Changes of type within a plan: which steps convert, by which treatment, and whose values misfit.

Separate from planning and applying, which both need it: the plan counts what does not fit, and the
very same conversion is carried out later, by the treatment that was sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from deploy_tool.plans.plan import PlannedChange
from deploy_tool.plans.treatments import Treatment, Way, read_treatment
from engine.model.converting import Conversion
from engine.names import ComponentKey, component_key
from engine.store.ddl import AddColumn, ConvertColumn, DdlStep, SwapPlaces
from engine.store.ddl.generations import mirror_text
from engine.store.platform.physical import Place


def conversions(steps: Iterable[DdlStep]) -> Mapping[ComponentKey, ConvertColumn]:
    """Give the steps that convert, by the field that they convert."""
    found = (step for step in steps if isinstance(step, ConvertColumn))
    return {_field(step.new): step for step in found}


def swapped_back(needed: Sequence[DdlStep]) -> frozenset[ComponentKey]:
    """Give the fields that steps give back the column they had, with all its values."""
    swaps = [step for step in needed if isinstance(step, SwapPlaces)]
    converted = conversions(needed)
    return frozenset(_field(step.new) for step in swaps) - frozenset(converted)


def with_treatments(
    needed: Sequence[DdlStep], changes: Iterable[PlannedChange]
) -> tuple[DdlStep, ...]:
    """Give the steps with the treatments that a plan was sealed with."""
    texts = {change.component: change.treatment for change in changes if change.treatment}
    treated = {
        key: _treated(step.conversion, read_treatment(texts[key]))
        for key, step in conversions(needed).items()
        if key in texts
    }
    return tuple(_with(step, treated) for step in needed)


def _with(step: DdlStep, treated: Mapping[ComponentKey, Conversion]) -> DdlStep:
    if isinstance(step, ConvertColumn) and _field(step.new) in treated:
        conversion = treated[_field(step.new)]
        new = step.new._replace(mirror=mirror_text(conversion))
        return replace(step, new=new, conversion=conversion)
    if isinstance(step, AddColumn) and step.place.mirror and _field(step.place) in treated:
        mirror = mirror_text(treated[_field(step.place)])
        return replace(step, place=step.place._replace(mirror=mirror))
    return step


def _treated(conversion: Conversion, treatment: Treatment) -> Conversion:
    if treatment.way is Way.CONVERT:
        return replace(conversion, is_nearest=True)
    if treatment.way is Way.FILL:
        return replace(conversion, fill=treatment.value)
    if treatment.way is Way.MAP:
        return replace(conversion, exchange=dict(treatment.values))
    return conversion


def _field(place: Place) -> ComponentKey:
    return component_key("field", place.object, place.field)
