"""Browser safety: headers on every page, and proof that a form came from one of our pages."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.middleware.proxy_fix import ProxyFix

from engine.errors import AccessDenied

CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_FORM = 2 * 1024 * 1024  # bytes of a form; a route that takes files says so itself
MAX_PARTS = 2000  # fields of a form
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'{more}; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_ONE_YEAR = "max-age=31536000; includeSubDomains"


def install_safety(app: Flask, proxies: int) -> None:
    """Bound what a form may send; routes of the API bound their bodies themselves.

    `proxies`: how many of ours stand before us. What they say of the visitor (address, https, host)
    is believed, and what anybody else says is not.
    """
    if proxies:
        trusted = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)
        app.wsgi_app = trusted  # type: ignore[method-assign]  # how Werkzeug has it
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_FORM
    app.config["MAX_FORM_PARTS"] = MAX_PARTS


def guard(response: Response) -> Response:
    """Give a page its headers; an `after_request`."""
    response.headers.setdefault("Content-Security-Policy", content_policy())
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    if is_https():
        response.headers.setdefault("Strict-Transport-Security", _ONE_YEAR)
    return response


def content_policy(*form_targets: str) -> str:
    """Give the content security policy; forms may also end at these origins (single sign-on)."""
    return _POLICY.format(more="".join(f" {target}" for target in form_targets))


def is_https() -> bool:
    """Tell whether people reach us by https, here or at the proxy before us."""
    return request.is_secure or _public_url().startswith("https://")


def csrf_token(secret: str) -> str:
    """Give a token for the forms of a session: it follows from the cookie's secret.

    Each is different, so that nothing about it can be learned from the length of compressed pages.
    """
    salt = secrets.token_hex(8)
    return f"{salt}.{_proof(secret, salt)}"


def ensure_own_form(secret: str) -> None:
    """Refuse a request that changes something and carries no token of this sign-in.

    Raises: AccessDenied A210.
    """
    if request.method in READING:
        return
    ensure_same_site()
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    salt, _, proof = given.partition(".")
    if not hmac.compare_digest(proof.encode(), _proof(secret, salt).encode()):
        raise _foreign()


def ensure_same_site() -> None:
    """Refuse a request that changes something and that another site had the browser send.

    For forms of visitors without a session, who carry no token. Raises: AccessDenied A210.
    """
    if request.method in READING:
        return
    origin = request.headers.get("Origin", "")
    named = urlsplit(origin).netloc  # of "null", which hides where it comes from: nothing
    own = {request.host, urlsplit(_public_url()).netloc}
    is_ours = not origin or (named != "" and named in own)
    if not is_ours or request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
        raise _foreign()


def _public_url() -> str:
    return str(current_app.extensions["patron"].settings.public_url)


def _foreign() -> AccessDenied:
    message = "This form is too old or did not come from Patron. Nothing was changed."
    return AccessDenied(message, code="A210", hint="reload the page and send it again")


def _proof(secret: str, salt: str) -> str:
    return hmac.new(secret.encode(), f"csrf\n{salt}".encode(), hashlib.sha256).hexdigest()
