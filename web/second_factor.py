"""The second step of a sign-in: the code of the app, or one of the codes on paper."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from engine.errors import Throttled
from engine.people import find_session
from engine.people.second_factor import give_code
from engine.snapshots import Environments
from web.answers import SIGN_IN, go, safe_address
from web.cookies import COOKIE, set_session, this_browser
from web.errors import install_errors
from web.safety import csrf_token, ensure_own_form, guard
from web.signing import HOME, HTML, SECOND_FACTOR, throttled_text
from web.texts import say


class SecondFactor:
    """The views of /second-factor, for a browser whose session waits for its code."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def ask(self) -> Response:
        """Show the form."""
        secret = self._waiting()
        return self._form(secret, "") if secret else go(SIGN_IN)

    def give(self) -> Response:
        """Take the code."""
        secret = self._waiting()
        if not secret:
            return go(SIGN_IN)
        ensure_own_form(secret)
        control, settings = self._environments.control, self._environments.settings
        code, now = request.form.get("code", ""), datetime.now(UTC)
        try:
            opened = give_code(control, settings, secret, code, this_browser(), at=now)
        except Throttled as error:
            answer = self._form(secret, throttled_text(error), status=429)
            answer.headers["Retry-After"] = str(error.retry_after)
            return answer
        if opened is None:
            return self._form(secret, say("This code is not right."), status=422)
        answer = go(safe_address(request.form.get("next", ""), HOME))
        set_session(answer, opened)
        return answer

    def _waiting(self) -> str:
        """Give the secret of a session that waits, "" when there is none."""
        secret = request.cookies.get(COOKIE, "")
        now = datetime.now(UTC)
        if not secret:
            return ""
        found = find_session(self._environments.control, secret, at=now, is_pending=True)
        return secret if found is not None else ""

    def _form(self, secret: str, problem: str, *, status: int = 200) -> Response:
        values = {
            "problem": problem,
            "next": safe_address(request.values.get("next", ""), ""),
            "csrf": csrf_token(secret),
        }
        text = render_template("web/second_factor.html", **values)
        return Response(text, status, content_type=HTML)


def make_second_factor(environments: Environments) -> Blueprint:
    """Make the blueprint of /second-factor."""
    blueprint = Blueprint("second_factor", __name__, template_folder="templates")
    install_errors(blueprint)
    blueprint.after_request(guard)
    views = SecondFactor(environments)
    blueprint.add_url_rule(SECOND_FACTOR, "ask", views.ask, methods=["GET"])
    blueprint.add_url_rule(SECOND_FACTOR, "give", views.give, methods=["POST"])
    return blueprint
