"""A browser for tests of pages: keeps cookies, finds forms, sends them as a person would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.clock import SystemClock
from engine.people import set_password
from tests.support.houses import House

PASSWORD = "seven quiet lanterns"
CSRF = re.compile(r'name="csrf" (?:value|content)="([^"]+)"')


@dataclass
class Visitor:
    """One browser."""

    app: Flask
    address: str = "192.0.2.1"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        """Start without cookies."""
        self.client = self.app.test_client()

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
