"""What changes for people between two versions: rights, fields, sharing. Pure, for plans.

Compares what holders of a permission set may do, not what files say: a right that another right
brings along is no change. How many records somebody sees more or less is counted elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.access.effective import ObjectAccess, effective
from engine.compiled import Model, SharingRule
from engine.names import ObjectName, split_key

WIDTH = {"private": 0, "parent": 1, "read": 2, "read_write": 3}
LEVELS = ("none", "read", "edit")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """One change of effective access.

    `what`: a right or permission, "field NAME", "sharing" (the default) or "rule NAME". `way`:
    "more", "less", or "other" where it depends on the records. `who`: "permission set NAME", the
    group of a rule, or "everybody".
    """

    who: str
    object: str
    what: str
    way: str
    before: str
    after: str


def access_changes(before: Model, after: Model) -> list[AccessChange]:
    """List what people may do or see more, less or otherwise in `after`. In a stable order.

    Only what changed is worked out. Cost: O(changed permission sets × what they give, and
    permission sets × changed objects × fields).
    """
    moved = _moved(before, after)
    found = [
        *_of_sets(before, after, moved),
        *_of_defaults(before, after, moved),
        *_of_rules(before, after),
    ]
    return sorted(found, key=lambda change: (change.who, change.object, change.what))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moved:
    """What differs between two versions, by the keys of components.

    `objects`: those of which a part differs. `sets`: permission sets that differ themselves, each
    with the objects for which what it gives differs.
    """

    objects: frozenset[ObjectName]
    sets: Mapping[str, frozenset[ObjectName]]


def _moved(before: Model, after: Model) -> _Moved:
    keys = before.tree.keys() | after.tree.keys()
    objects: set[ObjectName] = set()
    sets: dict[str, set[ObjectName]] = {}
    for key in keys:
        if before.tree.get(key) == after.tree.get(key):
            continue
        kind, path = split_key(key)
        if kind in {"object", "field"}:
            objects.add(ObjectName(path[0]))
        elif kind in {"permission_set", "object_permission"}:
            given = sets.setdefault(path[0], set())
            given.update(map(ObjectName, path[1:]))
    return _Moved(
        objects=frozenset(objects), sets={name: frozenset(of) for name, of in sets.items()}
    )


def _of_sets(before: Model, after: Model, moved: _Moved) -> Iterator[AccessChange]:
    every = before.permission_sets.keys() | after.permission_sets.keys()
    for name in sorted(every if moved.objects else every & moved.sets.keys()):
        who = f"permission set {name}"
        old, new = (effective(model, {name}) for model in (before, after))
        for permission in sorted(old.permissions ^ new.permissions):
            yield _switched(who, "", permission, is_given=permission in new.permissions)
        for target in sorted(moved.objects | moved.sets.get(name, frozenset())):
            had = old.of(target) if target in before.objects else None
            has = new.of(target) if target in after.objects else None
            yield from _of_object(who, target, had, has)
            yield from _of_fields(who, target, (before, had), (after, has))


def _of_object(
    who: str, target: ObjectName, had: ObjectAccess | None, has: ObjectAccess | None
) -> Iterator[AccessChange]:
    old, new = (access.rights if access else frozenset[str]() for access in (had, has))
    for right in sorted(old ^ new):
        yield _switched(who, target, right, is_given=right in new)


def _of_fields(
    who: str,
    target: ObjectName,
    was: tuple[Model, ObjectAccess | None],
    now: tuple[Model, ObjectAccess | None],
) -> Iterator[AccessChange]:
    old, new = _levels(*was, target), _levels(*now, target)
    for field in sorted(old.keys() & new.keys()):  # new and retired fields are changes of their own
        if old[field] != new[field]:
            yield AccessChange(
                who=who,
                object=target,
                what=f"field {field}",
                way="more" if LEVELS.index(new[field]) > LEVELS.index(old[field]) else "less",
                before=old[field],
                after=new[field],
            )


def _levels(model: Model, access: ObjectAccess | None, target: ObjectName) -> dict[str, str]:
    if access is None:
        return {}
    fields = model.objects[target].fields.items()
    return {
        name: LEVELS[
            bool(access.readable & f.bit) + bool(access.readable & access.editable & f.bit)
        ]
        for name, f in fields
    }


def _of_defaults(before: Model, after: Model, moved: _Moved) -> Iterator[AccessChange]:
    for name in sorted(moved.objects & before.objects.keys() & after.objects.keys()):
        old, new = before.objects[name].sharing, after.objects[name].sharing
        if old != new:
            way = "more" if WIDTH.get(new, 0) > WIDTH.get(old, 0) else "less"
            yield AccessChange(
                who="everybody",
                object=name,
                what="sharing",
                way="other" if "parent" in (old, new) else way,
                before=old,
                after=new,
            )


def _of_rules(before: Model, after: Model) -> Iterator[AccessChange]:
    old, new = _rules(before), _rules(after)
    for key in sorted(old.keys() | new.keys()):
        had, has = old.get(key), new.get(key)
        if had is None or has is None or had.digest != has.digest:
            yield AccessChange(
                who=(has or had).to,  # type: ignore[union-attr]  # one of them is there
                object=key[0],
                what=f"rule {key[1]}",
                way="more" if had is None else "less" if has is None else _way(had, has),
                before=had.access if had else "",
                after=has.access if has else "",
            )


def _rules(model: Model) -> dict[tuple[str, str], SharingRule]:
    return {(name, rule.name): rule for name, rules in model.sharing.items() for rule in rules}


def _way(had: SharingRule, has: SharingRule) -> str:
    """Tell which way a rule changed: only its level can be told without counting records."""
    texts = [rule.where.text if rule.where else None for rule in (had, has)]
    same = texts[0] == texts[1] and (had.owners, had.to) == (has.owners, has.to)
    if not same or had.access == has.access:
        return "other"
    return "more" if has.access == "edit" else "less"


def _switched(who: str, target: str, what: str, *, is_given: bool) -> AccessChange:
    return AccessChange(
        who=who,
        object=target,
        what=what,
        way="more" if is_given else "less",
        before="" if is_given else "given",
        after="given" if is_given else "",
    )
