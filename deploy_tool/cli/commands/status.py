"""`patron status`: which version each environment runs, and how far a sandbox has moved."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.store.platform.head import read_head
from engine.store.platform.versions import load_tree
from sandbox.changes import changes_since_baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One environment; `parent` and `changes` (components to promote) are those of a sandbox."""

    environment: str
    kind: str
    version: int
    tree: str
    components: int
    parent: str | None
    changes: int | None

    def __str__(self) -> str:
        shown = (
            f"{self.environment}@{self.version}  {self.components} components  tree {self.tree[:7]}"
        )
        if self.parent is None:
            return shown
        many = "1 change" if self.changes == 1 else f"{self.changes or 'no'} changes"
        return f"{shown}  {self.kind} of {self.parent}, {many} to promote"

    def as_json(self) -> dict[str, object]:
        """Give the shape of `--json`."""
        return {name: getattr(self, name) for name in self.__slots__}


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Show one environment, or all."""
    names = [installation.known(arguments.env)] if arguments.env else installation.names
    found = [status_of(installation, name) for name in names]
    for status in found:
        terminal.say(str(status))
    if not found:
        terminal.say("No environment yet: patron init --from DIR makes production.")
    terminal.answer({"environments": [status.as_json() for status in found]})
    return Exit.DONE


def status_of(installation: Installation, name: str) -> Status:
    """Read the status of one environment."""
    environment = installation.environment(name)
    with environment.database.read() as tx:
        head, components = read_head(tx), len(load_tree(tx))
        changes = len(changes_since_baseline(environment, tx))
    row = environment.row
    return Status(
        environment=name,
        kind=row.kind,
        version=head.version,
        tree=head.tree,
        components=components,
        parent=row.parent,
        changes=None if row.parent is None else changes,
    )
