"""Persons and their membership of an environment: made, changed and ended.

A person signs in once for the whole installation and lives in the control database; what they may
do lives in each environment, in one transaction with what they do there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.errors import Conflict, FieldError, NotFound, RecordInvalid
from engine.locale import say
from engine.names import ObjectName
from engine.people.passwords import hash_password
from engine.people.persons import set_password_in
from engine.store.database import Database
from engine.store.failures import UniqueViolated
from engine.store.platform import audit, control, members
from engine.store.platform.enter import SYSTEM_USER
from engine.store.platform.ids import Ids
from engine.store.platform.members import MemberRow, keeping_administrator
from engine.store.tx import Tx

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z")
_LONGEST_EMAIL = 254
_USER = ObjectName("user")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """Who shall enter an environment, and with what."""

    email: str
    name: str = ""
    role: str | None = None
    permission_sets: frozenset[str] = frozenset()
    language: str | None = None
    time_zone: str | None = None
    password: str = ""  # empty: no sign-in with a password until one is set
    is_service: bool = False  # works by tokens and never signs in


def create_user(
    control_database: Database, environment: Database, new: NewMember, *, at: datetime, actor: str
) -> MemberRow:
    """Make a person (unless there is one of that e-mail) and let them into an environment.

    Raises: RecordInvalid R191 for an e-mail that is none, R190, R192 for a bad password; Conflict
    C120 when they are a member already.
    """
    email = _ensure_email(new.email)
    password_hash = hash_password(new.password, email) if new.password else ""
    with control_database.write() as tx:
        person = control.find_person(tx, email)
        if person is not None and not person.is_active:
            message = f"{email} is deactivated."
            raise Conflict(message, code="C121", hint="activate the person first")
        number = (
            control.add_person(
                tx,
                email=email,
                name=new.name,
                password_hash=password_hash,
                at=at,
                is_service=new.is_service,
            )
            if person is None
            else person.id
        )
        if person is not None and password_hash:
            set_password_in(tx, person, password_hash, at=at, actor=actor)
    return add_member(environment, number, new, at=at, actor=actor)


def add_member(
    environment: Database, person: int, new: NewMember, *, at: datetime, actor: str
) -> MemberRow:
    """Let a person into an environment as a new user. Raises: Conflict C120, RecordInvalid R191."""
    email = _ensure_email(new.email)
    try:
        with environment.write() as tx:
            user = _user_record(tx, email, new, at)
            members.insert_member(
                tx, user=user, person=person, permission_sets=new.permission_sets, at=at
            )
            detail = {"permission_sets": sorted(new.permission_sets)}
            audit.note(
                tx, at=at, actor=actor, action="member.add", target=f"user {user}", detail=detail
            )
            found = members.find_member(tx, person=person)
    except UniqueViolated as error:
        message = f"{email} is a member of this environment already."
        raise Conflict(message, code="C120", hint="change their permission sets") from error
    assert found is not None  # written just now, in the same transaction
    return found


def _user_record(tx: Tx, email: str, new: NewMember, at: datetime) -> int:
    """Give the user record of an e-mail, and make it if there is none."""
    known = members.find_user(tx, email)
    if known is not None:
        return known
    (user,) = Ids().take(tx, _USER)
    values = members.NewUser(
        id=user,
        email=email,
        name=new.name or email.partition("@")[0],
        role=new.role,
        language=new.language,
        time_zone=new.time_zone,
    )
    members.insert_user(tx, values, by=SYSTEM_USER, at=at)
    return user


def set_permission_sets(
    environment: Database, email: str, sets: Iterable[str], *, at: datetime, actor: str
) -> None:
    """Give a member other permission sets. Raises: NotFound N103; Conflict C122."""
    names = sorted(set(sets))
    with environment.write() as tx, keeping_administrator(tx):
        member = members.find_member(tx, email=control.email_key(email))
        if member is None:
            raise no_member(email)
        members.set_permission_sets(tx, member.user, names)
        audit.note(
            tx,
            at=at,
            actor=actor,
            action="member.permission_sets",
            target=f"user {member.user}",
            detail={"before": sorted(member.permission_sets), "after": names},
        )


def set_member_active(
    environment: Database, email: str, *, active: bool, at: datetime, actor: str
) -> None:
    """Let a member of one environment in, or keep them out.

    Raises: NotFound N103; Conflict C122.
    """
    with environment.write() as tx, keeping_administrator(tx):
        member = members.find_member(tx, email=control.email_key(email))
        if member is None:
            raise no_member(email)
        members.set_member_active(tx, member.user, active=active)
        action = "member.activate" if active else "member.deactivate"
        audit.note(tx, at=at, actor=actor, action=action, target=f"user {member.user}")


def let_in(
    control_database: Database, environment: Database, email: str, *, at: datetime, actor: str
) -> None:
    """Let a member in again, whose person may sign in.

    Else the environment would count on somebody who is out everywhere, as its last administrator
    perhaps, and their tokens would be good again.
    Raises: NotFound N103; Conflict C121.
    """
    with environment.read() as tx:
        member = members.find_member(tx, email=control.email_key(email))
    if member is None:
        raise no_member(email)
    with control_database.read() as tx:
        person = control.find_person_by_id(tx, member.person)
    if person is None or not person.is_active:
        message = f"{email} is deactivated."
        raise Conflict(message, code="C121", hint="activate the person first")
    set_member_active(environment, email, active=True, at=at, actor=actor)


def no_member(email: str) -> NotFound:
    """Say that somebody is no active member."""
    message = say(
        "There is no active member with the e-mail {email} in this environment.", email=email
    )
    return NotFound(message, code="N103", hint="`patron user create` adds one")


def _ensure_email(text: str) -> str:
    email = control.email_key(text)
    if len(email) > _LONGEST_EMAIL or not _EMAIL.match(email):
        message = f'"{text}" is no e-mail address.'
        error = FieldError(field="email", code="R191", message=message)
        raise RecordInvalid(message, code="R191", errors=(error,))
    return email
