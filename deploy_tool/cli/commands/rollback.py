"""`patron rollback`: takes back a deployment and keeps later work, or returns to a version."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.apply import carry_out, read_accepted
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from deploy_tool.taking_back import propose_rollback


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Show the plan that goes back, ask when there is somebody to ask, and carry it out."""
    accepted = read_accepted(arguments.accept)
    if arguments.to is not None and arguments.deployment is not None:
        raise UsageWrong(message="Name a version or a deployment, not both.")
    name = installation.known(arguments.env)
    taken = propose_rollback(
        installation, name, version=arguments.to, deployment=read_deployment(arguments.deployment)
    )
    for sentence in taken.stays:
        terminal.say(sentence)
    return carry_out(
        terminal, installation, taken.planned, accepted, yes=arguments.yes, source="rollback"
    )


def read_deployment(text: str | None) -> int | None:
    """Read `115` or `D-115`. Raises: UsageWrong U100."""
    if text is None:
        return None
    digits = text.upper().removeprefix("D-").removeprefix("D")
    if not digits.isdecimal():
        raise UsageWrong(message=f'"{text}" is no deployment.', hint="a number, like 115 or D-115")
    return int(digits)
