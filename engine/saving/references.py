"""Lookups of records being saved: do their targets exist for the caller, and what do they say?

One statement per lookup that changed, however many records are saved at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.access import RowPolicy
from engine.compiled import CompiledField, CompiledObject
from engine.describing import field_label
from engine.errors import FieldError
from engine.locale import say
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.records import Draft
from engine.saving.unit import Unit
from engine.store.platform.ids import object_of
from engine.store.reading import fetch_by_ids

OWNER, QUEUE = FieldName("owner"), ObjectName("queue")


def load_references(
    unit: Unit,
    drafts: Sequence[Draft],
    names: Iterable[FieldName],
    *,
    policy: RowPolicy | None = None,
) -> None:
    """Load what the given lookups point at into the drafts; a missing target is an error there.

    `policy` says which targets there are, instead of what the caller may see.
    """
    for name in names:
        holding = [d for d in drafts if d.values.get(name) is not None]
        for draft in drafts:
            _forget(draft, name)
        if holding:
            _load(unit, holding, holding[0].object.fields[name], policy)


def lookups_to_load(unit: Unit, draft: Draft) -> list[FieldName]:
    """Name the lookups whose target must be read: those that changed.

    The acting user stands for itself as owner and author unless an expression reads through it.
    """
    found = []
    for name in draft.object.references:
        value = draft.values.get(name)
        before = None if draft.old is None else draft.old.get(name)
        if value == before:
            continue
        is_me = value == unit.me and draft.object.fields[name].is_platform
        if not is_me or not _read_from_me(draft, name):
            found.append(name)
    return found


def _read_from_me(draft: Draft, name: FieldName) -> bool:
    """Fill the paths over a lookup at the acting user, who is known; False when one leads on."""
    user, paths = draft.context.user, draft.over(name)
    known = {path: path.removeprefix(f"{name}.") for path in paths}
    if any(step not in user for step in known.values()):
        return False
    draft.values.update({path: user[step] or None for path, step in known.items()})
    return True


def _forget(draft: Draft, name: FieldName) -> None:
    """Blank the paths over a lookup that changed; what it points at now fills them again."""
    for path in draft.paths:
        if path.startswith(f"{name}."):
            draft.values[path] = None


def _load(
    unit: Unit, drafts: Sequence[Draft], lookup: CompiledField, policy: RowPolicy | None
) -> None:
    objects = unit.snapshot.model.objects
    if lookup.name == OWNER:  # nearly always a person: that spares the look at the ranges
        for name in lookup.decl.targets:
            drafts = _load_from(unit, drafts, lookup, objects[name], policy) if drafts else ()
    else:
        by_target: dict[ObjectName | None, list[Draft]] = {}
        for draft in drafts:
            target_of = _target(unit, lookup, _id(draft.values, lookup.name))
            by_target.setdefault(target_of, []).append(draft)
        drafts = by_target.pop(None, [])
        for target, holding in by_target.items():
            assert target is not None  # taken out above
            drafts = [*drafts, *_load_from(unit, holding, lookup, objects[target], policy)]
    for draft in drafts:
        _report(draft, lookup)


def _target(unit: Unit, lookup: CompiledField, record_id: int) -> ObjectName | None:
    """Tell which of several objects an id belongs to: one look at the table of ranges."""
    if len(lookup.decl.targets) == 1:
        return lookup.decl.targets[0]
    found = object_of(unit.tx, record_id)
    return ObjectName(found) if found in lookup.decl.targets else None


def _load_from(
    unit: Unit,
    drafts: Sequence[Draft],
    lookup: CompiledField,
    target: CompiledObject,
    policy: RowPolicy | None,
) -> list[Draft]:
    """Read what the drafts point at in one object; give those that point at nothing there."""
    prefix = f"{lookup.name}."
    known = drafts[0].paths
    paths = sorted(p.removeprefix(prefix) for p in known if p.startswith(prefix))
    is_queue = target.name == QUEUE
    wanted = ("api_name", *paths) if is_queue else paths
    plan = unit.planner.load_paths(target, wanted, policy=policy)
    ids = sorted({_id(draft.values, lookup.name) for draft in drafts})
    found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, ids)
    missing = []
    for draft in drafts:
        row = found.get(_id(draft.values, lookup.name))
        if row is None:
            missing.append(draft)
            continue
        if is_queue and lookup.name == OWNER:
            _check_queue(unit, draft, str(row[0]["api_name"]))
        for path in paths:
            draft.values[prefix + path] = row[0].get(path)
    return missing


def _check_queue(unit: Unit, draft: Draft, queue: str) -> None:
    """Refuse an owner that does not take records of this object."""
    declared = unit.snapshot.model.declared.get("queue", {}).get(queue, {})
    objects = declared.get("objects")
    if isinstance(objects, list | tuple) and draft.object.name not in objects:
        language = str(draft.context.user.get("language") or "")
        plural = draft.object.text(language, "plural") or draft.object.plural
        message = say(
            'The queue "{queue}" does not take {objects}.', queue=queue, objects=plural.lower()
        )
        draft.errors.append(FieldError(field=OWNER, code="R107", message=message))


def _report(draft: Draft, lookup: CompiledField) -> None:
    label = field_label(draft.object, lookup, str(draft.context.user.get("language") or ""))
    if any(error.field == lookup.name for error in draft.errors):
        return
    draft.errors.append(
        FieldError(
            field=lookup.name,
            code="R106",
            message=say("{label}: there is no such record, or you may not see it.", label=label),
        )
    )


def _id(values: Mapping[str, Value], name: str) -> int:
    value = values[name]
    assert isinstance(value, int)  # lookups are coerced to integers
    return value
