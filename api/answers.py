"""Answers: values to JSON bytes to HTTP responses, and every error in the one error shape.

Separate from the routes, so that no route can invent a shape of its own. Decimals are written with
their digits, never through a double.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from decimal import Decimal

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from api.bodies import shorten
from deploy_tool.exits import exit_of
from engine.errors import DeploymentFailed, NotFound, PatronError, RequestInvalid, Throttled

JSON = "application/json"
EXIT_HEADER = "Patron-Exit"  # what the command line ends with for the same failure
SERVER_ERROR = 500
UNAVAILABLE = 503
RETRY_SECONDS = "1"
_LOG = logging.getLogger("patron.api")


def _default(value: object) -> object:
    """Write what orjson does not know: exact numbers, read-only mappings and sets."""
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(type(value).__name__)


def encode(value: object) -> bytes:
    """Write a value as JSON: datetimes in UTC with Z, dates and times as ISO 8601."""
    return orjson.dumps(value, default=_default, option=orjson.OPT_UTC_Z)


def answer(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None, *, kind: str = JSON
) -> Response:
    """Give a response around bytes that are already written."""
    return Response(body, status, headers, mimetype=kind)


def failure(error: PatronError) -> Response:
    """Give the one error shape; errors of ours (5xx) go to the log and keep their details there.

    A deployment that failed says so itself: whoever deploys has to know what became of it.
    """
    if error.status >= SERVER_ERROR and not isinstance(error, DeploymentFailed):
        return _broken(error)
    headers = {"WWW-Authenticate": _challenge()} if error.status == 401 else {}  # noqa: PLR2004
    headers[EXIT_HEADER] = str(int(exit_of(error)))
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(error.retry_after)
    return answer(encode(_shape(error)), error.status, headers)


def _shape(error: PatronError) -> dict[str, object]:
    """Give the shape of an error; a hint that says nothing is left out."""
    shape = dict(error.as_json())
    if not shape.get("hint"):
        shape.pop("hint", None)
    return shape


def _challenge() -> str:
    """Say how to sign in; a token that came and was refused is called so (RFC 6750)."""
    given = "Authorization" in request.headers
    return 'Bearer realm="patron", error="invalid_token"' if given else 'Bearer realm="patron"'


def _broken(error: BaseException) -> Response:
    """Log with a number, answer with that number and nothing else."""
    number = secrets.token_hex(4)
    _LOG.error("%s %s failed, number %s", request.method, request.path, number, exc_info=error)
    if isinstance(error, PatronError) and error.status == UNAVAILABLE:
        headers = {"Retry-After": RETRY_SECONDS, EXIT_HEADER: str(int(exit_of(error)))}
        return answer(encode(_shape(error)), UNAVAILABLE, headers)
    message = f"Something went wrong inside Patron; the server's log tells more under {number}."
    status = error.status if isinstance(error, PatronError) else SERVER_ERROR
    return answer(encode(_shape(PatronError(message=message, status=status))), status)


def http_failure(error: HTTPException) -> Response | HTTPException:
    """Give the one error shape for what Flask itself refuses; redirects pass."""
    if error.code is None or error.code < 400:  # noqa: PLR2004
        return error
    if error.code >= SERVER_ERROR:
        return _broken(error)
    shown = failure(_said(error))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        shown.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return shown


def _said(error: HTTPException) -> PatronError:
    """Say a refusal of Flask in the words of the house."""
    if error.code == 404:  # noqa: PLR2004
        message = f"There is no such address: {request.method} {shorten(request.path)}"
        return NotFound(message, code="N110", hint="GET …/openapi.json lists them all")
    if error.code == 405:  # noqa: PLR2004
        message = f"{request.method} is not possible here."
        return RequestInvalid(message, code="Q211", status=405)
    if error.code == 413:  # noqa: PLR2004
        return RequestInvalid("The request is too large.", code="Q203", status=413)
    return RequestInvalid("The request cannot be read.", code="Q200", status=error.code or 400)


def install_errors(app: Flask) -> None:
    """Let every error of an application have the one shape, whoever raises it."""
    app.register_error_handler(PatronError, failure)
    app.register_error_handler(HTTPException, http_failure)
    app.register_error_handler(Exception, _broken)
