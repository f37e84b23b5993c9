"""`patron serve` as a process of its own, and clients over real sockets."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from engine.settings import Settings
from tests.support.houses import Reply

HOST = "127.0.0.1"
READY_SECONDS = 60


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def variables(settings: Settings) -> dict[str, str]:
    """Give the environment of a command over an installation."""
    return {
        **os.environ,
        "PATRON_HOME": str(settings.home),
        "PATRON_DATABASE_URL": settings.database_url,
        "PATRON_BROKER_URL": settings.broker_url,
        "PATRON_SMTP_URL": settings.smtp_url,
        "PATRON_WEBHOOK_ALLOW": ",".join(map(str, settings.webhook_allow)),
    }


def patron(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "deploy_tool.cli", *words],
        env=variables(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass
class Line:
    """A connection that is kept open, as an integration would."""

    port: int
    token: str = ""
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        """Make the connection; it is opened by the first request."""
        self.connection = http.client.HTTPConnection(HOST, self.port, timeout=30)

    def close(self) -> None:
        """Close the connection; the next request would open it again."""
        self.connection.close()

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request and read its answer; an iterator of bytes is sent in chunks."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {"Content-Type": "application/json", **(headers or {})}
        data = raw if body is None else orjson.dumps(body)
        self.connection.request(
            method,
            path,
            body=data,
            headers=sent,
            encode_chunked=not isinstance(data, bytes | None),
        )
        answer = self.connection.getresponse()
        return Reply(answer.status, dict(answer.getheaders()), answer.read())


@dataclass
class Server:
    """A running `patron serve`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    lines: list[Line] = field(default_factory=list)

    def line(self, token: str = "") -> Line:
        """Open a connection; it is closed with the server."""
        self.lines.append(Line(self.port, token))
        return self.lines[-1]

    def said(self) -> str:
        """Give what the server wrote."""
        return self.log.read_text()

    def children(self) -> dict[int, str]:
        """Give the process numbers and command lines of everything below it."""
        return {pid: command(pid) for pid in descendants(self.process.pid)}

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; give the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(READY_SECONDS)


def descendants(pid: int) -> list[int]:
    """Give the numbers of all processes below one, as Linux tells."""
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, thread.read_text().split()):
                found += [child, *descendants(child)]
    return found


def command(pid: int) -> str:
    """Give the command line of a process; nothing when it is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""


def wait_until(what: object, seconds: float = READY_SECONDS) -> bool:
    """Wait until a function gives something true; tell whether it did in time."""
    assert callable(what)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def is_ready(port: int) -> bool:
    """Ask whether Patron answers there."""
    line = Line(port)
    try:
        return line.send("GET", "/healthz").status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


@contextmanager
def serve(settings: Settings, log: Path, *options: str) -> Iterator[Server]:
    """Start `patron serve` on a free port, wait until it is ready, and stop it afterwards."""
    port = free_port()
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy_tool.cli", "serve", "--port", str(port), *options],
            env=variables(settings),
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    server = Server(process, port, log)
    try:
        ready = wait_until(lambda: process.poll() is not None or is_ready(port))
        assert ready, server.said()
        assert process.poll() is None, server.said()
        yield server
    finally:
        server.stop()
        for line in server.lines:
            line.close()
