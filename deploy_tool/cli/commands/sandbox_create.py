"""`patron sandbox create`: a sandbox with the configuration of another environment."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Make it, and say where it is and who may enter."""
    made = site.sandboxes.create(
        arguments.name,
        source=arguments.source,
        data=arguments.data,
        database=arguments.database or "",
    )
    name, members = made["environment"], made["members"]
    terminal.say(f"{name} is made from {made['parent']}, without records: /e/{name}/")
    if isinstance(members, list) and members:
        terminal.say(f"Its administrators: {', '.join(members)}")
    else:
        terminal.say(f"Next: patron user create {name} EMAIL --permission-set …")
    terminal.answer(made)
    return Exit.DONE
