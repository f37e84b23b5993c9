"""`patron diff`: what leads from A to B, whatever the two are."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.plans.plan import PlannedChange
from deploy_tool.plans.rendering import render_changes
from deploy_tool.site import Site
from deploy_tool.sources.checkouts import check_place
from deploy_tool.sources.places import EnvironmentPlace, read_place
from engine.diff import diff_trees
from engine.source import SourceTree


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """List the changes."""
    before, after = (_tree(site, text) for text in (arguments.a, arguments.b))
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


def _tree(site: Site, text: str) -> SourceTree:
    """Give the tree of an environment, of a version of it, or of sound files."""
    place = read_place(text, site.looking.names)
    if isinstance(place, EnvironmentPlace):
        return site.looking.tree(place)[1]
    return check_place(place).ensure()
