"""Who may manage whom, and give what: managing others must not be a way to gain rights.

Separate from the faces, because the REST routes and the pages ask the same questions. See
docs/decisions/people-over-rest.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.compiled import Model
from engine.errors import AccessDenied, Conflict, NotFound
from engine.locale import later, say
from engine.model.permissions import ADMINISTRATOR
from engine.store.platform.members import find_member_of_user
from engine.store.tx import Tx

Given = Mapping[str, frozenset[str]]  # permission set -> the system permissions it gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """Who manages: the caller of one environment. `given`: what its permission sets give."""

    user: int
    person: int
    email: str
    sets: frozenset[str]
    permissions: frozenset[str]
    given: Given

    @property
    def is_administrator(self) -> bool:
        """Tell whether the caller may do everything."""
        return ADMINISTRATOR in self.sets


def manager_of(tx: Tx, user: int, model: Model, permissions: frozenset[str]) -> Manager:
    """Give a caller with what they hold. Raises: NotFound N103 for one who is no member."""
    member = find_member_of_user(tx, user)
    if member is None:
        raise NotFound(say("You are no member of this environment."), code="N103")
    given = {name: held.permissions for name, held in model.permission_sets.items()}
    return Manager(
        user=member.user,
        person=member.person,
        email=member.email,
        sets=member.permission_sets,
        permissions=permissions,
        given=MappingProxyType(given),
    )


def ensure_permission(manager: Manager, permission: str, what: str) -> None:
    """Refuse what needs a system permission that is missing. Raises: AccessDenied A100."""
    if permission not in manager.permissions and not manager.is_administrator:
        message = say(
            '{what} needs the permission "{permission}".', what=what, permission=permission
        )
        raise AccessDenied(message)


def ensure_may_manage(manager: Manager, user: int, sets: Collection[str]) -> None:
    """Refuse managing oneself, or an administrator, to everybody but administrators.

    Raises: AccessDenied A100 without manage_users, A103.
    """
    ensure_permission(manager, "manage_users", later("Managing people"))
    if manager.is_administrator:
        return
    if user == manager.user:
        message = say("Your own role and permission sets are changed by somebody else.")
        raise AccessDenied(message, code="A103", hint=say("ask an administrator"))
    if ADMINISTRATOR in sets:
        message = say("An administrator is managed by administrators only.")
        raise AccessDenied(message, code="A103")


def ensure_may_give(manager: Manager, before: Collection[str], after: Collection[str]) -> None:
    """Refuse giving or taking permission sets that hold more than the manager holds.

    Raises: AccessDenied A103, naming the first set and what is missing.
    """
    if manager.is_administrator:
        return
    for name in sorted(set(before) ^ set(after)):
        lacks = _lacks(manager, name)
        if lacks:
            message = say(
                'You cannot give or take "{name}": you do not hold {lacks} yourself.',
                name=name,
                lacks=lacks,
            )
            raise AccessDenied(message, code="A103", hint=say("ask an administrator"))


def ensure_may_act_for(manager: Manager, sets: Collection[str], *, is_service: bool) -> None:
    """Refuse making tokens for others, but for services that hold no set the manager lacks.

    Raises: AccessDenied A100 without manage_users, A103.
    """
    ensure_permission(manager, "manage_users", later("Making tokens for a service"))
    if not is_service:
        message = say(
            "A person makes their own tokens: one for somebody else would act in their name."
        )
        raise AccessDenied(message, code="A103", hint=say("make a service account for a program"))
    missing = sorted(set(sets) - manager.sets)
    if missing and not manager.is_administrator:
        message = say(
            'The service holds "{name}", which you do not hold yourself.', name=missing[0]
        )
        raise AccessDenied(message, code="A103", hint=say("ask an administrator"))


def ensure_may_work_as(
    manager: Manager, sets: Collection[str], permissions: Collection[str]
) -> None:
    """Refuse working as somebody who may do more than oneself, system permissions taken.

    Records are another matter: seeing what the other sees is what it is for.
    Raises: AccessDenied A100 without log_in_as, A103.
    """
    ensure_permission(manager, "log_in_as", later("Working as somebody else"))
    if _stands_above(manager, sets, permissions):
        message = say("You cannot work as somebody who may do more than you.")
        raise AccessDenied(message, code="A103", hint=say("ask an administrator"))


def ensure_may_reset_sign_in(
    manager: Manager, user: int, sets: Collection[str], permissions: Collection[str]
) -> None:
    """Refuse opening the account of somebody who may do more, and one's own by this way.

    One's own is opened by one's own password and code: whoever could leave the code out here would
    only need a browser that was left open.
    Raises: AccessDenied A100 without manage_users, A103; Conflict R201 for oneself.
    """
    ensure_permission(manager, "manage_users", later("Resetting a second factor"))
    if user == manager.user:
        message = say("Your own second factor is removed on the page of your account, by its code.")
        raise Conflict(message, code="R201", hint=say("or another administrator resets it"))
    if _stands_above(manager, sets, permissions):
        message = say("You cannot open the account of somebody who may do more than you.")
        raise AccessDenied(message, code="A103", hint=say("ask an administrator"))


def _stands_above(manager: Manager, sets: Collection[str], permissions: Collection[str]) -> bool:
    """Tell whether somebody with these sets and permissions may do what the manager may not."""
    if manager.is_administrator:
        return False
    return ADMINISTRATOR in sets or bool(set(permissions) - manager.permissions)


def _lacks(manager: Manager, name: str) -> str:
    """Say what of a permission set the manager lacks; "" for nothing."""
    if name == ADMINISTRATOR:
        return later("it")
    missing = sorted(manager.given.get(name, frozenset()) - manager.permissions)
    return ", ".join(missing)
