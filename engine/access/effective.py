"""The union of a caller's permission sets, per object, as masks.

Made once per (model, permission sets) and kept in a bounded memo by the caller's session room.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.access.policy import Everything, Nothing, OwnedBy, RowPolicy, Through, any_of
from engine.compiled import CompiledObject, Model
from engine.names import FieldName, ObjectName

ADMINISTRATOR = "system_administrator"
RIGHTS = frozenset(
    {"create", "read", "edit", "delete", "view_all", "modify_all", "share", "transfer"}
)
# Fields that the engine writes itself; nobody edits them.
ENGINE_FIELDS = frozenset({"id", "created_at", "created_by", "updated_at", "updated_by", "version"})
ALWAYS_READABLE = frozenset({"id", "version"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectAccess:
    """What a caller may do with one object. Masks are over the object's ordinals."""

    rights: frozenset[str]
    readable: int
    editable: int
    read_policy: RowPolicy
    edit_policy: RowPolicy

    def may(self, right: str) -> bool:
        """Tell whether the object right is given; a missing right is a no."""
        return right in self.rights


class Access:
    """Everything one caller may do in one model; objects are worked out when asked for.

    `signature` stands for the caller's rights in memo keys.
    """

    def __init__(self, model: Model, sets: frozenset[str]) -> None:
        self._model = model
        self.sets = sets
        self.is_administrator = ADMINISTRATOR in sets
        self._given = [s for name, s in model.permission_sets.items() if name in sets]
        self._objects: dict[ObjectName, ObjectAccess] = {}
        self.permissions = (
            model.permissions
            if self.is_administrator
            else frozenset().union(*(s.permissions for s in self._given))
        )
        self.signature = "*" if self.is_administrator else ",".join(sorted(sets))

    def of(self, name: ObjectName) -> ObjectAccess:
        """Give the rights on one object; an unknown object gives none."""
        found = self._objects.get(name)
        if found is None:
            found = self._objects[name] = self._work_out(self._model.objects[name])
        return found

    def _work_out(self, compiled: CompiledObject) -> ObjectAccess:
        rights = self._rights(compiled)
        readable, editable = self._masks(compiled, rights)
        return ObjectAccess(
            rights=rights,
            readable=readable,
            editable=editable,
            read_policy=self._read_policy(compiled, rights),
            edit_policy=self._edit_policy(compiled, rights),
        )

    def _rights(self, compiled: CompiledObject) -> frozenset[str]:
        if self.is_administrator:
            return RIGHTS
        rights = set().union(*(s.objects.get(compiled.name, ()) for s in self._given))
        if compiled.is_platform:
            rights |= {"read", "view_all"}  # members may read who is who
        if "modify_all" in rights:
            rights |= {"view_all", "edit", "delete"}
        if rights & {"view_all", "edit", "create", "delete"}:
            rights |= {"read"}
        return frozenset(rights)

    def _masks(self, compiled: CompiledObject, rights: frozenset[str]) -> tuple[int, int]:
        readable = editable = 0
        for name, field in compiled.fields.items():
            reads, edits = self._field(compiled, name, rights)
            if "read" in rights and (reads or name in ALWAYS_READABLE):
                readable |= field.bit
            is_ours = name in ENGINE_FIELDS or not field.type.is_editable
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
            return Nothing("no permission set lets you read this object")
        if rights & {"view_all", "modify_all"}:
            return Everything("a permission set lets you see all records")
        return self._shared(compiled, rights, "read", {"read", "read_write"})

    def _edit_policy(self, compiled: CompiledObject, rights: frozenset[str]) -> RowPolicy:
        if not rights & {"edit", "delete"}:
            return Nothing("no permission set lets you change this object")
        if "modify_all" in rights:
            return Everything("a permission set lets you change all records")
        return self._shared(compiled, rights, "edit", {"read_write"})

    def _shared(
        self, compiled: CompiledObject, rights: frozenset[str], how: str, open_by: set[str]
    ) -> RowPolicy:
        if compiled.sharing in open_by:
            return Everything(f'the object is shared as "{compiled.sharing}"')
        if compiled.sharing == "parent":
            return any_of(*self._through_parents(compiled, how), OwnedBy())
        return OwnedBy()

    def _through_parents(self, compiled: CompiledObject, how: str) -> Iterable[RowPolicy]:
        """Give a branch per master-detail: the record follows the one it points at."""
        for name in compiled.references:
            field = compiled.fields[name]
            if field.decl.type != "master_detail":
                continue
            parent = self.of(field.decl.targets[0])
            policy = parent.read_policy if how == "read" else parent.edit_policy
            yield Through(name, policy, f"you reach its {field.decl.label}")


def effective(model: Model, sets: Iterable[str]) -> Access:
    """Work out the rights of somebody who holds these permission sets."""
    return Access(model, frozenset(sets))
