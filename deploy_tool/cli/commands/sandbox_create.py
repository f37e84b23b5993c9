"""`patron sandbox create`: a sandbox with the configuration of another environment."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.telling import telling
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site
from sandbox.bringing.wanted import FULL, NONE, SAMPLE, read_roots, read_wanted

_RECORDS = {
    NONE: "without records",
    SAMPLE: "with a sample of its records, masked",
    FULL: "with its records, masked",
}


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Make it, and say where it is and who may enter. Raises: RequestInvalid Q121."""
    wanted = read_wanted(arguments.data, read_roots(arguments.root), arguments.most)
    made = site.sandboxes.create(
        arguments.name,
        source=arguments.source,
        wanted=wanted,
        database=arguments.database or "",
        tell=telling(terminal),
    )
    name, members = made["environment"], made["members"]
    terminal.say(f"{name} is made from {made['parent']}, {_RECORDS[wanted.data]}: /e/{name}/")
    if isinstance(members, list) and members:
        terminal.say(f"Its administrators: {', '.join(members)}")
    else:
        terminal.say(f"Next: patron user create {name} EMAIL --permission-set …")
    terminal.answer(made)
    return Exit.DONE
