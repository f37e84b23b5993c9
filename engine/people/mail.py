"""Mail to people about their accounts, through the server of PATRON_SMTP_URL. One function sends.

`smtp://USER:PASSWORD@HOST:PORT` turns to TLS where the server offers it, `smtps://…` begins with
it; `?tls=required` refuses a server that does not offer it.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

from engine.errors import PatronError

TIMEOUT = 15  # seconds
_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail in plain text to one address."""

    to: str
    subject: str
    text: str


def send_mail(url: str, mail: Mail, *, sender: str = "") -> None:
    """Send a mail; `sender` defaults to patron at the server's name.

    Raises: PatronError P103 for a URL that cannot be used, P104 when the server does not take it.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        hint = "write smtp://HOST:PORT or smtps://HOST:PORT"
        text = "PATRON_SMTP_URL is no address of a mail server."
        raise PatronError(text, code="P103", hint=hint)
    message = _message(mail, sender or f"patron@{parts.hostname}")
    try:
        with _connect(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]) as server:
            if parts.scheme == "smtp":
                _start_tls(server, is_required=parse_qs(parts.query).get("tls") == ["required"])
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        kind = type(error).__name__
        text = f"The mail server did not take the mail ({kind})."
        raise PatronError(text, code="P104", status=502) from error


def _connect(scheme: str, host: str, port: int) -> smtplib.SMTP:
    if scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
    return smtplib.SMTP(host, port, timeout=TIMEOUT)


def _start_tls(server: smtplib.SMTP, *, is_required: bool) -> None:
    server.ehlo()
    if is_required or server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # nobody's holiday reply comes back
    message.set_content(mail.text)
    return message
