"""`patron resume`: goes on with a deployment whose process has died."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Go on at the first unfinished step. Raises: DeploymentFailed, as `patron apply`."""
    name = site.looking.known(arguments.env)
    versions = site.mending.resume(name)
    if not versions:
        terminal.say(f"{name} has no unfinished deployment.")
    for version in versions:
        terminal.say(f"Done: {name}@{version}.")
    terminal.answer({"environment": name, "versions": versions})
    return Exit.DONE
