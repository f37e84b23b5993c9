"""The caller as somebody who manages people: read from a session once, then pure questions."""

from __future__ import annotations

from engine.people import managing
from engine.people.managing import Manager
from engine.session import Session


def manager_of(session: Session) -> Manager:
    """Give the caller with what they hold. Raises: NotFound N103 for one who is no member."""
    unit = session.unit
    return managing.manager_of(unit.tx, unit.me, session.snapshot.model, unit.access.permissions)
