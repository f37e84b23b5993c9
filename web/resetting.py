"""Choosing a new password by a link that came by mail, or from an administrator."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from engine.errors import NotFound, PatronError, RecordInvalid, Throttled
from engine.people import ask_for_link, is_good_link, use_link
from engine.people.mail import Mail, send_mail
from engine.people.throttle import ADDRESS, begin_attempt
from engine.settings import Settings
from engine.snapshots import Environments
from web.cookies import forget_session
from web.errors import install_errors
from web.safety import ensure_same_site, guard
from web.signing import HTML, throttled_text
from web.texts import say

RESET = "/reset"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_LOG = logging.getLogger("patron.web")


class Resetting:
    """The views of /reset and /reset/<secret>."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def ask(self) -> Response:
        """Show the form that asks for the e-mail."""
        return _show("web/reset_ask.html", can_mail=bool(self._environments.settings.smtp_url))

    def mail(self) -> Response:
        """Send a link, if there is somebody to send it to; the answer is the same for everybody."""
        settings, email = self._environments.settings, request.form.get("email", "")
        base = own_address(settings)
        if settings.smtp_url and base:
            control, now = self._environments.control, datetime.now(UTC)
            try:
                begin_attempt(control, ((ADDRESS, request.remote_addr or ""),), at=now)
            except Throttled as error:
                problem = throttled_text(error)
                answer = _show("web/reset_ask.html", 429, can_mail=True, problem=problem)
                answer.headers["Retry-After"] = str(error.retry_after)
                return answer
            letter = _letter(f"{base}{RESET}/")
            _in_background(lambda: _send(self._environments, email, letter))
        return _show("web/reset_asked.html", can_mail=bool(settings.smtp_url))

    def choose(self, secret: str) -> Response:
        """Show the form for the new password."""
        if not is_good_link(self._environments.control, secret, at=datetime.now(UTC)):
            return _show("web/reset_over.html", 404)
        return _show("web/reset.html")

    def set(self, secret: str) -> Response:
        """Take the new password; every browser is signed out, this one too."""
        password = request.form.get("password", "")
        if password != request.form.get("again", ""):
            return _show("web/reset.html", 422, problem=say("The two passwords are not the same."))
        try:
            use_link(self._environments.control, secret, password, at=datetime.now(UTC))
        except RecordInvalid as error:
            return _show("web/reset.html", 422, problem=say(error.message), hint=say(error.hint))
        except NotFound:
            return _show("web/reset_over.html", 404)
        answer = _show("web/reset_done.html")
        forget_session(answer)
        return answer


def make_resetting(environments: Environments) -> Blueprint:
    """Make the blueprint of /reset."""
    blueprint = Blueprint("resetting", __name__, template_folder="templates")
    install_errors(blueprint)
    blueprint.before_request(ensure_same_site)
    blueprint.after_request(keep_secret)
    views = Resetting(environments)
    for method, address, view in (
        ("GET", RESET, views.ask),
        ("POST", RESET, views.mail),
        ("GET", f"{RESET}/<secret>", views.choose),
        ("POST", f"{RESET}/<secret>", views.set),
    ):
        name = f"{method} {address}"
        blueprint.add_url_rule(address, endpoint=name, view_func=view, methods=[method])
    return blueprint


def own_address(settings: Settings) -> str:
    """Give the address that links in mails begin with, "" when it is not known for sure.

    What a request says of the host may come from an attacker who wants the link to lead to them, so
    it is believed only where it leads nowhere else: on this very machine.
    """
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = request.host.rpartition(":")[0] or request.host
    if host in LOOPBACK or request.host in LOOPBACK:
        return request.host_url.rstrip("/")
    _LOG.warning("no link was mailed: set PATRON_PUBLIC_URL to the address people use")
    return ""


def keep_secret(response: Response) -> Response:
    """Tell no other page the address of this one: it holds a secret.

    The origin alone is told: without it a browser sends forms of this page with `Origin: null`,
    which `ensure_same_site` refuses.
    """
    response.headers["Referrer-Policy"] = "strict-origin"
    return guard(response)  # type: ignore[arg-type]  # Flask's own responses


Letter = Callable[[str, str], Mail]


def _letter(base: str) -> Letter:
    """Give what makes the mail of an e-mail and a secret, in the language of who asks."""
    subject = say("A new password for Patron")
    text = say(
        "Somebody, you we hope, asked for a new password for Patron.\n\n"
        "This link works once, within an hour:\n{link}\n\n"
        "If it was not you, do nothing: your password stays as it is.\n",
        link=f"{base}SECRET",
    )
    return lambda to, secret: Mail(to=to, subject=subject, text=text.replace("SECRET", secret))


def _send(environments: Environments, email: str, letter: Letter) -> None:
    """Make a link and mail it, if there is somebody to mail it to."""
    settings = environments.settings
    try:
        secret = ask_for_link(environments.control, email, at=datetime.now(UTC))
        if secret:
            send_mail(settings.smtp_url, letter(email.strip(), secret), sender=settings.mail_from)
    except PatronError as error:
        _LOG.error("a mail with a link was not sent: %s", error.message)


def _in_background(work: Callable[[], None]) -> None:
    """Do it after the answer: how long it takes must not tell whether there is such a person."""
    threading.Thread(target=work, name="patron-mail", daemon=True).start()


def _show(template: str, status: int = 200, **values: object) -> Response:
    return Response(render_template(template, **values), status, content_type=HTML)
