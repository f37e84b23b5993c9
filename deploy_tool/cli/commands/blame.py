"""`patron blame`: who changed which property of a component, when and why."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.blaming import Blame, blame
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.names import ComponentKey

LONGEST = 60  # characters of a value in a line


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """List the properties, each with the version that made it what it is."""
    environment = installation.environment(arguments.env)
    with environment.database.read() as tx:
        found = blame(tx, ComponentKey(arguments.component))
    wide = max((len(one.property) for one in found), default=0)
    for one in found:
        terminal.say(_line(environment.name, one, wide))
    terminal.answer({"component": arguments.component, "properties": [_as_json(o) for o in found]})
    return Exit.DONE


def _line(environment: str, one: Blame, wide: int) -> str:
    version = one.version
    when = f"{version.at:%Y-%m-%d %H:%M} UTC"
    value = "removed" if one.value is None else str(one.value)
    shown = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    who = f"{environment}@{version.number}  {when}  {version.actor}  {version.reason}".rstrip()
    return f"{one.property:<{wide}}  {shown}  {who}"


def _as_json(one: Blame) -> dict[str, object]:
    version = one.version
    return {
        "property": one.property,
        "value": one.value,
        "version": version.number,
        "at": version.at.isoformat().replace("+00:00", "Z"),
        "actor": version.actor,
        "reason": version.reason,
    }
