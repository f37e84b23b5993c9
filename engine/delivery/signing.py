"""Signatures of requests between systems: one form for what goes out and for what comes in.

The header is `Patron-Signature: t=SECONDS,v1=HEX`; HEX is the HMAC-SHA256 of "SECONDS.ID.BODY" with
the secret as key, ID being the request's Idempotency-Key, empty without one. So neither an old
request nor one under another id can be sent again by who has overheard it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

HEADER = "Patron-Signature"
WINDOW = timedelta(minutes=5)  # how far the clocks of two systems may lie apart
_FORM = re.compile(r"t=(?P<time>[0-9]{1,12}),v1=(?P<sum>[0-9a-f]{64})\Z")


def sign(secret: str, body: bytes, *, at: datetime, key: str = "") -> str:
    """Give the value of the header for a body that is sent at an instant, under a key."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_sum(secret, seconds, key, body)}"


def is_signed(secret: str, body: bytes, header: str, *, key: str = "") -> bool:
    """Tell whether a header was made for this body and key with this secret, in constant time."""
    read = _FORM.match(header)
    if read is None or not secret:
        return False
    return hmac.compare_digest(_sum(secret, int(read["time"]), key, body), read["sum"])


def is_fresh(header: str, *, at: datetime) -> bool:
    """Tell whether a signature was made within the window around an instant."""
    read = _FORM.match(header)
    if read is None:
        return False
    try:
        signed = datetime.fromtimestamp(int(read["time"]), UTC)
    except (OverflowError, ValueError, OSError):
        return False
    return abs(at - signed) <= WINDOW


def _sum(secret: str, seconds: int, key: str, body: bytes) -> str:
    signed = f"{seconds}.{key}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
