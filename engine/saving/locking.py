"""Records that an approval has locked: who may change them all the same, and the refusal.

Separate from saving and the bin, which both ask. A record that nobody locks costs nothing here: the
statement that loads it tells. See docs/decisions/approvals.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.access import ObjectAccess
from engine.compiled import CompiledObject
from engine.errors import FieldError, RecordLocked
from engine.locale import say
from engine.saving.unit import Unit
from engine.store.platform import approvals
from engine.store.reading import Reached

PERMISSION = "edit_locked"


def locked_among(
    unit: Unit, compiled: CompiledObject, found: Mapping[int, Reached]
) -> dict[int, int]:
    """Give the records that the caller may not change now: record -> the request that locks it."""
    locks = {record: one.lock for record, one in found.items() if one.lock is not None}
    if not locks:
        return {}
    passing = _passing(unit, unit.access.of(compiled.name), locks.values())
    return {record: request for record, request in locks.items() if request not in passing}


def locked(unit: Unit, request: int, errors: tuple[FieldError, ...] = ()) -> RecordLocked:
    """Refuse a change of a locked record; `errors` says what is wrong with it besides."""
    found = approvals.find(unit.tx, request)
    title = "" if found is None else found.approval
    if found is not None:
        for approval in unit.snapshot.model.approvals.get(found.object, ()):
            if approval.name == found.approval:
                title = approval.title(unit.language)
    return RecordLocked(
        say(
            'This record waits for the approval "{approval}" and cannot be changed.', approval=title
        ),
        hint=say("wait for the decision, or recall the request"),
        errors=errors,
    )


def needs_guard(unit: Unit) -> bool:
    """Tell whether the database looks once more for locks when it writes what the caller changes.

    Between reading and writing somebody may submit the record; on SQLite nobody writes beside us.
    """
    return unit.tx.dialect != "sqlite" and PERMISSION not in unit.access.permissions


def _passing(unit: Unit, access: ObjectAccess, requests: Iterable[int]) -> frozenset[int]:
    """Give the requests whose lock does not hold the caller.

    By the permission alone: those that ask the caller now. With the right to change all records of
    the object as well: all of them.
    """
    if PERMISSION not in unit.access.permissions:
        return frozenset()
    if access.may("modify_all"):
        return frozenset(requests)
    return approvals.asked_in(unit.tx, unit.me, sorted(set(requests)))
