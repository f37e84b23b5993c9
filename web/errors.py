"""Refusals as pages: the sentence, what to do, and a way back. Never a trace of the inside."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus

from flask import Blueprint, g, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from engine.errors import PatronError, SignInRequired, Throttled
from engine.locale import translate
from web.answers import go, go_to_sign_in
from web.texts import language, say

SERVER_ERROR = 500
BUSY, UNAVAILABLE, RETRY_SECONDS = "S102", 503, "1"
NEEDS_SECOND_FACTOR = "A203"
_LOG = logging.getLogger("patron.web")


def install_errors(blueprint: Blueprint) -> None:
    """Let every error of a blueprint's pages end in a page."""
    blueprint.register_error_handler(PatronError, refused)
    blueprint.register_error_handler(HTTPException, failed)
    blueprint.register_error_handler(Exception, broken)


def refused(error: PatronError) -> Response:
    """Show a refusal of the engine; one of ours (5xx) goes to the log instead."""
    if isinstance(error, SignInRequired):
        return go_to_sign_in()
    if error.code == NEEDS_SECOND_FACTOR:
        return go("/account/second-factor")
    if error.code == BUSY:
        return _busy(error)
    if error.status >= SERVER_ERROR:
        return broken(error)
    translate(error, language())
    page = _page(error.status, error.message, error.hint)
    if isinstance(error, Throttled):
        page.headers["Retry-After"] = str(error.retry_after)
    return page


def failed(error: HTTPException) -> Response | HTTPException:
    """Show what Flask itself refuses; redirects pass."""
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error
    sentences = {
        404: say("There is no such page."),
        405: say("This address takes no such request."),
        413: say("The request is too large."),
    }
    return _page(error.code, sentences.get(error.code, say("The request cannot be read.")))


def _busy(error: PatronError) -> Response:
    """Say that others were in the way: nothing is broken, and sent again it goes through."""
    _LOG.warning("%s %s met others in the database", request.method, request.path, exc_info=error)
    page = _page(UNAVAILABLE, say_busy(), say("go back and send it again in a moment"))
    page.headers["Retry-After"] = RETRY_SECONDS
    return page


def say_busy() -> str:
    """Give the sentence for a save that others were in the way of."""
    return say("Others are saving what belongs together with this; nothing was changed.")


def broken(error: BaseException) -> Response:
    """Log with a number and show that number and nothing else."""
    number = secrets.token_hex(4)
    _LOG.error("%s %s failed, number %s", request.method, request.path, number, exc_info=error)
    text = say(
        "Something went wrong inside Patron; the log tells more under {number}.", number=number
    )
    return _page(SERVER_ERROR, text)


def _page(status: int, message: str, hint: str = "") -> Response:
    values = {"message": message, "hint": hint, "status": status, "frame": g.get("frame")}
    text = render_template("web/error.html", **values)
    return Response(text, status, content_type="text/html; charset=utf-8")
