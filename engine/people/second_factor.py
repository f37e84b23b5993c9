"""The second factor of a sign-in: set up with an app, asked for after the password, recovered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.errors import Conflict, FieldError, RecordInvalid
from engine.people import codes
from engine.people.sessions import Browser, Kind, find_session, open_in, revoke_in
from engine.people.throttle import CODE, begin_attempt, forgive
from engine.settings import Settings
from engine.store.database import Database
from engine.store.platform import audit, control, second_factors, sessions
from engine.store.platform.control import PersonRow
from engine.store.platform.enter import hash_token
from engine.store.tx import Tx

_PURPOSE = "second factor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a person needs to set up an app: the secret, and the address for a QR code."""

    secret: str
    address: str


def begin_setup(control_database: Database, settings: Settings, person: PersonRow) -> Setup:
    """Make a new secret, or give the one that waits for its first code.

    Raises: Conflict C123 for a service, C124 when codes are asked for already.
    """
    if person.is_service:
        message = "A service works by tokens: it has no second factor."
        raise Conflict(message, code="C123")
    key = settings.key_for(_PURPOSE)
    with control_database.write() as tx:
        found = second_factors.find_second_factor(tx, person.id)
        if found is not None and found.confirmed_at is not None:
            message = "Your second factor is set up already."
            raise Conflict(message, code="C124", hint="remove it first")
        secret = codes.unseal(key, found.sealed) if found is not None else ""
        if not secret:
            secret = codes.new_secret()
            second_factors.put_second_factor(tx, person.id, codes.seal(key, secret))
    return Setup(secret=secret, address=codes.address_for_apps(secret, person.email))


def confirm_setup(
    control_database: Database,
    settings: Settings,
    person: PersonRow,
    code: str,
    *,
    at: datetime,
    secret: str,
) -> list[str]:
    """Ask for codes from now on; give the recovery codes, which are never shown again.

    `secret`: of the session in which it happens; it counts as confirmed, every other one ends.
    Raises: RecordInvalid R196 for a wrong code; Throttled A220; Conflict C124.
    """
    begin_attempt(control_database, ((CODE, str(person.id)),), at=at)
    with control_database.write() as tx:
        found = second_factors.find_second_factor(tx, person.id)
        if found is None or found.confirmed_at is not None:
            raise Conflict("There is nothing to confirm.", code="C124", hint="start again")
        plain = codes.unseal(settings.key_for(_PURPOSE), found.sealed)
        step = codes.find_step(plain, code, at=at, after=0) if plain else None
        if step is None:
            raise _wrong_code()
        second_factors.confirm_second_factor(tx, person.id, at=at, step=step)
        fresh = _new_recovery_codes(tx, person.id)
        sessions.set_second_factor(tx, hash_token(secret))
        _note(tx, person, "second_factor.set", at)
        revoke_in(tx, person.id, at=at, actor=person.email, keep=secret)
    forgive(control_database, ((CODE, str(person.id)),))
    return fresh


def give_code(
    control_database: Database,
    settings: Settings,
    pending: str,
    code: str,
    browser: Browser,
    *,
    at: datetime,
) -> str | None:
    """Turn a session that waits for its second factor into one that is open; give its new secret.

    None for a code that is wrong, was used before, or a session that does not wait any more.
    Raises: Throttled A220.
    """
    waiting = find_session(control_database, pending, at=at, is_pending=True)
    if waiting is None:
        return None
    begin_attempt(control_database, ((CODE, str(waiting.person)),), at=at)
    with control_database.write() as tx:
        person = control.find_person_by_id(tx, waiting.person)
        if person is None:
            return None
        how = _take(tx, settings, person, code, at)
        if not how:
            _note(tx, person, "sign_in.failed", at, {"why": "code", "address": browser.address})
            return None
        sessions.end_session(tx, hash_token(pending), at=at)
        kind = Kind(has_second_factor=True)
        secret = open_in(tx, person.id, browser, at=at, kind=kind)
        _note(tx, person, "sign_in", at, {"by": f"password and {how}", "address": browser.address})
    forgive(control_database, ((CODE, str(waiting.person)),))
    return secret


def remove_second_factor(
    control_database: Database,
    person: PersonRow,
    *,
    at: datetime,
    actor: str,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Ask for codes no longer; every session of the person ends. `detail` goes into the audit."""
    with control_database.write() as tx:
        second_factors.remove_second_factor(tx, person.id)
        target = f"person {person.id}"
        action = "second_factor.remove"
        audit.note(tx, at=at, actor=actor, action=action, target=target, detail=detail or {})
        revoke_in(tx, person.id, at=at, actor=actor)


def renew_recovery_codes(
    control_database: Database, person: PersonRow, *, at: datetime
) -> list[str]:
    """Put new recovery codes in the place of the old ones, used or not."""
    with control_database.write() as tx:
        fresh = _new_recovery_codes(tx, person.id)
        _note(tx, person, "second_factor.recovery_codes", at)
    return fresh


def _take(tx: Tx, settings: Settings, person: PersonRow, code: str, at: datetime) -> str:
    """Use up a code of the app or a recovery code; say which it was, "" when it is none."""
    found = second_factors.find_second_factor(tx, person.id)
    if found is None or found.confirmed_at is None:
        return ""
    plain = codes.unseal(settings.key_for(_PURPOSE), found.sealed)
    step = codes.find_step(plain, code, at=at, after=found.last_step) if plain else None
    if step is not None and second_factors.take_step(tx, person.id, step):
        return "code"
    used = second_factors.use_recovery_code(tx, person.id, _hash(code, person.id), at=at)
    return "recovery code" if used else ""


def _new_recovery_codes(tx: Tx, person: int) -> list[str]:
    fresh = codes.new_recovery_codes()
    second_factors.put_recovery_codes(tx, person, [_hash(code, person) for code in fresh])
    return fresh


def _hash(code: str, person: int) -> str:
    """Hash a recovery code: fifty random bits, tried a few times an hour at most."""
    text = f"{person}\n{codes.plain_recovery_code(code)}"
    return hashlib.sha256(text.encode()).hexdigest()


def _note(
    tx: Tx, person: PersonRow, action: str, at: datetime, detail: dict[str, object] | None = None
) -> None:
    target = f"person {person.id}"
    audit.note(tx, at=at, actor=person.email, action=action, target=target, detail=detail)


def _wrong_code() -> RecordInvalid:
    message = "This code is not right."
    hint = "take the one that the app shows now, and check the clock of the phone"
    error = FieldError(field="code", code="R196", message=message, hint=hint)
    return RecordInvalid(message, code="R196", hint=hint, errors=(error,))
