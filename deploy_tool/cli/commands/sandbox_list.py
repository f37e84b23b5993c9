"""`patron sandbox list`: the sandboxes, where each started and how far it has moved."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.status import status_of
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from sandbox.sandboxes import KIND


def run(_arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """List them by name."""
    names = [row.name for row in installation.rows if row.kind == KIND]
    found = [status_of(installation, name) for name in names]
    for status in found:
        terminal.say(str(status))
    if not found:
        terminal.say("No sandbox yet: patron sandbox create NAME makes one.")
    terminal.answer({"sandboxes": [status.as_json() for status in found]})
    return Exit.DONE
