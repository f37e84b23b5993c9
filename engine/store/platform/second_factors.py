"""Second factors of persons, in the control database: sealed secrets, hashes of recovery codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """A person's second factor; `confirmed_at` None: set up, and not confirmed by a code yet.

    `last_step`: of the last code that was taken.
    """

    sealed: str
    confirmed_at: datetime | None
    last_step: int


_FIND = "SELECT totp_secret, totp_at, totp_step FROM patron_person WHERE id = ?"
_PUT = "UPDATE patron_person SET totp_secret = ?, totp_at = NULL, totp_step = NULL WHERE id = ?"
_CONFIRM = "UPDATE patron_person SET totp_at = ?, totp_step = ? WHERE id = ?"
_STEP = """
UPDATE patron_person SET totp_step = ? WHERE id = ? AND coalesce(totp_step, 0) < ?
"""
_REMOVE = """
UPDATE patron_person SET totp_secret = NULL, totp_at = NULL, totp_step = NULL WHERE id = ?
"""
_FORGET = "DELETE FROM patron_recovery_code WHERE person_id = ?"
_ADD = "INSERT INTO patron_recovery_code (hash, person_id) VALUES (?, ?)"
_USE = """
UPDATE patron_recovery_code SET used_at = ? WHERE hash = ? AND person_id = ? AND used_at IS NULL
"""
_LEFT = "SELECT count(*) FROM patron_recovery_code WHERE person_id = ? AND used_at IS NULL"


def find_second_factor(tx: Tx, person: int) -> SecondFactor | None:
    """Give what a person has set up; None for nothing."""
    row = tx.row(native(tx, _FIND), (person,))
    if row is None or row[0] is None:
        return None
    at = None if row[1] is None else instant_of(row[1])
    return SecondFactor(sealed=str(row[0]), confirmed_at=at, last_step=int(row[2] or 0))


def put_second_factor(tx: Tx, person: int, sealed: str) -> None:
    """Keep a new secret that no code has confirmed yet."""
    tx.run(native(tx, _PUT), (sealed, person))


def confirm_second_factor(tx: Tx, person: int, *, at: datetime, step: int) -> None:
    """Ask for codes from now on."""
    tx.run(native(tx, _CONFIRM), (milliseconds(at), step, person))


def take_step(tx: Tx, person: int, step: int) -> bool:
    """Use up the code of a step; False when it, or a later one, was used before."""
    return tx.run(native(tx, _STEP), (step, person, step)) == 1


def remove_second_factor(tx: Tx, person: int) -> None:
    """Ask for codes no longer; recovery codes go as well."""
    tx.run(native(tx, _REMOVE), (person,))
    tx.run(native(tx, _FORGET), (person,))


def put_recovery_codes(tx: Tx, person: int, hashes: Iterable[str]) -> None:
    """Put new recovery codes in the place of the old ones."""
    tx.run(native(tx, _FORGET), (person,))
    tx.many(native(tx, _ADD), [(one, person) for one in hashes])


def use_recovery_code(tx: Tx, person: int, hash: str, *, at: datetime) -> bool:
    """Use up a recovery code; False when it is none."""
    return tx.run(native(tx, _USE), (milliseconds(at), hash, person)) == 1


def count_recovery_codes(tx: Tx, person: int) -> int:
    """Tell how many are left."""
    return int(tx.rows(native(tx, _LEFT), (person,))[0][0])
