"""Another machine's Patron for tests: a server over an installation, and commands from afar."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

from werkzeug.serving import WSGIRequestHandler, make_server

from engine.clock import SystemClock
from engine.people import NewMember, create_token, create_user
from engine.settings import Settings
from engine.snapshots import Environments
from wsgi import create_app

HOST = "127.0.0.1"
PASSWORD = "correct-horse-battery"


@dataclass
class Far:
    """A server that answers at `url`, with the tokens of its people by name."""

    url: str
    settings: Settings
    environments: Environments
    tokens: dict[str, str] = field(default_factory=dict)

    def admit(self, who: str, *sets: str, environment: str = "production") -> str:
        """Make somebody a member with permission sets; give their token."""
        at, email = SystemClock().now(), f"{who}@example.test"
        database = self.environments.open(environment).database
        new = NewMember(email=email, name=who.title(), permission_sets=frozenset(sets))
        create_user(self.environments.control, database, new, at=at, actor="test")
        self.tokens[who] = create_token(database, email, at=at, actor="test")
        return self.tokens[who]

    def variables(self, who: str, home: str) -> Mapping[str, str]:
        """Give the environment of somebody's command on a machine without an installation."""
        return {
            "PATRON_URL": self.url,
            "PATRON_TOKEN": self.tokens.get(who, ""),
            "PATRON_HOME": f"{home}/nothing",
            "PATRON_DATABASE_URL": "",
            "XDG_CONFIG_HOME": f"{home}/config",
        }


class _Quiet(WSGIRequestHandler):
    """Keeps the server's own lines out of what a command says."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(settings: Settings) -> Iterator[Far]:
    """Serve an installation on a free port, in threads of this process."""
    app = create_app(settings)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    server = make_server(HOST, 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    environments = Environments(settings)
    try:
        yield Far(f"http://{HOST}:{server.server_port}", settings, environments)
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
        environments.close()
        app.extensions["patron"].close()


@contextmanager
def from_afar(variables: Mapping[str, str]) -> Iterator[None]:
    """Let commands of this process work with other variables for a while."""
    with patch.dict(os.environ, variables):
        yield


class Cut:
    """A relay to a server that breaks the connection at the answer to an apply.

    `stays_away`: nothing is answered afterwards; else the next connection gets through.
    """

    def __init__(self, url: str, *, stays_away: bool) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._target, self._stays_away = (host, int(port)), stays_away
        self._listener = socket.create_server((HOST, 0))
        self.has_cut = False
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.has_cut and self._stays_away:
                client.close()
                continue
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        """Carry one request and its answer; clients and server close after each."""
        with client, socket.create_connection(self._target) as server:
            asked = client.recv(1 << 20)
            server.sendall(asked)
            is_apply = b"/apply " in asked.split(b"\r\n", 1)[0]
            server.settimeout(60)
            client.settimeout(0.2)
            answered = False
            while True:
                try:
                    more = client.recv(1 << 20)
                    if more:
                        server.sendall(more)
                except TimeoutError:
                    pass
                server.settimeout(0.2)
                try:
                    got = server.recv(1 << 20)
                except TimeoutError:
                    if answered:
                        return
                    continue
                if not got:
                    return
                if is_apply and not self.has_cut:
                    self.has_cut = True
                    return
                answered = True
                client.sendall(got)
