"""Signing in and out with an e-mail and a password."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from engine.people import Browser, check_password, end_session, find_session, open_session
from engine.snapshots import Environments
from web.answers import SIGN_IN, go, safe_address
from web.errors import install_errors
from web.safety import ensure_own_form, guard
from web.texts import say
from web.visit import COOKIE, PRODUCTION

HOME = f"/e/{PRODUCTION}/"


def make_signing(environments: Environments) -> Blueprint:
    """Make the blueprint of /, /sign-in and /sign-out."""
    blueprint = Blueprint("signing", __name__, template_folder="templates")
    install_errors(blueprint)
    blueprint.after_request(guard)

    @blueprint.get("/")
    def start() -> Response:
        return redirect(HOME)

    @blueprint.get(SIGN_IN)
    def ask() -> Response:
        return _form("", request.args.get("next", ""))

    @blueprint.post(SIGN_IN)
    def sign_in() -> Response:
        email, password = request.form.get("email", ""), request.form.get("password", "")
        person = check_password(environments.control, email, password)
        if person is None:
            sentence = say("The e-mail or the password is not right.")
            return _form(sentence, request.form.get("next", ""), email, status=422)
        browser = Browser(address=request.remote_addr or "", device=str(request.user_agent))
        now = datetime.now(UTC)
        secret = open_session(environments.control, person.id, browser, at=now)
        answer = go(safe_address(request.form.get("next", ""), HOME))
        answer.set_cookie(
            COOKIE, secret, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
        )
        return answer

    @blueprint.post("/sign-out")
    def sign_out() -> Response:
        secret, now = request.cookies.get(COOKIE, ""), datetime.now(UTC)
        if secret and find_session(environments.control, secret, at=now) is not None:
            ensure_own_form(secret)
            end_session(environments.control, secret, at=now)
        answer = go(SIGN_IN)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return blueprint


def _form(problem: str, wanted: str, email: str = "", *, status: int = 200) -> Response:
    values = {"problem": problem, "next": safe_address(wanted, ""), "email": email}
    text = render_template("web/sign_in.html", **values)
    return Response(text, status, content_type="text/html; charset=utf-8")
