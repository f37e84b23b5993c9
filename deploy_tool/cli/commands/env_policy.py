"""`patron env policy`: what a change of an environment needs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Show the policy, or set parts of it."""
    shown = site.setting.policy(site.looking.known(arguments.env), arguments.settings)
    policy = shown["policy"]
    for name, value in policy.items() if isinstance(policy, Mapping) else ():
        text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        terminal.say(f"{name:<18} {text}")
    terminal.answer(shown)
    return Exit.DONE
