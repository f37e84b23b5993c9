"""Codes that change with time (TOTP, RFC 6238), and the sealed secrets behind them. Pure.

Six digits, thirty seconds, SHA-1: what every authenticator app understands.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

from cryptography.fernet import Fernet, InvalidToken

STEP_SECONDS, DIGITS = 30, 6
_DRIFT = 1  # steps that a phone's clock may be off, either way
_SECRET_BYTES = 20
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else


def new_secret() -> str:
    """Give a new secret, in the letters that authenticator apps take."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """Give the code of a step (30 seconds since 1970)."""
    key = base64.b32decode(secret)
    # SHA-1 as the RFC has it: as HMAC it is sound, and apps know no other.
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(at: datetime) -> int:
    """Give the step of an instant."""
    return int(at.timestamp()) // STEP_SECONDS


def find_step(secret: str, code: str, *, at: datetime, after: int) -> int | None:
    """Give the step whose code this is, later than the step `after`; None when it is none."""
    digits = "".join(code.split())
    now = step_of(at)
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        is_right = hmac.compare_digest(code_at(secret, step).encode(), digits.encode())
        if is_right and step > after:
            return step
    return None


def address_for_apps(secret: str, email: str) -> str:
    """Give the address that authenticator apps read from a QR code."""
    query = urlencode({"secret": secret, "issuer": "Patron"})
    return f"otpauth://totp/{quote(f'Patron:{email}')}?{query}"


def new_recovery_codes() -> list[str]:
    """Give codes to keep on paper: each works once."""
    return [f"{_word()}-{_word()}" for _ in range(RECOVERY_CODES)]


def plain_recovery_code(code: str) -> str:
    """Give a recovery code as it is compared, however it was typed."""
    return "".join(code.split()).replace("-", "").lower()


def seal(key: bytes, secret: str) -> str:
    """Encrypt a secret that must be read again."""
    return _box(key).encrypt(secret.encode()).decode()


def unseal(key: bytes, text: str) -> str:
    """Read it; "" when it was sealed under another key."""
    try:
        return _box(key).decrypt(text.encode()).decode()
    except InvalidToken:
        return ""


def _box(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key))


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(5))
