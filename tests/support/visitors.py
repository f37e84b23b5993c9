"""A browser for tests of pages: keeps cookies, finds forms, sends them as a person would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.clock import SystemClock
from engine.people import set_password
from tests.support.houses import House
from web.settling import STATUS

PASSWORD = "seven quiet lanterns"
CSRF = re.compile(r'name="csrf" (?:value|content)="([^"]+)"')


class Browser(FlaskClient):
    """A client that reads what a page says of itself.

    A form that was refused comes back with 200, so that no browser complains; what it was stands in
    a header, and that is what tests ask for. `answered` is the status on the line.
    """

    def open(self, *args: Any, **more: Any) -> TestResponse:
        """Send a request."""
        answer = super().open(*args, **more)
        self.answered = answer.status_code
        if STATUS in answer.headers:
            answer.status_code = int(answer.headers[STATUS])
        return answer


@dataclass
class Visitor:
    """One browser."""

    app: Flask
    address: str = "192.0.2.1"
    client: Browser = field(init=False)

    def __post_init__(self) -> None:
        """Start without cookies."""
        self.client = Browser(self.app, self.app.response_class)

    def get(self, path: str, **more: object) -> TestResponse:
        """Open a page."""
        return self.client.get(path, environ_base=self._where(), **more)  # type: ignore[arg-type]

    def post(self, path: str, **form: str) -> TestResponse:
        """Send a form as it is given."""
        return self.client.post(path, data=form, environ_base=self._where())

    def send(self, page: str, path: str, **form: str) -> TestResponse:
        """Open a page, take the token of its forms, and send one of them."""
        token = CSRF.search(self.get(page).text)
        assert token is not None, page
        return self.post(path, csrf=token[1], **form)

    def sign_in(self, who: str = "admin", password: str = PASSWORD, **more: str) -> TestResponse:
        """Sign in by the form."""
        return self.post("/sign-in", email=f"{who}@example.test", password=password, **more)

    def cookie(self) -> str:
        """Give the secret of the session, "" without one."""
        found = self.client.get_cookie("patron_session")
        return found.value if found else ""

    def _where(self) -> dict[str, str]:
        return {"REMOTE_ADDR": self.address}


def visitor_of(house: House, who: str = "", address: str = "192.0.2.1") -> Visitor:
    """Give a browser, signed in as somebody if a name is given."""
    visitor = Visitor(house.client.application, address)
    if who:
        control, email = house.environments.control, f"{who}@example.test"
        set_password(control, email, PASSWORD, at=SystemClock().now(), actor="test")
        answer = visitor.sign_in(who)
        assert answer.status_code == 303, answer.text
    return visitor
