"""The caller as somebody who manages people: read from a session once, then pure questions."""

from __future__ import annotations

from types import MappingProxyType

from engine.errors import NotFound
from engine.people.managing import Manager
from engine.session import Session
from engine.store.platform.members import find_member_of_user


def manager_of(session: Session) -> Manager:
    """Give the caller with what they hold. Raises: NotFound N103 for one who is no member."""
    unit = session.unit
    member = find_member_of_user(unit.tx, unit.me)
    if member is None:
        raise NotFound("You are no member of this environment.", code="N103")
    given = {
        name: held.permissions for name, held in session.snapshot.model.permission_sets.items()
    }
    return Manager(
        user=member.user,
        person=member.person,
        email=member.email,
        sets=member.permission_sets,
        permissions=unit.access.permissions,
        given=MappingProxyType(given),
    )
