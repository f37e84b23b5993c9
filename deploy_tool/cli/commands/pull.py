"""`patron pull`: the configuration of an environment into files; only what differs is touched."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from deploy_tool.proposing import note_base, read_files
from deploy_tool.scope import scope_of
from deploy_tool.trees import head_tree
from engine.source import write_tree
from engine.store.platform.head import read_head


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Write the files and note the version they were pulled from."""
    environment = installation.environment(arguments.env)
    folder = Path(arguments.folder)
    with environment.database.read() as tx:
        head, tree = read_head(tx), head_tree(tx)
    there = scope_of(read_files(folder)) if folder.is_dir() else ()
    changed = write_tree(
        tree, folder, format=arguments.format, scope=there or scope_of(tree) or None
    )
    note_base(folder, environment.name, head.version)
    for path in changed:
        terminal.say(f"{path} {'written' if path.exists() else 'deleted'}")
    what = "1 file" if len(changed) == 1 else f"{len(changed)} files"
    terminal.say(f"{folder} is {environment.name}@{head.version}: {what} changed.")
    terminal.answer(
        {
            "environment": environment.name,
            "version": head.version,
            "changed": [str(path) for path in changed],
        }
    )
    return Exit.DONE
