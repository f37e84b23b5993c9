"""Mail through the server of PATRON_SMTP_URL: about accounts, and what workflows write. One sends.

`smtp://USER:PASSWORD@HOST:PORT` turns to TLS where the server offers it, `smtps://…` begins with
it; `?tls=required` refuses a server that does not offer it.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

from engine.errors import PatronError
from engine.people.plain import plain_text

TIMEOUT = 15  # seconds
_PORTS = {"smtp": 25, "smtps": 465}
_REFUSED = range(500, 600)  # answers of a mail server that stay the same
_NO_BREAK = str.maketrans("", "", "\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to one address, in plain text, or in HTML with its text beside it.

    `mark` makes the Message-ID: a mail that is sent again has the same one, so that a receiver can
    drop it. Without one it is made up.
    """

    to: str
    subject: str
    text: str = ""
    html: str = ""
    name: str = ""
    mark: str = ""


@dataclass(eq=False)
class MailFailed(PatronError):
    """The mail did not go. `is_final`: the server will not take it later either."""

    message: str = "The mail server did not take the mail."
    code: str = "P104"
    status: int = 502
    is_final: bool = False


def send_mail(url: str, mail: Mail, *, sender: str = "") -> None:
    """Send a mail; `sender` defaults to patron at the server's name.

    Raises: PatronError P103 for a URL that cannot be used; MailFailed W143 for an address that is
    none, P104 when the server does not take it.
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
        kind, is_final = type(error).__name__, _is_final(error)
        text = f"The mail server did not take the mail ({kind})."
        raise MailFailed(text, is_final=is_final) from error


def _is_final(error: Exception) -> bool:
    """Tell whether a server has refused this very mail for good; what it says is not repeated."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in _REFUSED for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code in _REFUSED


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
    domain = sender.rpartition("@")[2]
    message["From"], message["To"], message["Subject"] = sender, _address(mail), mail.subject
    message["Date"] = formatdate()
    made_up = not mail.mark
    message["Message-ID"] = make_msgid(domain=domain) if made_up else f"<{mail.mark}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # nobody's holiday reply comes back
    message.set_content(mail.text or plain_text(mail.html))
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def _address(mail: Mail) -> Address:
    """Read the one address of a mail. Raises: MailFailed W143 when it is none, or several."""
    try:
        read = Address(display_name=mail.name.translate(_NO_BREAK), addr_spec=mail.to)
    except (ValueError, IndexError, HeaderParseError) as error:
        raise _no_address() from error
    if not read.username or not read.domain or not mail.to.isprintable():
        raise _no_address()
    return read


def _no_address() -> MailFailed:
    text = "The mail is for an address that is none."
    hint = "one address: name@example.com"
    return MailFailed(text, code="W143", status=422, hint=hint, is_final=True)
