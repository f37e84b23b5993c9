"""`patron pull`: the configuration of an environment into files; only what differs is touched."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.places import EnvironmentPlace
from deploy_tool.proposing import note_base, read_files
from deploy_tool.scope import scope_of
from deploy_tool.site import Site
from engine.source import write_tree


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Write the files and note the version they were pulled from."""
    name = site.looking.known(arguments.env)
    folder = Path(arguments.folder)
    version, tree = site.looking.tree(EnvironmentPlace(name=name))
    there = scope_of(read_files(folder)) if folder.is_dir() else ()
    changed = write_tree(
        tree, folder, format=arguments.format, scope=there or scope_of(tree) or None
    )
    note_base(folder, name, version)
    for path in changed:
        terminal.say(f"{path} {'written' if path.exists() else 'deleted'}")
    what = "1 file" if len(changed) == 1 else f"{len(changed)} files"
    terminal.say(f"{folder} is {name}@{version}: {what} changed.")
    terminal.answer(
        {"environment": name, "version": version, "changed": [str(path) for path in changed]}
    )
    return Exit.DONE
