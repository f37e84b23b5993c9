"""Trees of components, wherever they lie: in files, at the head of an environment, in its past.

Separate from planning, because `diff`, `plan`, `pull` and `status` all begin by reading trees.
"""

from __future__ import annotations

from dataclasses import dataclass

from deploy_tool.installation import Installation
from deploy_tool.sources.checkouts import check_place
from deploy_tool.sources.places import EnvironmentPlace, Place
from engine.errors import NotFound
from engine.names import ComponentKey
from engine.source import SourceTree, tree_from_stored
from engine.store.ddl import State, load_state
from engine.store.platform.head import Head, read_head
from engine.store.platform.journal import tree_at
from engine.store.platform.physical import RETIRED
from engine.store.platform.versions import load_revisions, load_tree_rows
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An environment at one instant: its head, the tree it runs, its tables."""

    head: Head
    tree: SourceTree
    state: State

    @property
    def retired(self) -> frozenset[ComponentKey]:
        """Fields and objects that are hidden with their values."""
        return frozenset(
            ComponentKey(f"field:{p.object}.{p.field}" if p.column else f"object:{p.object}")
            for p in self.state.places
            if p.status == RETIRED
        )


def read_running(tx: Tx) -> Running:
    """Read what an environment runs. Cost: four statements, O(components)."""
    return Running(head=read_head(tx), tree=head_tree(tx), state=load_state(tx))


def head_tree(tx: Tx) -> SourceTree:
    """Give the tree of the head."""
    return tree_from_stored((key, data, text or "") for key, data, text in load_tree_rows(tx))


def past_tree(tx: Tx, version: int) -> SourceTree:
    """Give the tree of a version. Raises: NotFound N102 when there never was one."""
    rows = load_revisions(tx, tree_at(tx, version).items())
    return tree_from_stored((key, data, text or "") for key, data, text in rows)


def read_tree(installation: Installation, place: Place) -> SourceTree:
    """Give the tree of an environment, of a version of it, or of sound files.

    Raises: NotFound N102 for a version that never was; MetadataInvalid M100; UsageWrong U140, U141.
    """
    if isinstance(place, EnvironmentPlace):
        return environment_tree(installation, place)
    return check_place(place).ensure()


def environment_tree(installation: Installation, place: EnvironmentPlace) -> SourceTree:
    """Give the tree that an environment runs, or ran. Raises: NotFound N102."""
    with installation.environment(place.name).database.read() as tx:
        if place.version is None:
            return head_tree(tx)
        try:
            return past_tree(tx, place.version)
        except NotFound as absent:
            absent.hint = f"patron log {place.name} lists the versions"
            raise
