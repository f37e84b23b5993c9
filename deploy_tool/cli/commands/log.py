"""`patron log`: the versions of an environment, newest first."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.store.platform.journal import load_changes, load_log
from engine.store.platform.versions import Version

SHOWN = 200  # versions; older ones are asked for over REST


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """List who made which version, when, and how many components it changed."""
    environment = installation.environment(arguments.env)
    with environment.database.read() as tx:
        versions = load_log(tx, limit=SHOWN)
        oldest = versions[-1].number if versions else 1
        changed: dict[int, int] = {}
        for change in load_changes(tx, after=oldest - 1):
            changed[change.version] = changed.get(change.version, 0) + 1
    for version in versions:
        terminal.say(_line(environment.name, version, changed.get(version.number, 0)))
    if not versions:
        terminal.say(f"{environment.name} has no version yet.")
    terminal.answer({"versions": [_as_json(v, changed.get(v.number, 0)) for v in versions]})
    return Exit.DONE


def _line(environment: str, version: Version, changed: int) -> str:
    when = f"{version.at:%Y-%m-%d %H:%M} UTC"
    what = "1 component" if changed == 1 else f"{changed} components"
    said = f"{environment}@{version.number}  {when}  {version.source:<8}  {version.actor}  {what}"
    return f"{said}  {version.reason}".rstrip()


def _as_json(version: Version, changed: int) -> dict[str, object]:
    return {
        "version": version.number,
        "parent": version.parent,
        "tree": version.tree,
        "source": version.source,
        "actor": version.actor,
        "reason": version.reason,
        "at": version.at.isoformat().replace("+00:00", "Z"),
        "deployment": version.deployment,
        "changes": changed,
    }
