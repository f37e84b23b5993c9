"""A whole configuration as it goes over the wire: digests, stored JSON, or the files of a project.

Separate from `trees`, which reads them for planning. The files are those that `pull` would write
into an empty directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy_tool.sources.trees import head_tree, past_tree
from engine.errors import NotFound
from engine.names import Digest
from engine.snapshots import Environment
from engine.source import SourceTree, canonical, rewrite_texts, tree_from_stored, write_tree
from engine.source.files import read_folder
from engine.store.platform.head import read_head


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTree:
    """The tree of one version of an environment."""

    environment: str
    version: int
    tree: SourceTree

    @property
    def digest(self) -> Digest:
        """The hash of the whole tree."""
        return self.tree.digest

    def as_json(self, content: str) -> dict[str, object]:
        """Give the shape of an answer: `content` is digests, stored or files."""
        shown: dict[str, object] = {
            "environment": self.environment,
            "version": self.version,
            "digest": self.digest,
            "components": self.tree.tree,
        }
        if content == "stored":
            docs = self.tree.docs.items()
            return {**shown, "stored": {key: [canonical(d.data), d.text] for key, d in docs}}
        return {**shown, "files": files_of(self.tree)} if content == "files" else shown


def tree_of(environment: Environment, version: int | None = None) -> ToldTree:
    """Read the tree that an environment runs, or ran. Raises: NotFound N102."""
    with environment.database.read() as tx:
        number = read_head(tx).version if version is None else version
        try:
            tree = head_tree(tx) if version is None else past_tree(tx, version)
        except NotFound as absent:
            absent.hint = f"patron log {environment.name} lists the versions"
            raise
    return ToldTree(environment=environment.name, version=number, tree=tree)


def tree_from_told(stored: Mapping[str, object]) -> SourceTree:
    """Read a tree back from its stored form. Raises: ValueError for anything else."""
    rows = []
    for key, pair in stored.items():
        if not isinstance(pair, list) or not all(isinstance(part, str) for part in pair):
            raise TypeError("a component without its content")
        data, text = pair
        rows.append((key, data, text))
    return tree_from_stored(rows)


def files_of(tree: SourceTree) -> dict[str, str]:
    """Give the files of a configuration, by name."""
    with TemporaryDirectory(prefix="patron-") as place:
        write_tree(tree, Path(place), format="yaml")
        texts, _, _ = read_folder(Path(place))
    return texts


def changed_files(before: SourceTree, after: SourceTree) -> dict[str, str]:
    """Give the files that say something else once `after` runs, by name, as `pull` writes them."""
    old = rewrite_texts(before, {})
    return {name: text for name, text in rewrite_texts(after, old).items() if old.get(name) != text}
