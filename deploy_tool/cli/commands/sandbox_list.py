"""`patron sandbox list`: the sandboxes, where each started and how far it has moved."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.status import line_of
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site
from sandbox.sandboxes import KIND


def run(_arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """List them by name."""
    found = [status for status in site.looking.statuses() if status["kind"] == KIND]
    for status in found:
        terminal.say(line_of(status))
    if not found:
        terminal.say("No sandbox yet: patron sandbox create NAME makes one.")
    terminal.answer({"sandboxes": found})
    return Exit.DONE
