"""Where the own work of a sandbox begins: its parent's tree, and what differs from it since.

A fresh sandbox starts with its parent's tree as version 1, so its own history knows it. After a
refresh the parent's newer tree was never a version here, because the sandbox's work lies on top of
it: then a row tells how the two differ, and the journal goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from engine.names import ComponentKey, Digest
from engine.store.jsontext import from_json, to_json
from engine.store.platform.head import read_head
from engine.store.platform.journal import find_by_tree, load_changes, tree_at
from engine.store.platform.versions import Content, Tree, keep_texts, load_tree, tree_digest
from engine.store.text import native
from engine.store.tx import Tx

Pair = tuple[Digest | None, Digest | None]  # of a component: in one tree, in another; None absent

_FIND = "SELECT told, version, work FROM patron_baseline WHERE tree = ?"
_PUT = """
INSERT INTO patron_baseline (tree, told, version, work) VALUES (?, ?, ?, ?)
ON CONFLICT (tree) DO UPDATE
SET told = excluded.told, version = excluded.version, work = excluded.work
"""
_REASON = (
    "SELECT reason FROM patron_version WHERE tree = ? AND reason <> '' ORDER BY number LIMIT 1"
)
_VERSION = re.compile(r"[a-z0-9_-]+@[0-9]+")  # as the reason of the first version tells it


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A tree of the parent, as this sandbox knows it.

    `version`: the sandbox's version from which its journal goes on. `work`: how that version
    differed from the tree already. `told`: the parent's version, "" where nobody noted it.
    """

    version: int
    told: str
    work: Mapping[ComponentKey, Pair] = field(default_factory=dict)


def find_baseline(tx: Tx, tree: str) -> Baseline | None:
    """Find a baseline by the digest of its tree; the newer of history and what a refresh noted."""
    version, row = find_by_tree(tx, tree), tx.row(native(tx, _FIND), (tree,))
    if row is not None and int(row[1]) >= (version or 0):
        return Baseline(version=int(row[1]), told=str(row[0]), work=_work(row[2]))
    if version is None:
        return None
    reason = tx.row(native(tx, _REASON), (tree,))
    named = _VERSION.search(str(reason[0])) if reason is not None else None
    return Baseline(version=version, told=named[0] if named else "")


def changes_since(tx: Tx, baseline: Baseline) -> dict[ComponentKey, Pair]:
    """Give what differs from the baseline now. One statement, O(changes since)."""
    found = dict(baseline.work)
    for change in load_changes(tx, after=baseline.version):
        before, _ = found.get(change.component, (change.before, None))
        found[change.component] = before, change.after
    return {key: pair for key, pair in found.items() if pair[0] != pair[1]}


def tree_of_baseline(tx: Tx, baseline: Baseline) -> Tree:
    """Give the whole tree of a baseline: component -> digest."""
    tree = tree_at(tx, baseline.version)
    for component, (before, _) in baseline.work.items():
        if before is None:
            tree.pop(component, None)
        else:
            tree[component] = before
    return tree


def note_baseline(tx: Tx, told: str, contents: Mapping[ComponentKey, Content]) -> Digest:
    """Note that this sandbox has its parent's tree in it, as it is now; give the tree's digest.

    Call it inside the fence, so that what is compared is one version. What the tree says and the
    sandbox does not is kept, to be compared and merged with later.
    """
    tree: Tree = {key: content.digest for key, content in contents.items()}
    here, digest = load_tree(tx), tree_digest(tree)
    work = {
        key: (tree.get(key), here.get(key))
        for key in sorted(tree.keys() | here.keys())
        if tree.get(key) != here.get(key)
    }
    keep_texts(tx, {key: contents[key] for key, (before, _) in work.items() if before is not None})
    tx.run(native(tx, _PUT), (digest, told, read_head(tx).version, to_json(work)))
    return digest


def _work(text: str) -> dict[ComponentKey, Pair]:
    known = cast("dict[str, list[Digest | None]]", from_json(text))
    return {ComponentKey(key): (before, after) for key, (before, after) in known.items()}
