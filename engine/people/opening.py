"""Opening an account whose second factor is lost: by somebody who manages people, with a reason.

Separate from `second_factor`, where people deal with their own. The person signs in by password
alone afterwards, and sets up another second factor, at once where a permission set requires it.
"""

from __future__ import annotations

from datetime import datetime

from engine.errors import Conflict, NotFound
from engine.locale import say
from engine.people.managing import Manager, ensure_may_reset_sign_in
from engine.people.persons import person_of
from engine.people.reasons import read_reason
from engine.people.second_factor import remove_second_factor
from engine.store.database import Database
from engine.store.platform import audit
from engine.store.platform.members import MemberRow

PRODUCTION = "production"


def ensure_production(environment: str) -> None:
    """Refuse to deal with accounts from within a sandbox. Raises: NotFound N100."""
    if environment != PRODUCTION:
        raise NotFound(hint="accounts are managed in production")


def reset_second_factor(
    control: Database,
    database: Database,
    manager: Manager,
    other: MemberRow,
    *,
    at: datetime,
    reason: str,
) -> None:
    """Remove another member's second factor; their browsers are signed out, both audits note it.

    Raises: AccessDenied A100, A103; Conflict R201 for one's own, R202 where there is none;
    RecordInvalid R200 without a reason.
    """
    given = (manager.given.get(name, frozenset()) for name in other.permission_sets)
    permissions = frozenset().union(*given)
    ensure_may_reset_sign_in(manager, other.user, other.permission_sets, permissions)
    why = {"reason": read_reason(reason)}
    person = person_of(control, other.person)
    if not person.has_second_factor:
        message = say("This person has no second factor that could be reset.")
        raise Conflict(message, code="R202")
    remove_second_factor(control, person, at=at, actor=manager.email, detail=why)
    with database.write() as tx:
        audit.note(
            tx,
            at=at,
            actor=manager.email,
            action="second_factor.remove",
            target=f"user {other.user}",
            detail=why,
        )
