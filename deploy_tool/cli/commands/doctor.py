"""`patron doctor`: looks for trouble, says what helps, and repairs what can be repaired."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Look at one environment, or at all; exit 3 when something is wrong."""
    names = [site.looking.known(arguments.env)] if arguments.env else site.looking.names
    if arguments.repair:
        for name in names:
            for done in site.mending.repair(name):
                terminal.say(f"{name}: repaired: {done}")
    findings = {name: site.mending.examine(name) for name in names}
    for name, found in findings.items():
        for finding in found or ["no trouble found"]:
            terminal.say(f"{name}: {finding}")
    if not names:
        terminal.say("No environment yet: patron init --from DIR makes production.")
    terminal.answer({"environments": findings})
    return Exit.INVALID if any(findings.values()) else Exit.DONE
