"""A TCP proxy that loses the connection at a COMMIT, as a network does at the worst moment."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

MARK = b"UPDATE patron_head"  # sent shortly before the COMMIT that counts
DONE = b"COMMIT\0"  # what the server answers to a COMMIT


@dataclass
class Link:
    """One connection through the proxy."""

    client: socket.socket
    server: socket.socket
    is_marked: bool = False


@dataclass
class Proxy:
    """Forwards to a server until somebody moves the head.

    `lose`: "before" drops the COMMIT, "after" drops its answer, both then go on; "for good" drops
    the answer and refuses every later connection.
    """

    target: tuple[str, int]
    lose: str
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    has_lost: bool = False
    threads: list[threading.Thread] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        """Accept connections until closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.has_lost and self.lose == "for good":
                    client.close()
                    continue
                link = Link(client, socket.create_connection(self.target))
                for carry in (self._up, self._down):
                    thread = threading.Thread(target=carry, args=(link,), daemon=True)
                    self.threads.append(thread)
                    thread.start()

    def _up(self, link: Link) -> None:
        """Carry what the client sends; "before" stops at the COMMIT after the mark."""
        with contextlib.suppress(OSError):
            while data := link.client.recv(65536):
                link.is_marked = link.is_marked or MARK in data
                if self.lose == "before" and self._is_the_moment(link, b"COMMIT" in data):
                    break
                link.server.sendall(data)
        _hang_up(link.client)
        _hang_up(link.server)

    def _down(self, link: Link) -> None:
        """Carry what the server answers, and close both ends when it is over."""
        with contextlib.suppress(OSError):
            while data := link.server.recv(65536):
                if self.lose != "before" and self._is_the_moment(link, DONE in data):
                    break
                link.client.sendall(data)
        for end in (link.client, link.server):
            _hang_up(end)
            end.close()

    def _is_the_moment(self, link: Link, is_commit: bool) -> bool:
        if not (link.is_marked and is_commit) or self.has_lost:
            return False
        self.has_lost = True
        return True


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def losing(target: tuple[str, int], how: str) -> Iterator[Proxy]:
    """Run a proxy for the length of a block."""
    proxy = Proxy(target=target, lose=how)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    yield proxy
    _hang_up(proxy.listener)
    proxy.listener.close()
    for each in (thread, *proxy.threads):
        each.join(5)
