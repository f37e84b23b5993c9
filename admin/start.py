"""The first page of the setup."""

from __future__ import annotations

from werkzeug.wrappers import Response

from web.frame import show


def show_start() -> Response:
    """Show what can be designed here."""
    return show("admin/start.html", lambda _session: {})
