"""`patron env show`: one environment, what it runs and what lies in it."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.store.platform.head import read_head
from engine.store.platform.members import list_members
from engine.store.platform.values import list_values
from engine.store.platform.versions import load_tree


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Show its version, members and values; no address and no secret."""
    environment = installation.environment(arguments.env)
    (row,) = (row for row in installation.rows if row.name == environment.name)
    with environment.database.read() as tx:
        shown: dict[str, object] = {
            "environment": environment.name,
            "kind": row.kind,
            "database": environment.database.dialect,
            "version": read_head(tx).version,
            "components": len(load_tree(tx)),
            "members": sum(member.is_active for member in list_members(tx)),
            "values": sorted(list_values(tx)),
        }
    for name, value in shown.items():
        text = ", ".join(value) if isinstance(value, list) else value
        terminal.say(f"{name:<12} {text or '–'}")
    terminal.answer(shown)
    return Exit.DONE
