"""`patron check`: everything that can be wrong with a directory of metadata, at once, offline."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.sources.checking import check_folder
from deploy_tool.sources.places import read_folder
from engine.settings import Settings


def run(arguments: Namespace, terminal: Terminal, _settings: Settings) -> Exit:
    """List the problems on stderr; `--json` gives them on stdout as well."""
    checked = check_folder(read_folder(arguments.dir))
    for problem in checked.problems:
        terminal.warn(str(problem))
    terminal.answer({"problems": [problem.as_json() for problem in checked.problems]})
    if checked.errors:
        count = len(checked.errors)
        terminal.warn(f"{count} {'problem' if count == 1 else 'problems'} in {arguments.dir}.")
        return Exit.INVALID
    terminal.say(f"{arguments.dir}: {len(checked.tree.docs)} components, no problems.")
    return Exit.DONE
