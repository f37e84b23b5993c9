"""`patron blame`: who changed which property of a component, when and why."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.looking import Answer, entries, minute
from deploy_tool.site import Site

LONGEST = 60  # characters of a value in a line


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """List the properties, each with the version that made it what it is."""
    name = site.looking.known(arguments.env)
    found = site.looking.blame(name, arguments.component)
    properties = entries(found, "properties")
    wide = max((len(str(one["property"])) for one in properties), default=0)
    for one in properties:
        terminal.say(_line(name, one, wide))
    terminal.answer(found)
    return Exit.DONE


def _line(environment: str, one: Answer, wide: int) -> str:
    value = "removed" if one["value"] is None else str(one["value"])
    shown = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    place = f"{environment}@{one['version']}  {minute(one['at'])}"
    who = f"{place}  {one['actor']}  {one['reason']}".rstrip()
    return f"{one['property']:<{wide}}  {shown}  {who}"
