"""Signing in with another server: off to it, and back."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from urllib.parse import quote

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from engine.errors import PatronError
from engine.people.identities import Admission, sign_in_arrival
from engine.people.oidc import SignInServer
from engine.snapshots import Environments
from web.answers import go, safe_address
from web.cookies import set_session, this_browser
from web.errors import install_errors
from web.resetting import own_address
from web.safety import guard, is_https
from web.signing import HOME, SECOND_FACTOR, sign_in_form
from web.texts import say

LEAVE, BACK = "/sign-in/sso", "/sign-in/sso/back"
TICKET = "patron_ticket"
_LONGEST = 4000  # characters of a parameter that comes back
_LOG = logging.getLogger("patron.web")


class SingleSignOn:
    """The views of leaving and coming back."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments
        self._settings = environments.settings
        self._server = SignInServer(environments.settings)

    def leave(self) -> Response:
        """Send the browser to the other server."""
        base = own_address(self._settings)
        if not self._settings.oidc_issuer or not base:
            abort(404)
        wanted = safe_address(request.args.get("next", ""), HOME)
        try:
            departure = self._server.depart(
                self._environments.control, f"{base}{BACK}", wanted, at=datetime.now(UTC)
            )
        except PatronError as error:
            return self._failed(error)
        answer = redirect(departure.address, 303)
        answer.set_cookie(
            TICKET,
            departure.ticket,
            max_age=600,
            httponly=True,
            samesite="Lax",
            secure=is_https(),
            path=LEAVE,
        )
        return answer

    def back(self) -> Response:
        """Take what the browser comes back with."""
        if not self._settings.oidc_issuer:
            abort(404)
        now, control = datetime.now(UTC), self._environments.control
        given = {name: value[:_LONGEST] for name, value in request.args.items()}
        try:
            arrival = self._server.arrive(control, request.cookies.get(TICKET, ""), given, at=now)
        except PatronError as error:
            return self._failed(error)
        if arrival is None:
            sentence = say("The sign-in took too long or was begun elsewhere. Try again.")
            return sign_in_form(self._settings, sentence, status=422)
        made = sign_in_arrival(
            control, arrival, this_browser(), at=now, admission=self._admission()
        )
        if made is None:
            sentence = say(
                "{name} says who you are, but nobody of that e-mail works here. "
                "Ask your administrator.",
                name=self._settings.oidc_label,
            )
            return sign_in_form(self._settings, sentence, status=403)
        address = safe_address(arrival.next, HOME)
        answer = go(f"{SECOND_FACTOR}?next={quote(address)}" if made.needs_code else address)
        answer.delete_cookie(TICKET, path=LEAVE)
        set_session(answer, made.secret)
        return answer

    def _admission(self) -> Admission:
        """Read PATRON_OIDC_ADMITS: an environment and the sets that newcomers get there."""
        name, _, sets = self._settings.oidc_admits.partition(":")
        if not name:
            return None
        named = frozenset(one.strip() for one in sets.split(",") if one.strip())
        return self._environments.open(name.strip()).database, named

    def _failed(self, error: PatronError) -> Response:
        _LOG.error("single sign-on failed: %s", error.message)
        name = self._settings.oidc_label
        sentence = say("The sign-in with {name} did not work.", name=name)
        return sign_in_form(self._settings, sentence, status=502)


def make_sso(environments: Environments) -> Blueprint:
    """Make the blueprint of /sign-in/sso."""
    blueprint = Blueprint("sso", __name__, template_folder="templates")
    install_errors(blueprint)
    blueprint.after_request(guard)
    views = SingleSignOn(environments)
    blueprint.add_url_rule(LEAVE, "leave", views.leave, methods=["GET"])
    blueprint.add_url_rule(BACK, "back", views.back, methods=["GET"])
    return blueprint
