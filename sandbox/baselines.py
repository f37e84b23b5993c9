"""Moves the baseline of a sandbox on: to where its own work begins.

Once its parent runs the very same tree there is none left; after a refresh it lies on top of the
parent's tree. Called after each deployment to an environment, whoever asked for it.
"""

from __future__ import annotations

from engine.names import ComponentKey
from engine.snapshots import Environments
from engine.store.platform.baselines import note_baseline
from engine.store.platform.control import list_environments, set_baseline
from engine.store.platform.fence import switching
from engine.store.platform.head import read_head
from engine.store.platform.journal import tree_at
from engine.store.platform.versions import Content, load_revisions
from engine.store.tx import Tx


def settle_baselines(environments: Environments, parent: str) -> tuple[str, ...]:
    """Give the sandboxes of `parent` that have nothing to promote any more, and note it.

    Costs one statement per sandbox, and one for each that moved.
    """
    with environments.control.read() as tx:
        rows = [row for row in list_environments(tx) if row.parent == parent]
    if not rows:
        return ()
    tree = _tree(environments, parent)
    settled = [row.name for row in rows if _tree(environments, row.name) == tree != row.baseline]
    if settled:
        with environments.control.write() as tx:
            for name in settled:
                set_baseline(tx, name, tree)
    return tuple(settled)


def settle_refreshed(environments: Environments, name: str, told: str) -> None:
    """Note that a sandbox has a version of its parent in it ("production@41").

    Doing it again changes nothing: who was killed before it does it with the next refresh.
    """
    sandbox = environments.open(name)
    parent, _, number = told.rpartition("@")
    with environments.open(parent).database.read() as tx:
        contents = _contents(tx, int(number))
    tree = switching(sandbox.database, lambda tx: note_baseline(tx, told, contents))
    with environments.control.write() as tx:
        set_baseline(tx, sandbox.name, tree)


def _contents(tx: Tx, version: int) -> dict[ComponentKey, Content]:
    """Give everything of a version, with the authors' texts."""
    tree = tree_at(tx, version)
    rows = load_revisions(tx, tree.items())
    return {key: Content(digest=tree[key], data=data, source=text) for key, data, text in rows}


def _tree(environments: Environments, name: str) -> str:
    with environments.open(name).database.read() as tx:
        return read_head(tx).tree
