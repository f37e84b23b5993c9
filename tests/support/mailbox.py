"""A mail server for tests: takes every mail, keeps it, and sends nothing on."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class Mailbox:
    """The mails that came; `url` is where to send them."""

    def __init__(self, port: int) -> None:
        self.url = f"smtp://127.0.0.1:{port}"
        self.mails: list[EmailMessage] = []

    def wait(self, count: int = 1, seconds: float = 10) -> list[EmailMessage]:
        """Give the mails once there are as many as expected, or the time is over."""
        until = time.monotonic() + seconds
        while len(self.mails) < count and time.monotonic() < until:
            time.sleep(0.02)
        return self.mails


class _Handler(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs that sends one mail after the other."""

    def handle(self) -> None:
        """Talk to one client."""
        self._say("220 test")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self._say("354 go on")
                self._take()
                self._say("250 taken")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 good")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.server.mailbox.mails.append(mail)  # type: ignore[attr-defined]  # given below


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """Listen on a free port of this machine."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        mailbox = server.mailbox = Mailbox(server.server_address[1])  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
