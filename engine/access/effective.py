"""The union of a caller's permission sets, per object, as masks, and the row policies.

Made once per (model, permission sets, groups) and kept in a bounded memo by the caller's session
room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.access.policy import (
    ByHand,
    Everything,
    InQueues,
    Nothing,
    OwnedBelow,
    OwnedBy,
    RowPolicy,
    Ruled,
    Through,
    any_of,
)
from engine.access.standing import NOWHERE, Standing
from engine.access.touched import objects_of
from engine.compiled import CompiledObject, Model
from engine.locale import later, say
from engine.model.platform import DECLARED_OBJECTS, MANAGED
from engine.names import FieldName, ObjectName

ADMINISTRATOR = "system_administrator"
RIGHTS = frozenset(
    {"create", "read", "edit", "delete", "view_all", "modify_all", "share", "transfer"}
)
# Fields that the engine writes itself; nobody edits them.
ENGINE_FIELDS = frozenset({"id", "created_at", "created_by", "updated_at", "updated_by", "version"})
ALWAYS_READABLE = frozenset({"id", "version"})
LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"read": ("read", "edit"), "edit": ("edit",)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectAccess:
    """What a caller may do with one object. Masks are over the object's ordinals.

    `objects`: whose records the policies look at, the object itself included.
    """

    rights: frozenset[str]
    readable: int
    editable: int
    read_policy: RowPolicy
    edit_policy: RowPolicy
    objects: frozenset[ObjectName]

    def may(self, right: str) -> bool:
        """Tell whether the object right is given; a missing right is a no."""
        return right in self.rights


class Access:
    """Everything one caller may do in one model; objects are worked out when asked for.

    `signature` stands for the caller's rights in memo keys.
    """

    def __init__(self, model: Model, sets: frozenset[str], standing: Standing = NOWHERE) -> None:
        self._model = model
        former = model.former.get("permission_set", {})
        built_in = sets & {ADMINISTRATOR}  # no former name of anything: it stays what it is
        sets = frozenset(former.get(name, name) for name in sets - built_in) | built_in
        self.sets, self.standing = sets, standing
        self._groups = standing.groups | {f"permission_set:{name}" for name in sets}
        self.is_administrator = ADMINISTRATOR in sets
        self._given = [s for name, s in model.permission_sets.items() if name in sets]
        self._objects: dict[ObjectName, ObjectAccess] = {}
        self.permissions = (
            model.permissions
            if self.is_administrator
            else frozenset().union(*(s.permissions for s in self._given))
        )
        held = f"{','.join(sorted(sets))}|{standing.signature}"
        self.signature = "*" if self.is_administrator else held

    def of(self, name: ObjectName) -> ObjectAccess:
        """Give the rights on one object; an unknown object gives none."""
        found = self._objects.get(name)
        if found is None:
            found = self._objects[name] = self._work_out(self._model.objects[name])
        return found

    def _work_out(self, compiled: CompiledObject) -> ObjectAccess:
        rights = self._rights(compiled)
        readable, editable = self._masks(compiled, rights)
        reads, edits = self._read_policy(compiled, rights), self._edit_policy(compiled, rights)
        return ObjectAccess(
            rights=rights,
            readable=readable,
            editable=editable,
            read_policy=reads,
            edit_policy=edits,
            objects=objects_of(self._model, compiled.name, (reads, edits)),
        )

    def _rights(self, compiled: CompiledObject) -> frozenset[str]:
        if compiled.is_platform and compiled.name in DECLARED_OBJECTS:
            return frozenset({"read", "view_all"})
        if self.is_administrator:
            return RIGHTS
        rights = set().union(*(s.objects.get(compiled.name, ()) for s in self._given))
        if compiled.is_platform:
            rights |= {"read", "view_all"}  # members may read who is who
        return implied(frozenset(rights))

    def _masks(self, compiled: CompiledObject, rights: frozenset[str]) -> tuple[int, int]:
        readable = editable = 0
        may_manage = self.is_administrator or "manage_users" in self.permissions
        managed = frozenset() if may_manage else MANAGED.get(compiled.name, frozenset())
        for name, field in compiled.fields.items():
            reads, edits = self._field(compiled, name, rights)
            if "read" in rights and (reads or name in ALWAYS_READABLE):
                readable |= field.bit
            is_ours = name in ENGINE_FIELDS or name in managed or not field.type.is_editable
            if edits and not is_ours and rights & {"create", "edit"}:
                editable |= field.bit
        return readable, editable

    def _field(
        self, compiled: CompiledObject, name: FieldName, rights: frozenset[str]
    ) -> tuple[bool, bool]:
        """Union over the sets: a set that gives the object gives every field but those it names."""
        if self.is_administrator:
            return True, True
        reads = compiled.is_platform
        edits = False
        for given in self._given:
            if compiled.name not in given.objects:
                continue
            level = given.fields.get((compiled.name, name), "edit")
            reads = reads or level in {"read", "edit"}
            edits = edits or level == "edit"
        return reads and "read" in rights, edits

    def _read_policy(self, compiled: CompiledObject, rights: frozenset[str]) -> RowPolicy:
        if "read" not in rights:
            return Nothing(later("no permission set gives reading this object"))
        if rights & {"view_all", "modify_all"}:
            return Everything(later("sees all records by permission set"))
        return self._shared(compiled, rights, "read", {"read", "read_write"})

    def _edit_policy(self, compiled: CompiledObject, rights: frozenset[str]) -> RowPolicy:
        if not rights & {"edit", "delete"}:
            return Nothing(later("no permission set gives changing this object"))
        if "modify_all" in rights:
            return Everything(later("changes all records by permission set"))
        return self._shared(compiled, rights, "edit", {"read_write"})

    def _shared(
        self, compiled: CompiledObject, rights: frozenset[str], how: str, open_by: set[str]
    ) -> RowPolicy:
        if compiled.sharing in open_by:
            return Everything(
                say('the object is open to all: sharing "{sharing}"', sharing=compiled.sharing)
            )
        if compiled.sharing == "parent":
            return any_of(*self._through_parents(compiled, how), OwnedBy())
        return any_of(OwnedBy(), *self._opened(compiled, how))

    def _opened(self, compiled: CompiledObject, how: str) -> Iterator[RowPolicy]:
        """Give what opens a private record to others than its owner; the cheap branches first."""
        where = self.standing
        if where.queues:
            yield InQueues(where.queues, later("it waits in a queue of theirs"))
        if how == "read" and where.leads:
            yield OwnedBelow()
        if how == "read" and where.watched:
            yield InQueues(where.watched, later("it waits in a queue of a role below"))
        yield ByHand(LEVELS[how], padded_size(len(where.groups) + 1))
        for rule in self._model.sharing.get(compiled.name, ()):
            if rule.to in self._groups and rule.access in LEVELS[how]:
                why = say("sharing rule {label}", label=rule.label)
                yield Ruled(compiled.name, rule.name, rule.digest, why)

    def _through_parents(self, compiled: CompiledObject, how: str) -> Iterable[RowPolicy]:
        """Give a branch per master-detail: the record follows the one it points at."""
        for name in compiled.references:
            field = compiled.fields[name]
            if field.decl.type != "master_detail":
                continue
            parent = self.of(field.decl.targets[0])
            policy = parent.read_policy if how == "read" else parent.edit_policy
            yield Through(name, policy, say("through its {label}", label=field.decl.label))


def implied(rights: frozenset[str]) -> frozenset[str]:
    """Add what an object right brings along: whoever changes all sees all."""
    if "modify_all" in rights:
        rights |= {"view_all", "edit", "delete"}
    return rights | {"read"} if rights & {"view_all", "edit", "create", "delete"} else rights


def padded_size(count: int) -> int:
    """Give the next power of two, so that few shapes of statement serve all callers."""
    return 1 << max(count - 1, 0).bit_length()


def effective(model: Model, sets: Iterable[str], standing: Standing = NOWHERE) -> Access:
    """Work out the rights of somebody who holds these permission sets and stands there."""
    return Access(model, frozenset(sets), standing)
