"""Who is let into a new sandbox: its maker, as an administrator of it and nothing else.

The command line acts for whoever may read the installation's files. Where it does not say for whom,
the parent's administrators are let in, who hold every right there too; else nobody could enter.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.permissions import ADMINISTRATOR
from engine.people import NewMember
from engine.session import ListRequest, Session, run
from engine.snapshots import Environment
from engine.store.platform.enter import SystemCredential
from engine.store.platform.members import MemberRow, list_members

_FIELDS = ("email", "name", "role", "language", "time_zone")
_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """A person to let in: the number in the control database, and what their user record says."""

    person: int
    member: NewMember


def makers_of(parent: Environment, email: str) -> tuple[Maker, ...]:
    """Give the active member of that e-mail, else every active administrator of the parent."""

    def work(session: Session) -> tuple[Maker, ...]:
        known = [member for member in list_members(session.unit.tx) if member.is_active]
        chosen = [member for member in known if member.email == email.strip().lower()]
        chosen = chosen or [member for member in known if ADMINISTRATOR in member.permission_sets]
        users = _users(session) if chosen else {}
        return tuple(_maker(member, users.get(member.email, {})) for member in chosen)

    return run(parent, SystemCredential(), work, write=False)


def _users(session: Session) -> dict[object, dict[str, object]]:
    request = ListRequest(object="user", fields=_FIELDS, limit=_MOST)
    return {record["email"]: dict(record) for record in session.list(request).records}


def _maker(member: MemberRow, user: dict[str, object]) -> Maker:
    def text(name: str) -> str | None:
        value = user.get(name)
        return None if value is None else str(value)

    new = NewMember(
        email=member.email,
        name=member.name,
        role=text("role"),
        permission_sets=frozenset({ADMINISTRATOR}),
        language=text("language"),
        time_zone=text("time_zone"),
    )
    return Maker(person=member.person, member=new)
