"""A web server for tests that receives webhooks: it counts keys, and can behave badly."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


Behave = Callable[["_Handler"], None]


@dataclass
class Receiver:
    """What came, in order; `behave` answers, 200 unless a test says otherwise."""

    port: int = 0
    requests: list[Received] = field(default_factory=list)
    behave: Behave | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Where to send requests."""
        return f"http://127.0.0.1:{self.port}"

    def keys(self) -> Counter[str]:
        """Count how often each idempotency key came."""
        with self.lock:
            return Counter(one.headers.get("idempotency-key", "") for one in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Note a request and answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]  # given below
        with receiver.lock:
            receiver.requests.append(Received(self.path, headers, body))
        with suppress(OSError):
            (receiver.behave or answer(200))(self)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def answer(status: int, **headers: str) -> Behave:
    """Answer with a status and headers; `_` stands for `-`."""

    def behave(handler: _Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return behave


def hang(seconds: float = 60) -> Behave:
    """Answer nothing for a long time, and notice when the other side hangs up."""

    def behave(handler: _Handler) -> None:
        handler.connection.settimeout(seconds)
        with suppress(OSError):
            handler.connection.recv(1)
        handler.close_connection = True

    return behave


def drip(handler: _Handler) -> None:
    """Send a header that never ends, a byte now and then."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(600):
        time.sleep(0.1)
        handler.wfile.write(b"a")
        handler.wfile.flush()


def flood(handler: _Handler) -> None:
    """Send an answer without an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _ in range(10_000):
        handler.wfile.write(b"a" * 65536)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients hang up."""


@contextmanager
def open_receiver(behave: Behave | None = None, port: int = 0) -> Iterator[Receiver]:
    """Listen on a port of this machine, a free one unless named."""
    with _Server(("127.0.0.1", port), _Handler) as server:
        receiver = Receiver(port=int(server.server_address[1]), behave=behave)
        server.receiver = receiver  # type: ignore[attr-defined]  # what the handler looks for
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
