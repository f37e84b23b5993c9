"""The cookie of a session: set and taken away in one place, always with the same flags."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from engine.people import Browser
from web.safety import is_https

COOKIE = "patron_session"


def set_session(response: Response, secret: str) -> None:
    """Give the browser the secret of its session; no script reads it, no other site sends it."""
    response.set_cookie(COOKIE, secret, httponly=True, samesite="Lax", secure=is_https(), path="/")


def forget_session(response: Response) -> None:
    """Take it away."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=is_https())


def this_browser() -> Browser:
    """Give where the present request comes from."""
    return Browser(address=request.remote_addr or "", device=str(request.user_agent))
