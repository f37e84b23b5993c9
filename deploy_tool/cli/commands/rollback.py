"""`patron rollback`: takes back a deployment and keeps later work, or returns to a version."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.apply import carry_out, read_accepted
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Show the plan that goes back, ask when there is somebody to ask, and carry it out."""
    accepted = read_accepted(arguments.accept)
    if arguments.to is not None and arguments.deployment is not None:
        raise UsageWrong(message="Name a version or a deployment, not both.")
    name = site.looking.known(arguments.env)
    prepared, stays = site.promoting.back(
        name,
        version=arguments.to,
        deployment=read_deployment(arguments.deployment),
        resolve=arguments.resolve,
    )
    for sentence in stays:
        terminal.say(sentence)
    return carry_out(terminal, prepared, accepted, yes=arguments.yes)


def read_deployment(text: str | None) -> int | None:
    """Read `115` or `D-115`. Raises: UsageWrong U100."""
    if text is None:
        return None
    digits = text.upper().removeprefix("D-").removeprefix("D")
    if not digits.isdecimal():
        raise UsageWrong(message=f'"{text}" is no deployment.', hint="a number, like 115 or D-115")
    return int(digits)
