"""Persons of the installation: their passwords, and whether they may sign in at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engine.errors import NotFound
from engine.people.passwords import hash_password
from engine.people.sessions import revoke_in
from engine.store.database import Database
from engine.store.platform import audit, control, links, members
from engine.store.platform.control import PersonRow
from engine.store.platform.members import keeping_administrator
from engine.store.tx import Tx


def find_person(control_database: Database, email: str) -> PersonRow:
    """Give a person by e-mail. Raises: NotFound N105."""
    with control_database.read() as tx:
        person = control.find_person(tx, email)
    if person is None:
        message = f"There is no person with the e-mail {email}."
        raise NotFound(message, code="N105", hint="`patron user create` makes one")
    return person


def person_of(control_database: Database, number: int) -> PersonRow:
    """Give a person by number. Raises: NotFound N105."""
    with control_database.read() as tx:
        person = control.find_person_by_id(tx, number)
    if person is None:
        raise NotFound("There is no such person.", code="N105")
    return person


def set_password(
    control_database: Database,
    email: str,
    password: str,
    *,
    at: datetime,
    actor: str,
    keep: str = "",
) -> None:
    """Set a person's password, and sign them out everywhere but in the session `keep` (a secret).

    Raises: NotFound N105, RecordInvalid R190, R192.
    """
    person = find_person(control_database, email)
    password_hash = hash_password(password, person.email)
    with control_database.write() as tx:
        set_password_in(tx, person, password_hash, at=at, actor=actor, keep=keep)


def set_password_in(
    tx: Tx, person: PersonRow, password_hash: str, *, at: datetime, actor: str, keep: str = ""
) -> None:
    """Do it in an open transaction of the control database; links to choose one end as well."""
    control.set_password_hash(tx, person.id, password_hash)
    links.use_links(tx, person.id, at=at)
    target = f"person {person.id}"
    audit.note(tx, at=at, actor=actor, action="password.set", target=target)
    revoke_in(tx, person.id, at=at, actor=actor, keep=keep)


def deactivate_person(
    control_database: Database,
    environments: Iterable[Database],
    email: str,
    *,
    at: datetime,
    actor: str,
) -> None:
    """Keep a person out everywhere: first out of each environment, then from signing in.

    An environment that cannot be reached, or whose last administrator this is, stops it with that
    error; those done stay closed, and doing it again goes on.
    Raises: NotFound N105; Conflict C122.
    """
    person = find_person(control_database, email)
    for environment in environments:
        with environment.write() as tx, keeping_administrator(tx):
            if members.set_person_active(tx, person.id, active=False):
                target = f"person {person.id}"
                audit.note(tx, at=at, actor=actor, action="member.deactivate", target=target)
    with control_database.write() as tx:
        control.set_active(tx, person.id, active=False)
        target = f"person {person.id}"
        audit.note(tx, at=at, actor=actor, action="person.deactivate", target=target)
        links.use_links(tx, person.id, at=at)
        revoke_in(tx, person.id, at=at, actor=actor)


def activate_person(control_database: Database, email: str, *, at: datetime, actor: str) -> None:
    """Let a person sign in again; each environment admits them anew. Raises: NotFound N105."""
    person = find_person(control_database, email)
    with control_database.write() as tx:
        control.set_active(tx, person.id, active=True)
        target = f"person {person.id}"
        audit.note(tx, at=at, actor=actor, action="person.activate", target=target)
