"""`patron env show`: one environment, what it runs and what lies in it."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Show its version, members and values; no address and no secret."""
    shown = site.looking.details(arguments.env)
    for name, value in shown.items():
        text = ", ".join(value) if isinstance(value, list) else value
        terminal.say(f"{name:<12} {text or '–'}")
    terminal.answer(shown)
    return Exit.DONE
