"""Saves of people: nobody gains, an administrator is left, and the audit has a line.

Separate from the pipeline: it looks at memberships, which are no records. What somebody may do to
others over `/people` they may do to the records of users, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

from engine.compiled import CompiledObject
from engine.errors import AccessDenied, FieldError
from engine.locale import say
from engine.model.fields.base import Value
from engine.model.permissions import ADMINISTRATOR
from engine.model.platform import MANAGED
from engine.names import ObjectName
from engine.saving.noting import note
from engine.saving.unit import Unit
from engine.store.platform.members import find_member_of_user, keeping_administrator

_USER = ObjectName("user")
_NOTED: tuple[str, ...] = tuple(sorted(MANAGED[_USER]))


def keeping(unit: Unit, compiled: CompiledObject) -> AbstractContextManager[None]:
    """Guard a change or a delete of users; costs nothing for other objects.

    Raises at the end of the block: Conflict C122.
    """
    return keeping_administrator(unit.tx) if compiled.name == _USER else nullcontext()


def refused_of_people(
    unit: Unit, compiled: CompiledObject, old: Mapping[str, Value], given: Mapping[str, Value]
) -> list[FieldError]:
    """Say which changes of a user are for somebody else to make: A103, at their fields.

    Who manages people changes neither what they may do themselves nor an administrator. At most one
    statement, none for other objects.
    """
    if compiled.name != _USER or unit.access.is_administrator:
        return []
    changed = [name for name in _NOTED if name in given and given[name] != old.get(name)]
    why = _why_not(unit, int(str(old["id"]))) if changed else ""
    return [FieldError(field=name, code="A103", message=why) for name in changed if why]


def ensure_may_remove(unit: Unit, compiled: CompiledObject, record_id: int) -> None:
    """Refuse deleting and restoring users to who does not manage people, and some of them to all.

    Raises: AccessDenied A100, A103.
    """
    if compiled.name != _USER or unit.access.is_administrator:
        return
    if "manage_users" not in unit.access.permissions:
        raise AccessDenied(say("Removing people takes the permission to manage users."))
    why = _why_not(unit, record_id)
    if why:
        raise AccessDenied(why, code="A103", hint=say("ask an administrator"))


def _why_not(unit: Unit, user: int) -> str:
    """Say why somebody who manages people does not manage this one; "" when they do."""
    if user == unit.me:
        return say("What you may do yourself is changed by somebody else.")
    member = find_member_of_user(unit.tx, user)
    if member is not None and ADMINISTRATOR in member.permission_sets:
        return say("An administrator is managed by administrators only.")
    return ""


def note_people(
    unit: Unit,
    compiled: CompiledObject,
    written: Iterable[tuple[Mapping[str, Value] | None, Mapping[str, Value]]],
) -> None:
    """Note changes of users, with old and new: a role and a manager decide who sees what."""
    for old, new in written if compiled.name == _USER else ():
        changed: dict[str, object] = {
            name: [None if old is None else old.get(name), new.get(name)]
            for name in _NOTED
            if old is None or old.get(name) != new.get(name)
        }
        if changed:
            note(unit, "user.change" if old else "user.create", f"user {new['id']}", changed)


def note_deleted(unit: Unit, compiled: CompiledObject, record_id: int) -> None:
    """Note that the record of a user went to the bin."""
    if compiled.name == _USER:
        note(unit, "user.delete", f"user {record_id}")
