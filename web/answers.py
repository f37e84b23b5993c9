"""Redirects that cannot lead out of the house, and answers to requests for a part of a page."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import redirect, request
from werkzeug.wrappers import Response

SEE_OTHER = 303
SIGN_IN = "/sign-in"


def is_part() -> bool:
    """Tell whether htmx asks, so that a part of the page is enough."""
    return request.headers.get("HX-Request") == "true"


def go(address: str) -> Response:
    """Lead on after a form, with GET. `address` is one of ours."""
    return redirect(address, SEE_OTHER)


def go_to_sign_in() -> Response:
    """Lead to the sign-in and, after it, back to where a reader wanted to go."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    address = f"{SIGN_IN}?next={quote(wanted)}" if wanted else SIGN_IN
    if not is_part():
        return go(address)
    response = Response(status=204)
    response.headers["HX-Redirect"] = address
    return response


def safe_address(text: str, otherwise: str = "/") -> str:
    """Give an address if it is a path of this very server, else another one.

    Two slashes, a backslash or a control character would lead browsers elsewhere.
    """
    is_path = text.startswith("/") and not text.startswith(("//", "/\\"))
    parts = urlsplit(text) if is_path and text.isprintable() and "\\" not in text else None
    return text if parts is not None and not parts.scheme and not parts.netloc else otherwise
