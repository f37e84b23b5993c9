"""`patron backup`: a consistent copy of an environment, made while people work."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.store.backup import back_up


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Write the copy and say how to go back to it."""
    environment = installation.environment(arguments.env)
    path = Path(arguments.file)
    size = back_up(environment.database, path)
    terminal.say(f"{path}: {size / 1_000_000:,.1f} MB, {environment.name} as it is now.")
    terminal.answer({"environment": environment.name, "file": str(path), "bytes": size})
    return Exit.DONE
