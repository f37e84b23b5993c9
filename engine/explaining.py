"""What somebody can see and do, and why: for an object, its fields, and a single record.

Reasons come from where the decision comes from: the permission sets that give a right, and the
branches of the row policy, asked one by one. Everybody may ask about themselves; asking about
others takes `manage_users`, and nobody is told of what they do not see themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.access import ADMINISTRATOR, Access, RowPolicy, reasons
from engine.access.effective import ALWAYS_READABLE, ENGINE_FIELDS, RIGHTS, implied
from engine.compiled import CompiledField, CompiledObject, PermissionSet
from engine.errors import AccessDenied, NotFound
from engine.locale import in_language, say
from engine.saving.unit import Unit
from engine.store.explaining import holding
from engine.store.platform.enter import Member, look_at
from engine.store.reading import fetch_by_ids
from engine.unit import caller_of, rights_of

Told = dict[str, object]
OTHERS = "manage_users"


@dataclass(frozen=True, slots=True)
class Explaining:
    """Answers about rights, for one caller who asks."""

    unit: Unit

    def of_object(self, compiled: CompiledObject, who: int | str | None = None) -> Told:
        """Say what a user (by id or e-mail; None: oneself) may do with an object, and why.

        `rights`: right -> why · `records`: read and edit -> each way to records · `fields`:
        name -> {access, why}. Raises: NotFound N103; AccessDenied A100.
        """
        member, access = self._about(who)
        may = access.of(compiled.name)
        return {
            "user": _person(member, access),
            "object": compiled.name,
            "rights": {
                right: self._givers(access, compiled, right)
                for right in sorted(RIGHTS)
                if may.may(right)
            },
            "records": {
                "read": self._said(branch.why for branch in reasons(may.read_policy)),
                "edit": self._said(branch.why for branch in reasons(may.edit_policy)),
            },
            "fields": self._fields(compiled, access),
        }

    def of_record(
        self, compiled: CompiledObject, record_id: int, who: int | str | None = None
    ) -> Told:
        """Say whether a user sees and may change a record, with every reason that holds.

        Raises: NotFound N100 when the caller does not see it, N103; AccessDenied A100.
        """
        self._ensure_seen(compiled, record_id)
        member, access = self._about(who)
        may = access.of(compiled.name)
        read = self._holding(compiled, record_id, member, access, may.read_policy)
        edit = self._holding(compiled, record_id, member, access, may.edit_policy)
        sees = bool(read)
        return {
            "user": _person(member, access),
            "object": compiled.name,
            "record": record_id,
            "sees": sees,
            "edits": sees and bool(edit) and may.may("edit"),
            "deletes": sees and bool(edit) and may.may("delete"),
            "why": {"read": read, "edit": edit if sees else []},
            "fields": self._fields(compiled, access) if sees else {},
        }

    def _about(self, who: int | str | None) -> tuple[Member, Access]:
        unit = self.unit
        me = unit.caller.context.user
        is_me = who is None or who in (unit.me, me.get("email"))
        if not is_me and OTHERS not in unit.access.permissions:
            message = say("Asking what others may see needs the permission to manage users.")
            raise AccessDenied(message)
        member = look_at(unit.tx, unit.me if who is None else who)
        if member is None:
            raise NotFound(say("There is no such user in this environment."), code="N103")
        if is_me:
            return member, unit.access
        return member, rights_of(unit.snapshot.model, member)[0]

    def _ensure_seen(self, compiled: CompiledObject, record_id: int) -> None:
        unit = self.unit
        for is_bin in (False, True):
            policy = unit.access.of(compiled.name).read_policy
            plan = unit.planner.load_paths(compiled, (), is_bin=is_bin, policy=policy)
            if fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record_id]):
                return
        raise NotFound

    def _holding(
        self,
        compiled: CompiledObject,
        record_id: int,
        member: Member,
        access: Access,
        policy: RowPolicy,
    ) -> list[str]:
        unit = self.unit
        branches = list(reasons(policy))
        caller = caller_of(unit.tx, unit.snapshot, access, member, unit.now)
        held = holding(unit.tx, unit.snapshot, caller, compiled.name, record_id, branches)
        pairs = zip(branches, held, strict=True)
        return self._said(branch.why for branch, holds in pairs if holds)

    def _givers(self, access: Access, compiled: CompiledObject, right: str) -> list[str]:
        """Name the permission sets that give a right, or what gives it to everybody."""
        if access.is_administrator:
            return self._said([say("permission set {label}", label=ADMINISTRATOR)])
        found = [
            say("permission set {label}", label=given.label)
            for given in self._sets(access)
            if right in implied(given.objects.get(compiled.name, frozenset()))
        ]
        return self._said(found or [say("every member")])

    def _said(self, reasons: Iterable[str]) -> list[str]:
        """Say reasons in the language of whoever asks."""
        return [in_language(reason, self.unit.language) for reason in reasons]

    def _sets(self, access: Access) -> list[PermissionSet]:
        known = self.unit.snapshot.model.permission_sets
        return [known[name] for name in sorted(access.sets) if name in known]

    def _fields(self, compiled: CompiledObject, access: Access) -> dict[str, Told]:
        """Explain the fields that the caller may read themselves."""
        readable = self.unit.access.of(compiled.name).readable
        may = access.of(compiled.name)
        told: dict[str, Told] = {}
        for name, field in compiled.fields.items():
            if not readable & field.bit:
                continue
            level = "edit" if may.editable & field.bit else "read"
            level = level if may.readable & field.bit else "none"
            told[name] = {"access": level, "why": self._field_why(compiled, field, access)}
        return told

    def _field_why(
        self, compiled: CompiledObject, field: CompiledField, access: Access
    ) -> list[str]:
        if field.name in ENGINE_FIELDS | ALWAYS_READABLE or not field.type.is_editable:
            engine = [say("Patron sets it")]
        else:
            engine = []
        if access.is_administrator:
            return self._said([say("permission set {label}", label=ADMINISTRATOR), *engine])
        said = [
            say(
                "permission set {label}: {level}",
                label=given.label,
                level=given.fields.get((compiled.name, field.name), "edit"),
            )
            for given in self._sets(access)
            if compiled.name in given.objects
        ]
        nothing = [say("no permission set gives the object")]
        return self._said([*(said or nothing), *engine])


def _person(member: Member, access: Access) -> Mapping[str, object]:
    return {
        "id": member.id,
        "email": member.email,
        "name": member.name,
        "role": member.role or None,
        "permission_sets": sorted(access.sets),
    }
