"""The route by which `patron login` gets a token: e-mail, password, and the code where one is set.

Separate from the table of routes, because it is the one that asks for no token. Guesses are slowed
down as at the form, and what a permission set asks of a session it asks here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response

from api.answers import answer, encode
from api.bodies import read_object
from api.calls import PRODUCTION
from api.given import Given, read_given
from api.headers import body_is_lines, read_body
from engine.clock import SystemClock
from engine.errors import NotFound, SignInRequired
from engine.people import create_token, end_session, sign_in
from engine.people.second_factor import give_code
from engine.session import Session, run
from engine.snapshots import Environments
from engine.store.platform.enter import MemberCredential
from web.cookies import this_browser

CREATED = 201
LASTS = timedelta(days=90)
GIVEN = {"email": str, "password": str, "code": str, "environment": str}
MOST_BODY = 10_000
_WRONG = "The e-mail, the password or the code is not right."


@dataclass(frozen=True, slots=True)
class SigningIn:
    """The view of POST /sign-in/token."""

    directory: Environments

    def sign_in(self) -> Response:
        """Give a token of an environment to a member who signs in; 201."""
        body_is_lines()
        given = read_given(read_object(read_body(MOST_BODY)), GIVEN, "email", "password")
        environment = given.text("environment", PRODUCTION)
        person, has_code = self._person(given)
        try:
            opened = self.directory.open(environment)
            credential = MemberCredential(opened.user_of(person), has_second_factor=has_code)
            email = run(opened, credential, _email, write=False)
        except NotFound as error:
            # Whether an environment exists is told to its members alone.
            raise SignInRequired(_WRONG) from error
        at = SystemClock().now()
        token = create_token(
            opened.database,
            email,
            at=at,
            actor=email,
            expires=at + LASTS,
            label="patron login",
        )
        shown = {"token": token, "email": email, "expires_at": at + LASTS}
        return answer(encode({**shown, "environment": environment}), CREATED)

    def _person(self, given: Given) -> tuple[int, bool]:
        """Give the person, and whether they gave a code. Raises: SignInRequired A200; Throttled."""
        control, now = self.directory.control, SystemClock().now()
        email, password = given.text("email"), given.text("password")
        made = sign_in(control, email, password, this_browser(), at=now)
        if made is None:
            raise SignInRequired(_WRONG)
        secret = made.secret
        if made.needs_code:
            code = given.text("code")
            settings = self.directory.settings
            opened = (
                give_code(control, settings, secret, code, this_browser(), at=now) if code else None
            )
            if opened is None:
                hint = "send the code of your app too" if not code else ""
                raise SignInRequired(_WRONG, hint=hint)
            secret = opened
        end_session(control, secret, at=now)  # a token is what was wanted
        return made.person.id, made.needs_code


def _email(session: Session) -> str:
    return str(session.unit.caller.context.user["email"])


def make_signing_in(environments: Environments) -> Blueprint:
    """Make the blueprint of POST /sign-in/token."""
    blueprint = Blueprint("api_sign_in", __name__)
    view = SigningIn(environments).sign_in
    blueprint.add_url_rule("/sign-in/token", "sign_in", view, methods=["POST"])
    blueprint.after_request(_guard)
    return blueprint


def _guard(response: Response) -> Response:
    """Keep tokens out of caches."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
