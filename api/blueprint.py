"""The table of routes. Generic: no route is made per object, so it never grows with metadata.

`make_blueprint` is mounted twice by `wsgi.py`, below /api/v1 for production and below
/e/<environment>/api/v1 for any environment; every view gets the environment's name.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, g

from api.access import access_routes
from api.approvals import approval_routes
from api.calls import Calls
from api.clocks import clock_routes
from api.effects import effect_routes
from api.headers import ensure_readable_address, read_credential
from api.merging import merging_routes
from api.metadata import OPENAPI_ADDRESS, MetadataRoutes
from api.own_views import own_view_routes
from api.people import people_routes
from api.promotion import promotion_routes
from api.records import RecordRoutes
from api.runs import run_routes
from api.simulations import simulation_routes
from api.traces import trace_routes
from engine.snapshots import Environments

View = Callable[..., Response]
RECORDS, RECORD = "/records/<object>", "/records/<object>/<id>"


def routes(environments: Environments) -> tuple[tuple[str, str, View, str], ...]:
    """Give the table: method, address, view, and the scope of narrowed tokens that reaches it."""
    calls = Calls(environments)
    records = RecordRoutes(calls)
    metadata = MetadataRoutes(calls)
    return (
        ("GET", "/objects", metadata.objects, "read"),
        ("GET", "/objects/<object>", metadata.describe, "read"),
        ("GET", RECORDS, records.list, "read"),
        ("POST", RECORDS, records.create, "records"),
        ("GET", RECORD, records.read, "read"),
        ("PATCH", RECORD, records.update, "records"),
        ("DELETE", RECORD, records.delete, "records"),
        ("POST", f"{RECORD}/restore", records.restore, "records"),
        ("PUT", f"{RECORDS}/by/<field>/<path:value>", records.upsert, "records"),
        ("POST", f"{RECORDS}/bulk", records.bulk, "records"),
        ("POST", "/aggregate/<object>", records.aggregate, "read"),
        *promotion_routes(calls, environments),
        *access_routes(calls),
        *merging_routes(calls),
        *approval_routes(calls),
        *effect_routes(calls),
        *clock_routes(calls),
        *own_view_routes(calls),
        *trace_routes(calls),
        *run_routes(calls),
        *simulation_routes(calls),
        *people_routes(calls, environments),
        ("GET", OPENAPI_ADDRESS, metadata.openapi, "read"),
    )


def make_blueprint(environments: Environments) -> Blueprint:
    """Make the blueprint of the API over the environments of an installation."""
    blueprint = Blueprint("api", __name__)
    blueprint.before_request(_ensure_welcome)
    for method, address, view, scope in routes(environments):
        endpoint = f"{method} {address}".replace(".", "_")
        blueprint.add_url_rule(
            address, endpoint=endpoint, view_func=_scoped(view, scope), methods=[method]
        )
    blueprint.after_request(_guard)
    return blueprint


def _scoped(view: View, scope: str) -> View:
    """Let `Calls.enter` know which scope reaches the route."""

    def scoped(**given: str) -> Response:
        g.scope = scope
        return view(**given)

    return scoped


def _guard(response: Response) -> Response:
    """Keep answers out of caches and browsers from guessing what they are."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _ensure_welcome() -> None:
    """Refuse a request without a token before anything else of it is read."""
    read_credential()
    ensure_readable_address()
