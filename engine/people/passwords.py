"""Passwords: judged, hashed with Argon2, compared in constant time, never kept or shown."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine.errors import FieldError, RecordInvalid
from engine.people.guessable import why_guessable

SHORTEST, LONGEST = 10, 1000

_HASHER = PasswordHasher()
# Compared when there is no such person, so that the answer takes as long as for one who exists.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$"
    "mO4Cvrz+/vRvjaGvj1E/KfyuWcbRMwhiU2LAhuAFEuA"
)


def ensure_good(password: str, email: str = "") -> None:
    """Refuse a password that is too short, too long, or easily guessed.

    Length first: a long sentence needs no signs or digits, and nothing asks for them.
    Raises: RecordInvalid R190 (length), R192 (guessed by the first list an attacker tries).
    """
    if not SHORTEST <= len(password) <= LONGEST:
        message = f"A password has {SHORTEST} to {LONGEST} characters."
        raise _refused("R190", message, "four words that do not belong together are long enough")
    why = why_guessable(password, email)
    if why:
        message = f"This password is easily guessed: {why}."
        raise _refused("R192", message, "take four words that do not belong together")


def hash_password(password: str, email: str = "") -> str:
    """Give the hash to keep. Takes about 50 ms, on purpose.

    Raises: RecordInvalid R190, R192 for a password that is too short, too long or easily guessed.
    """
    ensure_good(password, email)
    return _HASHER.hash(password)


def is_password(password_hash: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed; an empty hash fits none."""
    try:
        _HASHER.verify(password_hash or _NOBODY, password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return bool(password_hash)


def renew_hash(password: str) -> str:
    """Hash a password anew that was accepted before: today's policy does not lock its owner out."""
    return _HASHER.hash(password)


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with weaker settings than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def _refused(code: str, message: str, hint: str) -> RecordInvalid:
    error = FieldError(field="password", code=code, message=message, hint=hint)
    return RecordInvalid(message, code=code, hint=hint, errors=(error,))
