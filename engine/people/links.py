"""Links by which a person chooses a password: single-use, expiring, kept as hashes."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from engine.errors import Conflict, NotFound, Throttled
from engine.people.passwords import hash_password
from engine.people.persons import find_person, set_password_in
from engine.people.throttle import ACCOUNT, LINKS, begin_attempt, forgive
from engine.store.database import Database
from engine.store.platform import audit, control, links
from engine.store.platform.control import PersonRow
from engine.store.platform.enter import hash_token

LASTS = timedelta(hours=1)
INVITED = timedelta(days=7)  # for somebody who was just made


def make_link(
    control_database: Database,
    email: str,
    *,
    at: datetime,
    actor: str,
    lasts: timedelta = LASTS,
) -> str:
    """Make the secret part of a link for an active person.

    Raises: NotFound N105; Conflict C121 for one who is deactivated, C123 for a service.
    """
    person = find_person(control_database, email)
    if not person.is_active:
        message = f"{person.email} is deactivated."
        raise Conflict(message, code="C121", hint="activate the person first")
    if person.is_service:
        message = f"{person.email} is a service: it works by tokens and has no password."
        raise Conflict(message, code="C123", hint="`patron token create` makes a token")
    return _make(control_database, person, at, actor, lasts)


def ask_for_link(control_database: Database, email: str, *, at: datetime) -> str:
    """Make one because somebody asked on the sign-in page; "" when there is nobody to send it to.

    Asking too often for one e-mail is the same answer.
    """
    try:
        begin_attempt(control_database, ((LINKS, control.email_key(email)),), at=at)
    except Throttled:
        return ""
    with control_database.read() as tx:
        person = control.find_person(tx, email)
    if person is None or not person.is_active or person.is_service:
        return ""
    return _make(control_database, person, at, person.email, LASTS)


def is_good_link(control_database: Database, text: str, *, at: datetime) -> bool:
    """Tell whether a link may still be used."""
    with control_database.read() as tx:
        return links.find_link(tx, hash_token(text), at=at) is not None


def use_link(control_database: Database, text: str, password: str, *, at: datetime) -> str:
    """Set the password of a link's person and sign them out everywhere; give their e-mail.

    Raises: NotFound N107 for a link that is not good; RecordInvalid R190, R192, which leave it so.
    """
    hashed = hash_token(text)
    with control_database.read() as tx:
        found = links.find_link(tx, hashed, at=at)
    if found is None:
        raise _not_good()
    password_hash = hash_password(password, found[1])
    with control_database.write() as tx:
        again = links.find_link(tx, hashed, at=at)  # two at once: the second finds it used
        person = None if again is None else control.find_person_by_id(tx, again[0])
        if person is None:
            raise _not_good()
        set_password_in(tx, person, password_hash, at=at, actor=person.email)
    forgive(control_database, ((ACCOUNT, control.email_key(person.email)),))
    return person.email


def _make(
    control_database: Database, person: PersonRow, at: datetime, actor: str, lasts: timedelta
) -> str:
    text = secrets.token_urlsafe(32)
    with control_database.write() as tx:
        links.insert_link(tx, hash=hash_token(text), person=person.id, expires=at + lasts)
        target = f"person {person.id}"
        audit.note(tx, at=at, actor=actor, action="password.link", target=target)
    return text


def _not_good() -> NotFound:
    message = "This link was used before or is too old."
    return NotFound(message, code="N107", hint="ask for a new one")
