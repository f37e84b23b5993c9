"""Which person it is that comes back from another sign-in server, and their session.

By who they are there, once that is known; the first time by the verified e-mail. Nobody is made a
person or a member on the way, unless the installation says where and with what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.people.members import NewMember, create_user
from engine.people.oidc import Arrival
from engine.people.sessions import Browser, Kind, open_in
from engine.people.signing_in import SignedIn
from engine.store.database import Database
from engine.store.platform import audit, control, identities
from engine.store.platform.control import PersonRow
from engine.store.tx import Tx

# Environment's database and permission sets, for people who are not known yet; None: nobody.
Admission = tuple[Database, frozenset[str]] | None


def sign_in_arrival(
    control_database: Database,
    arrival: Arrival,
    browser: Browser,
    *,
    at: datetime,
    admission: Admission = None,
) -> SignedIn | None:
    """Open a session for who came back; None when nobody here is meant. Noted either way."""
    with control_database.write() as tx:
        person = _find(tx, arrival, at)
    if person is None and admission is not None and arrival.email:
        person = _admit(control_database, arrival, admission, at)
    with control_database.write() as tx:
        if person is None or not person.is_active or person.is_service:
            _note(tx, person, "sign_in.failed", at, {"address": browser.address, "why": "oidc"})
            return None
        is_pending = person.has_second_factor and not arrival.has_second_factor
        kind = Kind(is_pending=is_pending, has_second_factor=arrival.has_second_factor)
        secret = open_in(tx, person.id, browser, at=at, kind=kind)
        if not is_pending:
            _note(tx, person, "sign_in", at, {"address": browser.address, "by": "oidc"})
    return SignedIn(person=person, secret=secret, needs_code=is_pending)


def _find(tx: Tx, arrival: Arrival, at: datetime) -> PersonRow | None:
    """Find by subject, else by e-mail; who is known there as another subject is not meant."""
    number = identities.find_identity(tx, arrival.issuer, arrival.subject)
    if number is not None:
        return control.find_person_by_id(tx, number)
    person = control.find_person(tx, arrival.email) if arrival.email else None
    if person is None or identities.subject_of(tx, arrival.issuer, person.id):
        return None
    if person.is_active and not person.is_service:
        identities.add_identity(tx, arrival.issuer, arrival.subject, person.id, at=at)
        _note(tx, person, "identity.add", at, {"issuer": arrival.issuer})
    return person


def _admit(
    control_database: Database,
    arrival: Arrival,
    admission: tuple[Database, frozenset[str]],
    at: datetime,
) -> PersonRow | None:
    """Make a member of who is not known yet: the installation says so."""
    with control_database.read() as tx:
        if control.find_person(tx, arrival.email) is not None:
            return None  # known, and not meant: see above
    database, sets = admission
    new = NewMember(email=arrival.email, name=arrival.name, permission_sets=sets)
    create_user(control_database, database, new, at=at, actor="single sign-on")
    with control_database.write() as tx:
        return _find(tx, arrival, at)


def _note(
    tx: Tx, person: PersonRow | None, action: str, at: datetime, detail: Mapping[str, object]
) -> None:
    audit.note(
        tx,
        at=at,
        actor="unknown" if person is None else person.email,
        action=action,
        target="sign-in" if person is None else f"person {person.id}",
        detail=detail,
    )
