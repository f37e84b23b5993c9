"""Looking back: the log of versions, the journal of changes, and older trees.

The tree is kept as it is now; an older one is the present one walked back through the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import NotFound
from engine.names import ComponentKey, Digest
from engine.store.platform.head import read_head
from engine.store.platform.versions import COLUMNS, Tree, Version, load_tree, read_version
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the journal. None before: added; None after: removed."""

    version: int
    component: ComponentKey
    before: Digest | None
    after: Digest | None


def tree_at(tx: Tx, version: int) -> Tree:
    """Give the tree of a version: the head's, walked back through the journal.

    Raises: NotFound N102 for a version that never was.
    """
    head = read_head(tx)
    if not 0 <= version <= head.version:
        raise NotFound(f"There is no version {version}; the head is {head.version}.", code="N102")
    tree = load_tree(tx)
    for change in load_changes(tx, after=version, newest_first=True):
        if change.before is None:
            del tree[change.component]
        else:
            tree[change.component] = change.before
    return tree


def find_by_tree(tx: Tx, tree: str) -> int | None:
    """Give the newest version that has a tree, by its digest; None when none ever had."""
    sql = native(tx, "SELECT max(number) FROM patron_version WHERE tree = ?")
    found = tx.row(sql, (tree,))
    return None if found is None or found[0] is None else int(found[0])


def find_delivered(tx: Tx, project: str) -> int | None:
    """Give the newest version that is just what a git revision of a project says; None for none.

    A revision that was merged with other work of the environment is noted with a "+". Deployments
    of which nobody noted the project may be of any.
    """
    sql = (
        "SELECT max(v.number) FROM patron_version v"
        " LEFT JOIN patron_deployment d ON d.id = v.deployment"
        " WHERE v.git_revision IS NOT NULL AND v.git_revision NOT LIKE '%+%'"
        " AND coalesce(d.project, '') IN ('', ?)"
    )
    found = tx.row(native(tx, sql), (project,))
    return None if found is None or found[0] is None else int(found[0])


def find_deployed(tx: Tx, deployment: int) -> Version | None:
    """Give the version that a deployment became; None for one that became none."""
    sql = native(tx, f"SELECT {COLUMNS} FROM patron_version WHERE deployment = ?")
    row = tx.row(sql, (deployment,))
    return None if row is None else read_version(row)


def diff_versions(tx: Tx, one: int, two: int) -> dict[ComponentKey, tuple[Digest | None, ...]]:
    """Give what differs between two versions: component -> (digest in one, digest in two)."""
    first, second = tree_at(tx, one), tree_at(tx, two)
    return {
        key: (first.get(key), second.get(key))
        for key in sorted(first.keys() | second.keys())
        if first.get(key) != second.get(key)
    }


def load_changes(tx: Tx, *, after: int = 0, newest_first: bool = False) -> list[Change]:
    """Give the journal since a version, in order of version and component."""
    order = "version DESC" if newest_first else "version"
    sql = native(
        tx,
        f"SELECT version, component, before, after FROM patron_change WHERE version > ?"
        f" ORDER BY {order}, component",
    )
    return [
        Change(version=number, component=ComponentKey(key), before=before, after=now)
        for number, key, before, now in tx.rows(sql, (after,))
    ]


def load_log(tx: Tx, *, limit: int = 50, before: int | None = None) -> list[Version]:
    """Give versions, newest first; `before` goes on where an earlier page ended."""
    sql = f"SELECT {COLUMNS} FROM patron_version WHERE number < ? ORDER BY number DESC LIMIT ?"
    upper = before if before is not None else 2**53
    return [read_version(row) for row in tx.rows(native(tx, sql), (upper, limit))]


def load_blame(tx: Tx, component: ComponentKey) -> list[Version]:
    """Give the versions that changed one component, newest first."""
    columns = ", ".join(f"v.{name}" for name in COLUMNS.split(", "))
    sql = (
        f"SELECT {columns} FROM patron_version v JOIN patron_change c ON c.version = v.number"
        " WHERE c.component = ? ORDER BY v.number DESC"
    )
    return [read_version(row) for row in tx.rows(native(tx, sql), (component,))]


def find_version(tx: Tx, *, token: str) -> Version | None:
    """Tell whether a version was committed, after a connection was lost at its COMMIT."""
    sql = f"SELECT {COLUMNS} FROM patron_version WHERE token = ?"
    row = tx.row(native(tx, sql), (token,))
    return None if row is None else read_version(row)
