"""Treatments on a plan's page: what happens to records that a change concerns, as people choose it.

Separate from the rows of the page, because what is chosen is read back, refused at its place and
kept: in the change set that is looked at, else in the sandbox whose change it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from deploy_tool.exits import UsageWrong
from deploy_tool.plans.change_sets import SetWish, put_set
from deploy_tool.plans.kept_treatments import keep_treatment
from deploy_tool.plans.plan import PlannedChange
from deploy_tool.plans.planning import Planned
from deploy_tool.plans.treatments import (
    Treatment,
    Way,
    ensure_possible,
    read_treatment,
    ways_of,
)
from engine.clock import SystemClock
from engine.compiled import CompiledField, Model
from engine.diff import Operation
from engine.model.fields.base import BadValue
from engine.names import ComponentKey, FieldName, ObjectName, split_key
from engine.session import Session
from engine.store.platform.change_sets import ChangeSet
from web.texts import later, say
from web.visit import visit

LONGEST = 2_000  # characters of a value or a list of exchanges
NEW = "new:"  # begins the names of the inputs that say what comes for a value that goes
_WORDS: Mapping[Way, str] = {
    Way.LEAVE: later("Leave them as they are"),
    Way.BLOCK: later("Block: nothing is deployed while one is concerned"),
    Way.FILL: later("Fill with a value"),
    Way.MAP: later("Exchange values"),
    Way.CONVERT: later("Take what comes nearest, and shorten what is too long"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """A value that goes, how many records hold it, and what comes for it."""

    value: str
    count: int
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRow:
    """One way to treat the records. `value`: what is filled in, or typed to be exchanged."""

    way: str
    label: str
    is_chosen: bool
    value: str = ""
    going: tuple[Going, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatRow:
    """The choice of one change. `options`: name and label of the values there are, if few."""

    form: str
    component: str
    count: int
    ways: tuple[WayRow, ...]
    options: tuple[tuple[str, str], ...]
    refused: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What somebody chose for a component, as they typed it, and why it was refused, if it was."""

    component: str
    way: str
    fill: str
    exchange: tuple[tuple[str, str], ...]
    text: str
    refused: str = ""


class NotTreated(ValueError):
    """A choice that cannot be, in a sentence for whoever made it."""


def treat_row(planned: Planned, change: PlannedChange, typed: Typed | None) -> TreatRow | None:
    """Give the choice of a change; None where no record is concerned or nothing can be chosen."""
    operation = _operation(planned, change.component)
    if operation is None or not (change.treatment and change.impact.concerned):
        return None
    mine = typed if typed is not None and typed.component == change.component else None
    stands = read_treatment(change.treatment)
    return TreatRow(
        form=place_of(change.component),
        component=str(change.component),
        count=change.impact.concerned,
        ways=tuple(_way(way, stands, change, mine) for way in ways_of(operation)),
        options=tuple(_options(planned.model, change.component).items()),
        refused=mine.refused if mine else "",
    )


def place_of(component: str) -> str:
    """Give the id of a change's choice in the page."""
    return f"treat-{component.replace(':', '-').replace('.', '-')}"


def read_typed(given: Mapping[str, str]) -> Typed:
    """Read what was sent."""
    pairs = ((name.removeprefix(NEW), new) for name, new in given.items() if name.startswith(NEW))
    return Typed(
        component=given.get("component", ""),
        way=given.get("way", ""),
        fill=given.get("fill", "").strip()[:LONGEST],
        exchange=tuple((old, new) for old, new in pairs if new),
        text=given.get("exchange", "").strip()[:LONGEST],
    )


def treatment_of(planned: Planned, typed: Typed) -> Treatment:
    """Give the treatment that somebody chose. Raises: NotTreated."""
    operation = _operation(planned, ComponentKey(typed.component))
    if operation is None or typed.way not in ways_of(operation):
        raise NotTreated(say("This change cannot be treated so."))
    treatment = _read(Way(typed.way), typed)
    try:
        ensure_possible(operation, treatment, planned.model)
    except UsageWrong as refused:
        why = refused.__cause__
        if why is None:
            raise NotTreated(say("Only values that there are can come for others.")) from refused
        said = why.message if isinstance(why, BadValue) else str(why)
        raise NotTreated(say("The field does not take this: {why}", why=said)) from refused
    return treatment


def keep(session: Session, chosen: ChangeSet | None, component: str, treatment: Treatment) -> None:
    """Keep a treatment: in the change set that is looked at, else in the sandbox."""
    if chosen is None:
        keep_treatment(session.unit.tx, ComponentKey(component), treatment)
        return
    treatments = {**chosen.treatments, component: treatment.text}
    wish = SetWish(name=chosen.name, treatments=treatments, joins=True)
    put_set(session.unit.tx, wish, actor=visit().email, at=SystemClock().now())


def in_words(text: str) -> str:
    """Say a treatment as it stands in a plan."""
    treatment = read_treatment(text)
    said = say(_WORDS[treatment.way])
    if treatment.way is Way.FILL:
        return f"{said}: {treatment.value}"
    pairs = ", ".join(f"{old} → {new}" for old, new in treatment.values)
    return f"{said}: {pairs}" if pairs else said


def _way(way: Way, stands: Treatment, change: PlannedChange, typed: Typed | None) -> WayRow:
    kept = stands if stands.way is way else Treatment(way=way)
    value, known = kept.value, dict(kept.values)
    if typed is not None:
        value, known = typed.fill, dict(typed.exchange)
    going = tuple(
        Going(value=old, count=count, new=known.get(old, "")) for old, count in change.facts.in_use
    )
    if way is Way.MAP and not going:
        value = typed.text if typed else ", ".join(f"{old}={new}" for old, new in kept.values)
    return WayRow(
        way=way,
        label=say(_WORDS[way]),
        is_chosen=(typed.way if typed else stands.way) == way,
        value=value,
        going=going if way is Way.MAP else (),
    )


def _read(way: Way, typed: Typed) -> Treatment:
    if way is Way.FILL and not typed.fill:
        raise NotTreated(say("Give the value to fill in."))
    if way is Way.FILL:
        return Treatment(way=way, value=typed.fill)
    if way is not Way.MAP:
        return Treatment(way=way)
    pairs = typed.exchange or tuple(_pairs(typed.text.split(",")))
    if not pairs:
        raise NotTreated(say("Say what comes for at least one value."))
    return Treatment(way=way, values=tuple(sorted(pairs)))


def _pairs(parts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for part in parts:
        old, _, new = (word.strip() for word in part.partition("="))
        if old and new:
            yield old, new


def _operation(planned: Planned, component: ComponentKey) -> Operation | None:
    return next((o for o in planned.operations if o.component == component), None)


def _options(model: Model, component: ComponentKey) -> Mapping[str, str]:
    """Give the values of the picklist that a change is about; {} where it is about none."""
    field = next(_fields(model, component), None)
    return {} if field is None else {n: v.label or n for n, v in field.decl.values.items()}


def _fields(model: Model, component: ComponentKey) -> Iterator[CompiledField]:
    kind, path = split_key(component)
    if kind == "field":
        owner = model.objects.get(ObjectName(path[0]))
        field = owner.fields.get(FieldName(path[-1])) if owner else None
        yield from [field] if field else []
    elif kind == "picklist":
        fields = (f for one in model.objects.values() for f in one.fields.values())
        yield from (f for f in fields if f.decl.option("picklist") == path[-1])
