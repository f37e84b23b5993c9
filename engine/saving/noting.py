"""Lines of the audit about what a caller does: who it was, both names where one works as another.

Separate from the table, which knows no callers, so that no line is written with one name only.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import AccessDenied
from engine.locale import say
from engine.saving.unit import Unit
from engine.store.platform import audit


def note(
    unit: Unit, action: str, target: str = "", detail: Mapping[str, object] | None = None
) -> None:
    """Note what the caller does, in their transaction; a helper is the actor, `as` the other."""
    email = str(unit.caller.context.user.get("email") or "system")
    given = dict(detail or {})
    if unit.helper:
        given["as"] = email
    actor = unit.helper.email if unit.helper else email
    audit.note(unit.tx, at=unit.now, actor=actor, action=action, target=target, detail=given)


def ensure_oneself(unit: Unit) -> None:
    """Refuse what nobody does in the name of somebody else. Raises: AccessDenied A104."""
    if unit.helper:
        raise not_in_their_name()


def not_in_their_name() -> AccessDenied:
    """Say that a helper does not do this."""
    message = say("You work as somebody else: this is done by them, not in their name.")
    return AccessDenied(message, code="A104", hint=say("be yourself again first"))
