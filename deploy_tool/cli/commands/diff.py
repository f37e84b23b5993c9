"""`patron diff`: what leads from A to B, whatever the two are."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from deploy_tool.places import read_place
from deploy_tool.plan import PlannedChange
from deploy_tool.rendering import render_changes
from deploy_tool.trees import read_tree
from engine.diff import diff_trees


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """List the changes."""
    trees = []
    for text in (arguments.a, arguments.b):
        place = read_place(text, installation.names)
        trees.append(read_tree(installation, place))
    before, after = trees
    changes = [PlannedChange.of(operation) for operation in diff_trees(before, after)]
    terminal.say(render_changes(changes) if changes else "No differences.")
    terminal.answer(
        {
            "a": before.digest,
            "b": after.digest,
            "changes": [change.as_json() for change in changes],
        }
    )
    return Exit.DONE
