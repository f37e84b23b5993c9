"""`patron env list`: the environments of this installation."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.status import status_of
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation


def run(_arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """List names and kinds, production first; of a sandbox also what there is to promote."""
    found: list[dict[str, object]] = []
    for row in installation.rows:
        shown: dict[str, object] = {"name": row.name, "kind": row.kind, "parent": row.parent}
        line = f"{row.name}  {row.kind}"
        if row.parent:
            shown["changes"] = status_of(installation, row.name).changes
            line = f"{line}  from {row.parent}, {shown['changes']} to promote"
        terminal.say(line)
        found.append(shown)
    if not found:
        terminal.say("No environment yet: patron init --from DIR makes production.")
    terminal.answer({"environments": found})
    return Exit.DONE
