"""How many records each role would see more or fewer, exactly, and only where a policy changed.

Members are the measure: a record counts for a role when one at least of its active members gains or
loses it. Members who stand alike (same rights, groups and roles below, before and after) are asked
about together. Where nobody's policy differs, nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.access import (
    Access,
    ByHand,
    Everything,
    InQueues,
    Nothing,
    OwnedBelow,
    RowPolicy,
    Ruled,
    Standing,
    Through,
    effective,
    leaves,
    standing,
)
from engine.access.policy import Branch as LeafBranch
from engine.access.policy import any_of
from engine.access.standing import above
from engine.compiled import Model
from engine.names import ObjectName
from engine.store.impact import Records
from engine.store.platform.members import MemberRow
from engine.store.visibility import Onlookers, Side, count_only_here

_WHO_ASKS = frozenset({"user", "permission", "role"})
Branch = tuple[object, ...]  # what a branch of a policy comes down to, comparable over versions


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Seen:
    """Records of an object that some member of a role would see more, or no longer.

    `role` is "" for members without one; `members` counts those whose policy differs.
    """

    object: str
    role: str
    members: int
    more: int
    less: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watcher:
    """Members who stand alike: what they reach before and after."""

    users: tuple[int, ...]
    role: str
    sets: frozenset[str]
    before: Access
    after: Access


class Visibility:
    """The records that come into sight and go out of it, for the members of an environment."""

    def __init__(self, before: Records, after: Records, members: Sequence[MemberRow]) -> None:
        self._before, self._after = before, after
        self._members = [member for member in members if member.is_active]
        self._known: dict[tuple[object, ...], int] = {}

    @property
    def _models(self) -> tuple[Model, Model]:
        return self._before.snapshot.model, self._after.snapshot.model

    def all(self) -> tuple[Seen, ...]:
        """Give what changes for each role, by object. Cost: two statements where a policy did."""
        return tuple(sorted(seen for name in self.objects for seen in self._of_object(name)))

    def count(
        self, names: Sequence[ObjectName], holding: str = ""
    ) -> tuple[int, int] | tuple[None, None]:
        """Count the records of some objects that somebody sees more, and no longer.

        `holding`: only members who hold this permission set; "" all of them. None for both where a
        rule asks who is asking: then members do not stand alike.
        """
        more = less = 0
        for name in names:
            if self._asks_who(name):
                return None, None
            who = [w for w in self._watchers if not holding or holding in w.sets]
            more += self._count(name, who, is_more=True)
            less += self._count(name, who, is_more=False)
        return more, less

    @cached_property
    def objects(self) -> tuple[ObjectName, ...]:
        """The objects of both sides whose records somebody reaches in another way, by new name."""
        before, after = self._models
        both = [name for name in after.objects if self._former(name) in before.objects]
        return tuple(name for name in both if any(self._differs(w, name) for w in self._watchers))

    def _former(self, name: ObjectName) -> ObjectName:
        """Give what an object of the new version is called in the old one."""
        before, after = self._models
        if name in before.objects:
            return name
        former = (ObjectName(old) for old, new in after.aka.items() if new == name)
        return next((old for old in former if old in before.objects), name)

    @cached_property
    def _watchers(self) -> tuple[_Watcher, ...]:
        """Group the members who stand alike. Cost: O(members × roles)."""
        before, after = self._models
        alike: dict[tuple[object, ...], list[MemberRow]] = {}
        for member in self._members:
            stands = [standing(model, member.role, member.email) for model in (before, after)]
            key = (member.permission_sets, *((s.role, s.signature) for s in stands))
            alike.setdefault(key, []).append(member)
        return tuple(self._watcher(members) for members in alike.values())

    def _watcher(self, members: Sequence[MemberRow]) -> _Watcher:
        first = members[0]
        before, after = (
            effective(model, first.permission_sets, standing(model, first.role, first.email))
            for model in self._models
        )
        return _Watcher(
            users=tuple(member.user for member in members),
            role=after.standing.role or before.standing.role,
            sets=before.sets | after.sets,
            before=before,
            after=after,
        )

    def _differs(self, who: _Watcher, name: ObjectName) -> bool:
        old, new = self._branches(who, name)
        return old.keys() != new.keys()

    def _branches(
        self, who: _Watcher, name: ObjectName
    ) -> tuple[Mapping[Branch, RowPolicy], Mapping[Branch, RowPolicy]]:
        old = who.before.of(self._former(name)).read_policy
        new = who.after.of(name).read_policy
        before, after = self._models
        return (
            dict(_signed(old, before, who.before.standing)),
            dict(_signed(new, after, who.after.standing)),
        )

    def _asks_who(self, name: ObjectName) -> bool:
        """Tell whether a sharing rule of an object reads the caller."""
        before, after = self._models
        rules = (
            *before.sharing.get(self._former(name), ()),
            *after.sharing.get(name, ()),
        )
        return any(rule.where is not None and rule.where.uses & _WHO_ASKS for rule in rules)

    def _of_object(self, name: ObjectName) -> Iterator[Seen]:
        if self._asks_who(name):
            return
        concerned = [who for who in self._watchers if self._differs(who, name)]
        for role in sorted({who.role for who in concerned}):
            alike = [who for who in concerned if who.role == role]
            more, less = (self._count(name, alike, is_more=way) for way in (True, False))
            if more or less:
                members = sum(len(who.users) for who in alike)
                yield Seen(object=name, role=role, members=members, more=more, less=less)

    def _count(self, name: ObjectName, who: Sequence[_Watcher], *, is_more: bool) -> int:
        former = self._former(name)
        places = (self._before.snapshot.physical, self._after.snapshot.physical)
        if former not in places[0] or name not in places[1]:
            return 0
        found = [each for one in who if (each := self._onlookers(one, name, is_more=is_more))]
        if not found:
            return 0
        key = (name, is_more, *(each.users for each in found))
        if key not in self._known:
            old, new = (self._before, former), (self._after, name)
            (here, own), (there, other) = (new, old) if is_more else (old, new)
            self._known[key] = count_only_here(here, there, own, other, found)
        return self._known[key]

    def _onlookers(self, who: _Watcher, name: ObjectName, *, is_more: bool) -> Onlookers | None:
        """Give those who gain (or lose) by what stands on one side alone; None when nobody can."""
        old, new = self._branches(who, name)
        own, rest = (new, old) if is_more else (old, new)
        only = any_of(*(policy for branch, policy in own.items() if branch not in rest))
        if isinstance(only, Nothing):
            return None
        before, after = self._models
        sides = [(before, who.before.standing), (after, who.after.standing)]
        here, there = sides[::-1] if is_more else sides
        return Onlookers(
            users=who.users,
            here=_side(only, *here),
            there=_side(any_of(*rest.values()), *there),
        )


def _side(policy: RowPolicy, model: Model, where: Standing) -> Side:
    known = _names_of_roles(model)
    below = {role: where_below(model, role) for role in model.roles}
    led = where.held - {where.role}
    return Side(
        policy=policy,
        led=frozenset().union(*(known[role] for role in led)),
        groups=tuple(sorted(where.groups)),
        under={role: frozenset().union(*(known[r] for r in below[role])) for role in below},
        queues=_names_of_queues(model),
    )


def where_below(model: Model, role: str) -> frozenset[str]:
    """Give a role and those below it."""
    return frozenset(name for name in model.roles if role in above(model.roles, name))


def _names_of_roles(model: Model) -> Mapping[str, frozenset[str]]:
    """Give what users may hold for a role: its name, and those that it had."""
    found = {role: {role} for role in model.roles}
    for former, role in model.former.get("role", {}).items():
        found.setdefault(role, {role}).add(former)
    return {role: frozenset(names) for role, names in found.items()}


def _names_of_queues(model: Model) -> Mapping[str, tuple[str, ...]]:
    """Give the names that the record of a queue may have: tables are derived with the switch."""
    found = {}
    for name, data in model.declared.get("queue", {}).items():
        aka = data.get("aka")
        found[name] = (name, *map(str, aka if isinstance(aka, list | tuple) else ()))
    return found


def _signed(policy: RowPolicy, model: Model, where: Standing) -> Iterator[tuple[Branch, RowPolicy]]:
    """Give the branches of a policy with what each comes down to; those that open nothing not."""
    for leaf in leaves(policy):
        if not isinstance(leaf, Nothing):
            yield _signature(leaf, model, where), leaf


def _signature(leaf: Everything | LeafBranch, model: Model, where: Standing) -> Branch:
    if isinstance(leaf, OwnedBelow):
        return ("below", *sorted(where.held))
    if isinstance(leaf, InQueues):
        return ("queues", *leaf.queues)
    if isinstance(leaf, ByHand):
        return ("hand", *sorted(where.groups))
    if isinstance(leaf, Through):
        inner = dict(_signed(leaf.policy, model, where))
        return ("through", leaf.lookup, *sorted(inner, key=str))
    if isinstance(leaf, Ruled):
        rule = next(r for r in model.sharing[leaf.object] if r.name == leaf.rule)
        sort, _, name = (rule.owners or "").partition(":")
        below = sorted(where_below(model, name)) if sort == "role_and_below" else []
        return ("rule", leaf.rule, leaf.digest, *below)
    return (type(leaf).__name__,)
