"""Browser safety: headers on every page, and proof that a form came from one of our pages."""

from __future__ import annotations

import hashlib
import hmac

from flask import Response, request

from engine.errors import AccessDenied

CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def guard(response: Response) -> Response:
    """Give a page its headers; an `after_request`."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def csrf_token(secret: str) -> str:
    """Give the token that forms of a session carry: it follows from the cookie's secret."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def ensure_own_form(secret: str) -> None:
    """Refuse a request that changes something and carries no token of this session.

    Raises: AccessDenied A210.
    """
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if not hmac.compare_digest(given.encode(), csrf_token(secret).encode()):
        message = "This form is too old or did not come from Patron. Nothing was changed."
        raise AccessDenied(message, code="A210", hint="reload the page and send it again")
