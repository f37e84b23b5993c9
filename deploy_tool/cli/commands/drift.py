"""`patron drift`: what became different in an environment outside of deployments."""

from __future__ import annotations

from argparse import Namespace
from itertools import takewhile

from deploy_tool.cli.terminal import Terminal
from deploy_tool.examining import missing_values, unlike_its_model
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from deploy_tool.trees import read_running
from engine.store.platform.journal import load_log
from engine.store.platform.versions import Version

SHOWN = 1000  # versions looked at
BY_DEPLOYMENT = frozenset({"deploy", "import", "refresh", "rollback"})


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Name the versions that people made directly, tables that differ, values that are missing."""
    environment = installation.environment(arguments.env)
    database = environment.database
    with database.read() as tx:
        running = read_running(tx)
        # Newest first: everything since the last version that a deployment made.
        log = load_log(tx, limit=SHOWN)
        authored = list(takewhile(lambda version: version.source not in BY_DEPLOYMENT, log))
        values = list(missing_values(tx, running))
    physical = list(unlike_its_model(running, database.dialect))
    for version in authored:
        terminal.say(_line(environment.name, version))
    for finding in (*physical, *values):
        terminal.say(finding)
    if not (authored or physical or values):
        terminal.say(f"No drift: {environment.name} is as it was deployed.")
    terminal.answer(
        {
            "environment": environment.name,
            "authored": [_as_json(version) for version in authored],
            "physical": physical,
            "values": values,
        }
    )
    return Exit.DONE


def _line(environment: str, version: Version) -> str:
    when = f"{version.at:%Y-%m-%d %H:%M} UTC"
    said = f"{environment}@{version.number}  {when}  {version.source}  {version.actor}"
    return f"{said}  {version.reason}".rstrip()


def _as_json(version: Version) -> dict[str, object]:
    return {
        "version": version.number,
        "source": version.source,
        "actor": version.actor,
        "reason": version.reason,
        "at": version.at.isoformat().replace("+00:00", "Z"),
    }
