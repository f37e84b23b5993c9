"""Signing in and out with an e-mail and a password."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from engine.errors import Throttled
from engine.people import end_session, find_session, sign_in
from engine.settings import Settings
from engine.snapshots import Environments
from web.answers import SIGN_IN, go, safe_address
from web.cookies import COOKIE, forget_session, set_session, this_browser
from web.errors import install_errors
from web.safety import ensure_own_form, ensure_same_site, guard
from web.texts import say

HOME = "/e/production/"
SECOND_FACTOR = "/second-factor"
ACCOUNT_PAGE = "/account"
HTML = "text/html; charset=utf-8"


class Signing:
    """The views of /, /sign-in and /sign-out."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def start(self) -> Response:
        """Lead to production."""
        return redirect(HOME)

    def ask(self) -> Response:
        """Show the form."""
        return self._form("", request.args.get("next", ""))

    def sign_in(self) -> Response:
        """Open a session, or say the one sentence that tells nothing."""
        email, password = request.form.get("email", ""), request.form.get("password", "")
        wanted = request.form.get("next", "")
        now = datetime.now(UTC)
        try:
            made = sign_in(self._environments.control, email, password, this_browser(), at=now)
        except Throttled as error:
            answer = self._form(throttled_text(error), wanted, email, status=429)
            answer.headers["Retry-After"] = str(error.retry_after)
            return answer
        if made is None:
            sentence = say("The e-mail or the password is not right.")
            return self._form(sentence, wanted, email, status=422)
        address = safe_address(wanted, HOME)
        if made.needs_code:
            address = f"{SECOND_FACTOR}?next={quote(address)}"
        answer = go(address)
        set_session(answer, made.secret)
        return answer

    def sign_out(self) -> Response:
        """End the session of this browser."""
        secret, now = request.cookies.get(COOKIE, ""), datetime.now(UTC)
        control = self._environments.control
        if secret and find_session(control, secret, at=now) is not None:
            ensure_own_form(secret)
            end_session(control, secret, at=now)
        answer = go(SIGN_IN)
        forget_session(answer)
        return answer

    def _form(self, problem: str, wanted: str, email: str = "", *, status: int = 200) -> Response:
        return sign_in_form(
            self._environments.settings, problem, wanted=wanted, email=email, status=status
        )


def sign_in_form(
    settings: Settings, problem: str, *, wanted: str = "", email: str = "", status: int = 200
) -> Response:
    """Show the form, with what went wrong; `wanted` is where to go afterwards."""
    values = {
        "problem": problem,
        "next": safe_address(wanted, ""),
        "email": email,
        "sso": settings.oidc_label if settings.oidc_issuer else "",
    }
    text = render_template("web/sign_in.html", **values)
    return Response(text, status, content_type=HTML)


def make_signing(environments: Environments) -> Blueprint:
    """Make the blueprint of /, /sign-in and /sign-out."""
    blueprint = Blueprint("signing", __name__, template_folder="templates")
    install_errors(blueprint)
    blueprint.before_request(ensure_same_site)
    blueprint.after_request(guard)
    views = Signing(environments)
    for method, address, view in (
        ("GET", "/", views.start),
        ("GET", SIGN_IN, views.ask),
        ("POST", SIGN_IN, views.sign_in),
        ("POST", "/sign-out", views.sign_out),
    ):
        blueprint.add_url_rule(
            address, endpoint=f"{method} {address}", view_func=view, methods=[method]
        )
    return blueprint


def throttled_text(error: Throttled) -> str:
    """Say how long to wait, in the visitor's language."""
    minutes = -(-error.retry_after // 60)
    if minutes == 1:
        return say("Too many attempts. Wait a minute and try again.")
    return say("Too many attempts. Wait {minutes} minutes and try again.", minutes=minutes)
