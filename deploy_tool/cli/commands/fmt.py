"""`patron fmt`: the files of a directory in canonical form, comments kept."""

from __future__ import annotations

import importlib
from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.sources.places import read_folder
from engine.settings import Settings
from engine.source import format_folder


def run(arguments: Namespace, terminal: Terminal, settings: Settings) -> Exit:
    """Rewrite what is not canonical, or with --check only name it.

    Former names are dropped by asking every environment, which loads the database; plain
    formatting does not, so that it starts fast.
    """
    folder = read_folder(arguments.dir)
    changed: list[Path] = []
    if arguments.drop_aka:
        dropping = importlib.import_module("deploy_tool.deploying.dropping")
        changed += dropping.drop_former_names(settings, folder, write=not arguments.check)
    changed += format_folder(folder, write=not arguments.check)
    files = sorted({str(path) for path in changed})
    word = "would be rewritten" if arguments.check else "rewritten"
    for file in files:
        terminal.say(f"{file} {word}")
    if not files:
        terminal.say(f"{folder}: every file is canonical.")
    terminal.answer({"changed": files})
    return Exit.INVALID if files and arguments.check else Exit.DONE
