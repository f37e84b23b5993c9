"""Mail: what reaches a server, and what is said when none takes it."""

from __future__ import annotations

import pytest

from engine.errors import PatronError
from engine.people.mail import Mail, send_mail
from tests.support.mailbox import open_mailbox
from tests.support.servers import free_port

MAIL = Mail(to="ann@example.test", subject="Café", text="Bonjour à tous\n")


def test_a_mail_arrives_as_it_was_written():
    """Accents included; no holiday reply comes back to it."""
    with open_mailbox() as mailbox:
        send_mail(mailbox.url, MAIL, sender="crm@example.test")
        (mail,) = mailbox.wait()

    assert (mail["To"], mail["From"], mail["Subject"]) == (
        "ann@example.test",
        "crm@example.test",
        "Café",
    )
    assert mail.get_content().strip() == "Bonjour à tous"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_subject_cannot_smuggle_a_header():
    """What people typed never becomes a second address."""
    smuggled = Mail(to="ann@example.test", subject="x\nBcc: eve@example.test", text="")

    with open_mailbox() as mailbox, pytest.raises(ValueError, match="linefeed"):
        send_mail(mailbox.url, smuggled)

    assert mailbox.mails == []


@pytest.mark.parametrize("url", ["mail.example.test", "http://mail.example.test", "smtp://"])
def test_an_address_that_is_none_is_said(url: str):
    """P103, with what it should look like."""
    with pytest.raises(PatronError) as caught:
        send_mail(url, MAIL)

    assert caught.value.code == "P103"
    assert "smtp://" in caught.value.hint


@pytest.mark.parametrize("more", ["", "?tls=required"])
def test_a_server_that_takes_nothing_is_said(more: str):
    """P104: none is there, or it offers no TLS where that is required."""
    if not more:
        with pytest.raises(PatronError) as caught:
            send_mail(f"smtp://127.0.0.1:{free_port()}", MAIL)
    else:
        with open_mailbox() as mailbox, pytest.raises(PatronError) as caught:
            send_mail(f"{mailbox.url}{more}", MAIL)

    assert caught.value.code == "P104"
