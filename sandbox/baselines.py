"""Moves the baseline of a sandbox on, once its parent runs the very same tree.

The baseline is where the sandbox's own changes begin: after all of them were promoted there are
none. Called after each deployment to an environment, whoever asked for it.
"""

from __future__ import annotations

from engine.snapshots import Environments
from engine.store.platform.control import list_environments, set_baseline
from engine.store.platform.head import read_head


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


def _tree(environments: Environments, name: str) -> str:
    with environments.open(name).database.read() as tx:
        return read_head(tx).tree
