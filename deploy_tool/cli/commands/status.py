"""`patron status`: which version each environment runs."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.store.platform.head import read_head
from engine.store.platform.versions import load_tree


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Show one environment, or all."""
    names = [installation.known(arguments.env)] if arguments.env else installation.names
    found = [_status(installation, name) for name in names]
    for status in found:
        terminal.say(
            f"{status['environment']}@{status['version']}  {status['components']} components"
            f"  tree {str(status['tree'])[:7]}"
        )
    if not found:
        terminal.say("No environment yet: patron init --from DIR makes production.")
    terminal.answer({"environments": found})
    return Exit.DONE


def _status(installation: Installation, name: str) -> dict[str, object]:
    with installation.environment(name).database.read() as tx:
        head, components = read_head(tx), len(load_tree(tx))
    return {
        "environment": name,
        "version": head.version,
        "tree": head.tree,
        "components": components,
    }
