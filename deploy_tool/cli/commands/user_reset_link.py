"""`patron user reset-link`: a way back in for somebody whom no mail reaches."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.people import make_link

LOCAL = "http://127.0.0.1:8000"  # where `patron serve` listens unless told otherwise


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Print the link alone; it works once, for an hour."""
    control, now = installation.environments.control, installation.clock.now()
    secret = make_link(control, arguments.email, at=now, actor=installation.actor)
    base = (installation.settings.public_url or LOCAL).rstrip("/")
    link = f"{base}/reset/{secret}"
    if not terminal.json:
        terminal.say(link)
    terminal.answer({"link": link})
    return Exit.DONE
