"""The configuration of one environment as the first version of another: same tree, same hash.

Separate from making sandboxes, which decides about names, members and the directory. No record is
copied here.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.compile import compile_model
from engine.compiled import Model
from engine.errors import MetadataInvalid
from engine.names import ComponentKey, Digest
from engine.source import SourceTree, tree_from_stored
from engine.store.database import Database
from engine.store.ddl import load_state, steps
from engine.store.platform.fence import switching
from engine.store.platform.head import read_head
from engine.store.platform.versions import (
    Content,
    Origin,
    StoredComponent,
    Version,
    load_tree_rows,
    publish,
)
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What an environment runs, at one instant: its version, its tree, as stored and compiled."""

    version: int
    digest: Digest
    rows: tuple[StoredComponent, ...]
    tree: SourceTree
    model: Model


def read_configuration(database: Database) -> Configuration:
    """Read and compile what an environment runs.

    Raises: MetadataInvalid M100 when this engine cannot compile it (it is too old, say).
    """
    with database.read() as tx:
        head, rows = read_head(tx), tuple(load_tree_rows(tx))
    tree = tree_from_stored((key, data, text or "") for key, data, text in rows)
    model, problems = compile_model(tree)
    if model is None:
        message = "The configuration to start from cannot be compiled by this version of Patron."
        raise MetadataInvalid(message, problems=problems)
    return Configuration(version=head.version, digest=head.tree, rows=rows, tree=tree, model=model)


def publish_copy(target: Database, source: Configuration, origin: Origin) -> Version:
    """Make a configuration version 1 of an environment that has none: tables, tree and head."""

    def work(tx: Tx) -> Version:
        for step in steps(source.model, load_state(tx), tx.dialect):
            step.run(tx, version=1)
        return publish(tx, base=0, changes=_contents(source), origin=origin)

    return switching(target, work)


def _contents(source: Configuration) -> dict[ComponentKey, Content | None]:
    digests = source.tree.tree
    return {
        key: Content(digest=digests[key], data=data, source=text) for key, data, text in source.rows
    }
