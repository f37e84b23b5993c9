"""`patron restore`: brings a retired component back, with its values."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.apply import carry_out
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Show what comes back, and bring it back."""
    name = site.looking.known(arguments.env)
    prepared = site.promoting.restore(name, arguments.component)
    return carry_out(terminal, prepared, frozenset(), yes=True)
