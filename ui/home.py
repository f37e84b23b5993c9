"""The home page of an environment."""

from __future__ import annotations

from werkzeug.wrappers import Response

from web.frame import show


def show_home() -> Response:
    """Show the first page after signing in."""
    return show("ui/home.html", lambda _session: {})
