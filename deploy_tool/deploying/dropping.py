"""Drops former names (`aka`) that every environment of the installation has seen.

Separate from the command, because it asks the environments, and `patron fmt` alone must not.
"""

from __future__ import annotations

from pathlib import Path

from deploy_tool.exits import UsageWrong
from deploy_tool.installation import Installation
from deploy_tool.plans.proposing import read_files
from engine.names import ComponentKey
from engine.settings import Settings
from engine.source import drop_akas, write_tree
from engine.store.platform.versions import load_tree


def drop_former_names(settings: Settings, folder: Path, *, write: bool) -> list[Path]:
    """Drop them from the files; give the files that were, or would be, written.

    Raises: MetadataInvalid M100 for files that cannot be read; UsageWrong U100 when there is no
    environment to ask.
    """
    tree = read_files(folder)
    with Installation(settings) as installation:
        seen = _seen_everywhere(installation)
    dropped = drop_akas(tree, seen)
    if write:
        return write_tree(dropped, folder)
    changed = [doc for key, doc in tree.docs.items() if dropped.tree[key] != doc.digest]
    return sorted({folder / doc.mark()[0] for doc in changed})


def _seen_everywhere(installation: Installation) -> frozenset[ComponentKey]:
    """Give the components that every environment has under their present names."""
    if not installation.names:
        raise UsageWrong(
            message="No environment of this installation can have seen the former names.",
            hint="run this where the environments are",
        )
    trees = []
    for name in installation.names:
        with installation.environment(name).database.read() as tx:
            trees.append(frozenset(load_tree(tx)))
    return frozenset.intersection(*trees)
