"""`patron pull`: the configuration of an environment into files; only what differs is touched."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.plans.proposing import note_base, read_files
from deploy_tool.pulling import Pulled, pull_some
from deploy_tool.site import Site
from deploy_tool.sources.places import EnvironmentPlace
from deploy_tool.sources.scope import scope_of
from engine.source import make_tree, write_tree


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Write the files and note the version they were pulled from.

    With patterns the note stays where it is, unless nothing else differs: the rest of the files
    still begins from there.
    """
    name = site.looking.known(arguments.env)
    folder = Path(arguments.folder)
    version, tree = site.looking.tree(EnvironmentPlace(name=name))
    files = read_files(folder) if folder.is_dir() else make_tree(())
    pulled = pull_some(files, tree, arguments.pattern, name)
    scope = scope_of(files) or scope_of(tree) or None
    changed = write_tree(pulled.tree, folder, format=arguments.format, scope=scope)
    if pulled.is_whole:
        note_base(folder, name, version)
    _tell(terminal, pulled, changed)
    what = "1 file" if len(changed) == 1 else f"{len(changed)} files"
    said = f"{folder} is {name}@{version}" if pulled.is_whole else f"From {name}@{version}"
    terminal.say(f"{said}: {what} changed.")
    terminal.answer(
        {
            "environment": name,
            "version": version,
            "changed": [str(path) for path in changed],
            **({"added": dict(pulled.added)} if pulled.added else {}),
        }
    )
    return Exit.DONE


def _tell(terminal: Terminal, pulled: Pulled, changed: list[Path]) -> None:
    for component, why in pulled.added.items():
        terminal.say(f"{component}   {why}")
    for path in changed:
        terminal.say(f"{path} {'written' if path.exists() else 'deleted'}")
