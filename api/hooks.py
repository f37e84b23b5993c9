"""Incoming webhooks: POST /hooks/{endpoint}, of other environments below /e/{environment}.

Separate from the API, whose callers are members with tokens: here another system calls, and what it
knows is the secret of one endpoint. The answer tells a stranger nothing.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.answers import answer, encode
from api.bodies import read_object
from api.calls import PRODUCTION
from api.headers import body_is_lines, ensure_readable_address, read_body
from engine.clock import SystemClock
from engine.delivery.incoming import Request, not_signed, receive
from engine.delivery.signing import HEADER
from engine.errors import NotFound, RequestInvalid
from engine.snapshots import Environments

MOST_BODY = 256 * 1024  # bytes
CREATED, OK = 201, 200
# Headers in which systems send an id of a delivery, the first that is there.
IDS = ("Idempotency-Key", "Webhook-Id", "Patron-Delivery")
MOST_ID = 255  # characters


def make_hooks(environments: Environments) -> Blueprint:
    """Make the blueprint; `wsgi.py` mounts it twice."""
    blueprint = Blueprint("hooks", __name__)

    @blueprint.post("/hooks/<endpoint>")
    def take(environment: str, endpoint: str) -> Response:
        """Take a request; 201 with the record's id, 200 for one that came before."""
        ensure_readable_address()
        body_is_lines()
        raw = read_body(MOST_BODY)
        came = Request(
            endpoint=endpoint,
            raw=raw,
            body=read_object(raw),
            signature=request.headers.get(HEADER, ""),
            bearer=_bearer(),
            delivery=_delivery(),
        )
        try:
            opened = environments.open(environment)
        except NotFound as error:
            raise not_signed() from error
        taken = receive(opened, came, SystemClock())
        return answer(encode({"id": taken.record}), CREATED if taken.is_new else OK)

    return blueprint


def hook_mounts() -> tuple[tuple[str, str, dict[str, str]], ...]:
    """Give name, prefix and defaults of each place where the blueprint stands."""
    return (
        ("hooks", "", {"environment": PRODUCTION}),
        ("hooks_of_environment", "/e/<environment>", {}),
    )


def _bearer() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _delivery() -> str:
    """Read the id of a delivery. Raises: RequestInvalid Q209 (400) for one that cannot be kept."""
    found = next((request.headers[name] for name in IDS if request.headers.get(name)), "")
    if len(found) <= MOST_ID and found.isascii() and (found.isprintable() or not found):
        return found
    message = f"The id of a delivery must be 1 to {MOST_ID} printable ASCII characters."
    raise RequestInvalid(message, code="Q209", status=400)
