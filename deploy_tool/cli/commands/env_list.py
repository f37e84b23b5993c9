"""`patron env list`: the environments of this installation."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.looking import Answer
from deploy_tool.site import Site


def run(_arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """List names and kinds, production first; of a sandbox also what there is to promote."""
    found: list[Answer] = []
    for status in site.looking.statuses():
        name, kind, parent = status["environment"], status["kind"], status["parent"]
        shown: Answer = {"name": name, "kind": kind, "parent": parent}
        line = f"{name}  {kind}"
        if parent:
            shown["changes"] = status["changes"]
            line = f"{line}  from {parent}, {status['changes']} to promote"
        terminal.say(line)
        found.append(shown)
    if not found:
        terminal.say("No environment yet: patron init --from DIR makes production.")
    terminal.answer({"environments": found})
    return Exit.DONE
