"""`patron restore`: brings a retired component back, with its values."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.apply import carry_out
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from deploy_tool.taking_back import propose_restore


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Show what comes back, and bring it back."""
    planned = propose_restore(installation, arguments.env, arguments.component)
    return carry_out(terminal, installation, planned, frozenset(), yes=True, source="deploy")
