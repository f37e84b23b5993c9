"""How far a sandbox has moved from where its parent was: what there is to promote.

Separate from plans, which say what promoting would do: this is the number on the bar of every page
of a sandbox, so it must cost nothing. The baseline and the journal since then tell what differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.diff import Operation, diff_trees
from engine.names import ComponentKey, Digest
from engine.snapshots import Environment
from engine.source import SourceTree, tree_from_stored
from engine.store.memo import Memo
from engine.store.platform.baselines import changes_since, find_baseline
from engine.store.platform.head import read_head
from engine.store.platform.versions import load_revisions
from engine.store.tx import Tx

_BASES: Memo[tuple[str, str], str] = Memo(256)
_FOUND: Memo[tuple[str, str], tuple[Operation, ...]] = Memo(256)


def changes_since_baseline(
    environment: Environment, tx: Tx, token: str | None = None
) -> Sequence[Operation]:
    """Give what differs from the sandbox's baseline, as a plan would list it; () for production.

    Costs nothing when the head is known: `token` is that of the snapshot which the transaction
    pins (`session.snapshot.token`). Else six statements, O(changes since the baseline).
    """
    baseline = environment.row.baseline
    if baseline is None:
        return ()
    head = token if token is not None else read_head(tx).token
    return _FOUND.get_or_make((head, baseline), lambda: _compare(tx, baseline))


def base_of(environment: Environment, tx: Tx) -> str:
    """Name the version that a sandbox is based on, "production@41"; "" for production.

    Costs one statement the first time, nothing afterwards.
    """
    baseline = environment.row.baseline
    if baseline is None:
        return ""
    key = (f"{environment.row.url} {environment.row.schema}", baseline)
    return _BASES.get_or_make(key, lambda: _base(tx, baseline))


def _base(tx: Tx, tree: str) -> str:
    found = find_baseline(tx, tree)
    return "" if found is None else found.told


def _compare(tx: Tx, tree: str) -> tuple[Operation, ...]:
    baseline = find_baseline(tx, tree)
    if baseline is None:
        return ()
    moved = changes_since(tx, baseline)
    before = {key: digests[0] for key, digests in moved.items()}
    after = {key: digests[1] for key, digests in moved.items()}
    return diff_trees(_tree(tx, before), _tree(tx, after))


def _tree(tx: Tx, digests: Mapping[ComponentKey, Digest | None]) -> SourceTree:
    """Give the part of a tree that moved."""
    wanted = [(key, digest) for key, digest in digests.items() if digest is not None]
    rows = load_revisions(tx, wanted)
    return tree_from_stored((key, data, text or "") for key, data, text in rows)
