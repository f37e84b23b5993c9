"""`patron env list`: the environments of this installation."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation


def run(_arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """List names and kinds, production first."""
    rows = installation.rows
    for row in rows:
        terminal.say(f"{row.name}  {row.kind}" + (f"  from {row.parent}" if row.parent else ""))
    if not rows:
        terminal.say("No environment yet: patron init --from DIR makes production.")
    found = [{"name": row.name, "kind": row.kind, "parent": row.parent} for row in rows]
    terminal.answer({"environments": found})
    return Exit.DONE
