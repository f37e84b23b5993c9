"""The cookie of a session: set and taken away in one place, always with the same flags."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from engine.people import Browser
from web.safety import is_https

COOKIE = "patron_session"
OWN_COOKIE = "patron_own_session"  # waits while its person works as somebody else


def set_session(response: Response, secret: str) -> None:
    """Give the browser the secret of its session; no script reads it, no other site sends it."""
    response.set_cookie(COOKIE, secret, httponly=True, samesite="Lax", secure=is_https(), path="/")


def forget_session(response: Response) -> None:
    """Take it away."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=is_https())


def this_browser() -> Browser:
    """Give where the present request comes from."""
    return Browser(address=request.remote_addr or "", device=str(request.user_agent))


def keep_own(response: Response, secret: str) -> None:
    """Lay one's own session aside, or with "" take it up again."""
    flags = {"path": "/log-in-as", "httponly": True, "samesite": "Lax", "secure": is_https()}
    if secret:
        response.set_cookie(OWN_COOKIE, secret, **flags)  # type: ignore[arg-type]  # as above
    else:
        response.delete_cookie(OWN_COOKIE, **flags)  # type: ignore[arg-type]


def own_session() -> str:
    """Give the secret that was laid aside."""
    return request.cookies.get(OWN_COOKIE, "")
