"""Is Patron ready? One address for load balancers, tests and `patron serve`."""

from __future__ import annotations

from flask import Blueprint, Response

from api.answers import answer, encode
from api.calls import PRODUCTION, not_ready
from engine.errors import NotFound
from engine.session import run
from engine.snapshots import Environments
from engine.store.platform.enter import SystemCredential


def make_health(environments: Environments) -> Blueprint:
    """Make the blueprint with GET /healthz: 200 when production can be entered."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """Enter production once; that loads its model, so the next request finds it there."""
        try:
            production = environments.open(PRODUCTION)
        except NotFound as error:
            raise not_ready() from error
        version = run(
            production,
            SystemCredential(),
            lambda session: session.snapshot.version,
            write=False,
        )
        return answer(encode({"status": "ready", "version": version}))

    return blueprint
