"""`patron abort`: gives up a deployment before its switch; what it built is retired."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Give it up. Raises: DeploymentFailed D132, exit 6, after the switch; D103, exit 8."""
    name = site.looking.known(arguments.env)
    given_up = site.mending.abort(name)
    if not given_up:
        terminal.say(f"{name} has no unfinished deployment.")
    for number in given_up:
        terminal.say(f"Deployment {number} was given up; {name} goes on as before.")
    terminal.answer({"environment": name, "deployments": given_up})
    return Exit.DONE
