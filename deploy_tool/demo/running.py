"""Starts a demo: makes it if need be, moves its dates along, says who may sign in, and serves it.

The story of `run_demo`: port -> folder -> make, or go on -> the lines people need -> serve.
"""

from __future__ import annotations

import http.client
import os
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.demo.home import Demo, held, read_demo
from deploy_tool.demo.making import FOLDER, fingerprint, make_demo
from deploy_tool.exits import UsageWrong
from deploy_tool.installation import Installation
from deploy_tool.processes import choose_port
from deploy_tool.serving import serve
from engine.settings import Settings
from engine.store.failures import StoreFailed
from sandbox.environments import list_rows
from sandbox.samples.aging import move_along
from sandbox.samples.people import read_people

HOST, PORT = "127.0.0.1", 8000
READY_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Somebody who may sign in, and what they are."""

    email: str
    password: str
    what: str


def run_demo(settings: Settings, terminal: Terminal, port: int | None, *, browser: bool) -> int:
    """Serve a demo until told to stop; gives the exit code.

    Works on SQLite under PATRON_HOME, whatever database other commands would use.
    Raises: UsageWrong U102 for a port that is taken, U110 to U112 for a folder that cannot be used.
    """
    if settings.database_url:
        terminal.warn("The demo keeps to PATRON_HOME: PATRON_DATABASE_URL does not count here.")
    settings = replace(settings, database_url="")
    port = choose_port(HOST, PORT if port is None else port)
    address = f"http://{HOST}:{port}"
    with held(settings.home):
        demo, sandboxes = prepare(settings, terminal)
        if browser and has_screen():
            threading.Thread(target=open_browser, args=(port,), daemon=True).start()

        def announce(greeting: str) -> None:
            _announce(terminal, address, greeting, sandboxes, logins_of(demo))

        return serve(settings, HOST, port, 1, with_worker=True, announce=announce)


def prepare(settings: Settings, terminal: Terminal) -> tuple[Demo, tuple[str, ...]]:
    """Make the demo, or go on with the one that is there; give it and its sandboxes."""
    known = read_demo(settings.home)
    with Installation(settings) as installation:
        try:
            if known is not None and known.is_ready:
                demo = known
                _go_on(installation, demo, terminal.warn)
            else:
                demo = make_demo(installation, known, terminal.warn)
            rows = list_rows(installation.environments.control)
        except StoreFailed as error:
            error.hint = error.hint or f"remove {settings.home} to begin anew, if it is damaged"
            raise
        return demo, tuple(row.name for row in rows if row.parent)


def _go_on(installation: Installation, demo: Demo, warn: Callable[[str], None]) -> None:
    """Upgrade what is there, move the sample dates along, and leave everything else as it is.

    Raises: UsageWrong U110 for a demo whose databases are not where they were.
    """
    now, home = installation.clock.now(), installation.settings.home
    for row in installation.rows:
        path = Path(row.url.removeprefix("sqlite:///"))
        if not path.exists():
            message = f"This demo lost the database of {row.name}: {path} is not there."
            hint = f"move it back to where it was, or remove {home} to begin anew"
            raise UsageWrong(message, code="U110", hint=hint)
    days = max(
        (move_along(installation.environment(name), now) for name in installation.names), default=0
    )
    if days:
        many = "1 day" if days == 1 else f"{days} days"
        warn(f"The dates of the sample data that nobody has changed moved along by {many}.")
    if fingerprint(FOLDER) != demo.metadata:
        warn(
            "The files in metadata/ have changed since this demo was made, and it goes on with "
            "what it has. To see what differs: patron plan --from metadata --to production"
        )


def logins_of(demo: Demo) -> list[Login]:
    """Give who may sign in, in the order of the people."""
    return [
        Login(email=person.email, password=demo.passwords[person.email], what=person.login)
        for person in read_people()
        if person.email in demo.passwords
    ]


def _announce(
    terminal: Terminal,
    address: str,
    greeting: str,
    sandboxes: Sequence[str],
    logins: Sequence[Login],
) -> None:
    terminal.say(greeting)
    for name in sandboxes:
        terminal.say(f"Sandbox: {address}/e/{name}/")
    for login in logins:
        terminal.say(f"{login.email}  {login.password}  {login.what}")
    terminal.answer(
        {
            "url": f"{address}/",
            "sandboxes": {name: f"{address}/e/{name}/" for name in sandboxes},
            "logins": [
                {"email": login.email, "password": login.password, "label": login.what}
                for login in logins
            ],
        }
    )


def has_screen() -> bool:
    """Tell whether a browser window can be opened: a desktop, and somebody at the terminal."""
    is_desktop = sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return is_desktop and sys.stdout.isatty()


def open_browser(port: int, open: Callable[[str], object] = webbrowser.open) -> None:
    """Open the browser once the demo answers; give up quietly when it does not."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if _answers(port):
            open(f"http://{HOST}:{port}/")
            return
        time.sleep(0.2)


def _answers(port: int) -> bool:
    line = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        line.close()
