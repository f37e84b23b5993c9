"""Carries the treatments of a plan out: values of records, inside the transaction of the switch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from deploy_tool.plans.plan import PlannedChange
from deploy_tool.plans.treatments import Treatment, Way, filling, is_conversion, read_treatment
from engine.compiled import CompiledField, Snapshot
from engine.diff import Operation
from engine.model.fields.base import Value
from engine.names import ComponentKey, ObjectName, split_key
from engine.store.impact import Condition, blank, longer, valued
from engine.store.platform.enter import SYSTEM_USER
from engine.store.treating import Treating
from engine.store.tx import Tx


def carry_out(
    tx: Tx,
    snapshot: Snapshot,
    changes: Iterable[PlannedChange],
    operations: Iterable[Operation],
    *,
    at: datetime,
) -> int:
    """Treat the records that the changes concern; give how many were changed.

    The tables have the columns of `snapshot` already.
    """
    known = {o.component for o in operations if not is_conversion(o)}
    done = 0
    for change in changes:
        if change.treatment and change.component in known:
            treatment = read_treatment(change.treatment)
            for owner, field in _fields(snapshot, change.component):
                done += _treat(tx, snapshot, owner, field, treatment, at)
    return done


def treat_some(tx: Tx, snapshot: Snapshot, component: str, text: str, *, at: datetime) -> int:
    """Treat some of the records that a change concerns, while people work; 0 when none is left."""
    treatment = read_treatment(text)
    for owner, field in _fields(snapshot, ComponentKey(component)):
        found = _change(field, treatment)
        if found is None:
            continue
        treating = Treating(
            tx=tx, snapshot=snapshot, object=owner, field=field.name, by=SYSTEM_USER, at=at
        )
        done = treating.change_some(*found)
        if done:
            return done
    return 0


def _fields(snapshot: Snapshot, component: ComponentKey) -> list[tuple[ObjectName, CompiledField]]:
    """Give the fields that a change of a field, or of a shared picklist, concerns."""
    kind, path = split_key(component)
    objects = snapshot.model.objects.values()
    if kind == "picklist":
        every = ((o.name, f) for o in objects for f in o.fields.values() if f.is_stored)
        return [(owner, f) for owner, f in every if f.decl.option("picklist") == path[-1]]
    if kind != "field":
        return []
    owner = snapshot.model.objects.get(ObjectName(path[0]))
    fields = owner.fields if owner is not None else {}
    return [(ObjectName(path[0]), f) for name, f in fields.items() if name == path[-1]]


def _treat(
    tx: Tx,
    snapshot: Snapshot,
    owner: ObjectName,
    field: CompiledField,
    treatment: Treatment,
    at: datetime,
) -> int:
    found = _change(field, treatment)
    if found is None:
        return 0
    condition, new = found
    treating = Treating(
        tx=tx, snapshot=snapshot, object=owner, field=field.name, by=SYSTEM_USER, at=at
    )
    return treating.change(condition, new)


def _change(
    field: CompiledField, treatment: Treatment
) -> tuple[Condition, Callable[[Value], Value]] | None:
    """Give which records change and how; None for `leave` and `block`."""
    if treatment.way is Way.FILL:
        value = filling(field, treatment)
        return blank(field.name), lambda _: value
    if treatment.way is Way.MAP:
        exchange = dict(treatment.values)
        return valued(field.name, tuple(exchange)), lambda old: _exchanged(old, exchange)
    length = field.decl.option("length")
    if treatment.way is Way.CONVERT and isinstance(length, int):
        return longer(field.name, length), lambda old: str(old)[:length]
    return None


def _exchanged(old: Value, exchange: dict[str, str]) -> Value:
    """Exchange a picklist value, or those of several that are to be exchanged."""
    if isinstance(old, tuple):
        return tuple(dict.fromkeys(exchange.get(one, one) for one in old))
    return exchange.get(str(old), old) if isinstance(old, str) else old
