"""How far a sandbox has moved from where its parent was: what there is to promote.

Separate from plans, which say what promoting would do: this is the number on the bar of every page
of a sandbox, so it must cost nothing. The tree a sandbox started from is a version of its own
history; the journal since then tells what differs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.diff import Operation, diff_trees
from engine.names import ComponentKey, Digest
from engine.snapshots import Environment
from engine.source import SourceTree, tree_from_stored
from engine.store.memo import Memo
from engine.store.platform.head import read_head
from engine.store.platform.journal import find_by_tree, load_changes
from engine.store.platform.versions import load_revisions
from engine.store.text import native
from engine.store.tx import Tx

_REASON = (
    "SELECT reason FROM patron_version WHERE tree = ? AND reason <> '' ORDER BY number LIMIT 1"
)
_VERSION = re.compile(r"[a-z0-9_-]+@[0-9]+")  # as the reason of the first version tells it
_BASES: Memo[tuple[str, str], str] = Memo(256)
_FOUND: Memo[tuple[str, str], tuple[Operation, ...]] = Memo(256)


def changes_since_baseline(
    environment: Environment, tx: Tx, token: str | None = None
) -> Sequence[Operation]:
    """Give what differs from the sandbox's baseline, as a plan would list it; () for production.

    Costs nothing when the head is known: `token` is that of the snapshot which the transaction
    pins (`session.snapshot.token`). Else four statements, O(changes since the baseline).
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


def _base(tx: Tx, baseline: str) -> str:
    found = tx.row(native(tx, _REASON), (baseline,))
    named = _VERSION.search(str(found[0])) if found is not None else None
    return named[0] if named else ""


def _compare(tx: Tx, baseline: str) -> tuple[Operation, ...]:
    since = find_by_tree(tx, baseline) or 0
    before: dict[ComponentKey, Digest | None] = {}
    after: dict[ComponentKey, Digest | None] = {}
    for change in load_changes(tx, after=since):
        before.setdefault(change.component, change.before)
        after[change.component] = change.after
    moved = {key for key in before if before[key] != after[key]}
    return diff_trees(_tree(tx, before, moved), _tree(tx, after, moved))


def _tree(
    tx: Tx, digests: Mapping[ComponentKey, Digest | None], moved: set[ComponentKey]
) -> SourceTree:
    """Give the part of a tree that moved."""
    wanted = [(key, digest) for key in moved if (digest := digests[key]) is not None]
    rows = load_revisions(tx, wanted)
    return tree_from_stored((key, data, text or "") for key, data, text in rows)
