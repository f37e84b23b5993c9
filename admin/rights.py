"""Who may see and do what in Setup: asked of the same access that guards records."""

from __future__ import annotations

from engine.errors import AccessDenied
from engine.session import Session
from web.texts import say

SEES = frozenset({"customize", "view_setup", "deploy"})


def may(session: Session, *permissions: str) -> bool:
    """Tell whether the visitor has one of these system permissions."""
    return any(name in session.unit.access.permissions for name in permissions)


def ensure(session: Session, *permissions: str) -> None:
    """Refuse whoever has none of these permissions. Raises: AccessDenied A100, status 403."""
    if not may(session, *permissions):
        raise AccessDenied(
            say("Your permissions do not open this part of Setup."),
            hint=say("Ask an administrator for: {names}", names=", ".join(permissions)),
        )
