"""`patron status`: which version each environment runs, and how far a sandbox has moved."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.looking import Answer
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Show one environment, or all."""
    name = arguments.env
    found = [site.looking.status(name)] if name else site.looking.statuses()
    for status in found:
        terminal.say(line_of(status))
    if not found:
        terminal.say("No environment yet: patron init --from DIR makes production.")
    terminal.answer({"environments": found})
    return Exit.DONE


def line_of(status: Answer) -> str:
    """Say it in a line."""
    tree = str(status["tree"])[:7]
    place = f"{status['environment']}@{status['version']}"
    shown = f"{place}  {status['components']} components  tree {tree}"
    if status["parent"] is None:
        return shown
    changes = status["changes"]
    many = "1 change" if changes == 1 else f"{changes or 'no'} changes"
    return f"{shown}  {status['kind']} of {status['parent']}, {many} to promote"
