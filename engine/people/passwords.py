"""Passwords: hashed with Argon2, compared in constant time, never kept or shown."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine.errors import FieldError, RecordInvalid

SHORTEST, LONGEST = 10, 1000

_HASHER = PasswordHasher()
# Compared when there is no such person, so that the answer takes as long as for one who exists.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$"
    "mO4Cvrz+/vRvjaGvj1E/KfyuWcbRMwhiU2LAhuAFEuA"
)


def hash_password(password: str) -> str:
    """Give the hash to keep. Takes about 50 ms, on purpose.

    Raises: RecordInvalid R190 for a password that is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        message = f"A password has {SHORTEST} to {LONGEST} characters."
        error = FieldError(field="password", code="R190", message=message)
        raise RecordInvalid(message, code="R190", errors=(error,))
    return _HASHER.hash(password)


def is_password(password_hash: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed; an empty hash fits none."""
    try:
        _HASHER.verify(password_hash or _NOBODY, password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return bool(password_hash)


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with weaker settings than today's."""
    return _HASHER.check_needs_rehash(password_hash)
