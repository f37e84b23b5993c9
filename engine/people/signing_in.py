"""Signing in with an e-mail and a password: throttled, in even time, noted whatever comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.errors import Throttled
from engine.people.passwords import is_outdated, is_password, renew_hash
from engine.people.sessions import Browser, Kind, open_in
from engine.people.throttle import (
    ACCOUNT,
    ADDRESS,
    begin_attempt,
    forgive,
    take_back,
)
from engine.store.database import Database
from engine.store.platform import audit, control
from engine.store.platform.control import PersonRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A sign-in that went well; `secret` is for the cookie.

    `needs_code`: the session opens nothing until the second factor is given.
    """

    person: PersonRow
    secret: str
    needs_code: bool


def sign_in(
    control_database: Database, email: str, password: str, browser: Browser, *, at: datetime
) -> SignedIn | None:
    """Sign a person in, or give None when anything is wrong: which, is not said.

    Raises: Throttled A220 after too many failures of this e-mail or this address.
    """
    account, address = (ACCOUNT, control.email_key(email)), (ADDRESS, browser.address)
    try:
        begin_attempt(control_database, (account, address), at=at)
    except Throttled:
        _note_failure(control_database, email, browser, "throttled", at)
        raise
    person = check_password(control_database, email, password)
    if person is None:
        _note_failure(control_database, email, browser, "wrong", at)
        return None
    forgive(control_database, (account,))
    take_back(control_database, address)
    kind = Kind(is_pending=person.has_second_factor)
    with control_database.write() as tx:
        secret = open_in(tx, person.id, browser, at=at, kind=kind)
        if not kind.is_pending:
            detail = {"address": browser.address, "by": "password"}
            target = f"person {person.id}"
            audit.note(
                tx, at=at, actor=person.email, action="sign_in", target=target, detail=detail
            )
    return SignedIn(person=person, secret=secret, needs_code=kind.is_pending)


def check_password(control_database: Database, email: str, password: str) -> PersonRow | None:
    """Give the person whom an e-mail and a password belong to; None if anything is wrong.

    Takes equally long whether the e-mail is known or not. A hash made with older settings is
    replaced on the way.
    """
    with control_database.read() as tx:
        person = control.find_person(tx, email)
    fits = is_password("" if person is None else person.password_hash, password)
    if person is None or not fits or not person.is_active or person.is_service:
        return None
    if is_outdated(person.password_hash):
        fresh = renew_hash(password)
        with control_database.write() as tx:
            control.set_password_hash(tx, person.id, fresh)
    return person


def _note_failure(
    control_database: Database, email: str, browser: Browser, why: str, at: datetime
) -> None:
    """Note a failure. Only a known e-mail is named: people type passwords into the wrong field."""
    with control_database.write() as tx:
        person = control.find_person(tx, email)
        audit.note(
            tx,
            at=at,
            actor="unknown" if person is None else person.email,
            action="sign_in.failed",
            target="sign-in" if person is None else f"person {person.id}",
            detail={"address": browser.address, "why": why},
        )
