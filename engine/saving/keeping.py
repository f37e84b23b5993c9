"""Saves of people: never without an administrator left, and never without a line of the audit.

Separate from the pipeline: it looks at memberships, which are no records, after the write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from engine.saving.noting import note
from engine.saving.unit import Unit
from engine.store.platform.members import keeping_administrator

_USER = "user"
# What decides what somebody may do, or who decides in their place.
_NOTED = ("email", "role", "manager", "active", "delegate")


def keeping(unit: Unit, compiled: CompiledObject) -> AbstractContextManager[None]:
    """Guard a change or a delete of users; costs nothing for other objects.

    Raises at the end of the block: Conflict C122.
    """
    return keeping_administrator(unit.tx) if compiled.name == _USER else nullcontext()


def note_people(
    unit: Unit,
    compiled: CompiledObject,
    written: Iterable[tuple[Mapping[str, Value] | None, Mapping[str, Value]]],
) -> None:
    """Note changes of users, with old and new: a role and a manager decide who sees what."""
    for old, new in written if compiled.name == _USER else ():
        changed = {
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
