"""What happened to the target since the work of a plan began: who changed what, does it overlap?

Separate from planning, because nothing here changes the result: the merge decides, this tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from deploy_tool.plans.plan import Elsewhere, SinceBase
from engine.diff.compare import without_order
from engine.names import ComponentKey
from engine.source import SourceTree, tree_from_stored
from engine.store.platform.journal import Change, load_changes, load_log
from engine.store.platform.versions import Version, load_revisions
from engine.store.tx import Tx

MOST = 1000  # versions that are looked at


def since_base(
    tx: Tx, base: int, touched: Collection[ComponentKey], conflicts: Collection[ComponentKey]
) -> tuple[SinceBase, ...]:
    """List the versions after `base`, oldest first, with the components that each changed.

    `touched`: what comes in differs from the base here. `conflicts`: what both sides changed
    differently. Two statements.
    """
    versions = [v for v in load_log(tx, limit=MOST) if v.number > base]
    changed: dict[int, list[ComponentKey]] = {}
    changes = load_changes(tx, after=base) if versions else []
    moved = _only_moved(tx, changes)
    for change in changes:
        if change not in moved:
            changed.setdefault(change.version, []).append(change.component)
    return tuple(
        _told(version, changed.get(version.number, ()), touched, conflicts)
        for version in reversed(versions)
    )


def _only_moved(tx: Tx, changes: Iterable[Change]) -> frozenset[Change]:
    """Find objects of which only the order of their children changed: the children tell that."""
    heads = [c for c in changes if c.component.startswith("object:") and c.before and c.after]
    wanted = {(c.component, digest) for c in heads for digest in (c.before, c.after) if digest}
    data: dict[tuple[str, str | None], object] = {}
    for key, text, source in load_revisions(tx, sorted(wanted)):
        doc = tree_from_stored([(key, text, source or "")]).docs[key]
        data[key, doc.digest] = without_order(doc.data)
    return frozenset(
        c for c in heads if data.get((c.component, c.before)) == data.get((c.component, c.after))
    )


def touched_by(incoming: SourceTree, base: SourceTree) -> frozenset[ComponentKey]:
    """Give the components that what comes in adds, changes or ends, seen from its base."""
    keys = incoming.tree.keys() | base.tree.keys()
    return frozenset(key for key in keys if incoming.tree.get(key) != base.tree.get(key))


def _told(
    version: Version,
    components: Iterable[ComponentKey],
    touched: Collection[ComponentKey],
    conflicts: Collection[ComponentKey],
) -> SinceBase:
    def overlap(key: ComponentKey) -> str:
        if key in conflicts:
            return "conflict"
        return "merged" if key in touched else "none"

    return SinceBase(
        version=version.number,
        by=version.actor,
        at=version.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        source=version.source,
        deployment=version.deployment,
        changes=tuple(Elsewhere(component=key, overlap=overlap(key)) for key in components),
    )
