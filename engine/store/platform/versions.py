"""Versions of a configuration: content by digest, the tree of the head, and how the next is made.

`publish` is the one place that changes any of it; `journal` looks back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.errors import DeploymentFailed
from engine.names import ComponentKey, Digest
from engine.store.instants import instant_of, milliseconds
from engine.store.platform.derived import concerns_access, derive_access
from engine.store.platform.head import Head, move_head, new_token, read_head
from engine.store.steps import at_step
from engine.store.text import native
from engine.store.tx import Tx

Tree = dict[ComponentKey, Digest]
StoredComponent = tuple[ComponentKey, str, str | None]  # key, canonical JSON, the author's text

# Where a publication may be killed in a test, in order; "publish.done" is after the commit.
PUBLISH_STEPS = (
    "publish.begin",
    "publish.revisions",
    "publish.components",
    "publish.derived",
    "publish.journal",
    "publish.version",
    "publish.head",
    "publish.commit",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a component becomes: canonical JSON, its digest, the author's text if there is one."""

    digest: Digest
    data: str
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One entry of the linear history. `source`: ui api deploy refresh rollback import."""

    number: int
    parent: int
    tree: Digest
    token: str
    source: str
    actor: str
    reason: str
    at: datetime
    git_revision: str | None = None
    deployment: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who makes a version, when, through which door and why."""

    source: str
    actor: str
    at: datetime
    reason: str = ""
    git_revision: str | None = None
    deployment: int | None = None


def load_tree_rows(tx: Tx) -> list[StoredComponent]:
    """Give every component of the head: key, canonical JSON, source text. In order of the key."""
    return [
        (ComponentKey(key), data, source)
        for key, data, source in tx.rows(
            "SELECT c.component, r.data, r.source FROM patron_component c JOIN patron_revision r"
            " ON r.component = c.component AND r.digest = c.digest ORDER BY c.component"
        )
    ]


def load_contents(tx: Tx) -> dict[ComponentKey, tuple[Digest, str]]:
    """Give digest and canonical JSON of every component of the head, in order of the key."""
    rows = tx.rows(
        "SELECT c.component, c.digest, r.data FROM patron_component c JOIN patron_revision r"
        " ON r.component = c.component AND r.digest = c.digest ORDER BY c.component"
    )
    return {ComponentKey(key): (Digest(digest), data) for key, digest, data in rows}


def load_contents_since(tx: Tx, version: int) -> dict[ComponentKey, tuple[Digest, str] | None]:
    """Give what the versions after one changed, each as it is at the end; None is gone.

    One statement, O(changes). Whoever adds it to what they had compares the digest of the whole.
    """
    sql = native(
        tx,
        "SELECT c.component, c.after, r.data FROM patron_change c LEFT JOIN patron_revision r"
        " ON r.component = c.component AND r.digest = c.after WHERE c.version > ?"
        " ORDER BY c.version",
    )
    return {
        ComponentKey(key): None if digest is None else (Digest(digest), data)
        for key, digest, data in tx.rows(sql, (version,))
    }


def load_tree(tx: Tx) -> Tree:
    """Give the head's tree: component -> digest, in order of the key."""
    sql = "SELECT component, digest FROM patron_component ORDER BY component"
    return {ComponentKey(key): Digest(digest) for key, digest in tx.rows(sql)}


def load_missing(tx: Tx, known: Mapping[ComponentKey, Digest]) -> list[StoredComponent]:
    """Give the head's components whose digest differs from `known`; costs two statements.

    What the head no longer has is what `load_tree` does not name.
    """
    wanted = [(key, digest) for key, digest in load_tree(tx).items() if known.get(key) != digest]
    return load_revisions(tx, wanted)


def load_revisions(tx: Tx, wanted: Iterable[tuple[ComponentKey, Digest]]) -> list[StoredComponent]:
    """Give revisions by component and digest, of any version. One statement per 200."""
    pairs, found = list(wanted), []
    for start in range(0, len(pairs), 200):
        some = pairs[start : start + 200]
        places = ", ".join(["(?, ?)"] * len(some))
        sql = native(
            tx,
            "SELECT component, data, source FROM patron_revision"
            f" WHERE (component, digest) IN (VALUES {places})",
        )
        found += tx.rows(sql, [part for pair in some for part in pair])
    return [(ComponentKey(key), data, source) for key, data, source in found]


def publish(
    tx: Tx,
    *,
    base: int,
    changes: Mapping[ComponentKey, Content | None],
    origin: Origin,
) -> Version:
    """Make the next version: content, tree, journal, version and head, in the open transaction.

    Call it inside `fence.switching`. `changes` holds only components that differ from the head;
    None removes one. Nothing of it is seen before the commit.
    Raises: DeploymentFailed D102 (exit 7) when the head is not at `base` any more.
    """
    at_step("publish.begin")
    head = read_head(tx)
    if head.version != base:
        raise DeploymentFailed(
            f"The plan was made for version {base}, and the environment is at {head.version} now.",
            step="verify",
            code="D102",
            exit_code=7,
            hint="make a new plan",
        )
    before = load_tree(tx)
    at_step("publish.revisions")
    _write_revisions(tx, changes)
    at_step("publish.components")
    after = _write_components(tx, before, changes)
    at_step("publish.derived")
    if any(map(concerns_access, changes)):
        derive_access(tx, at=origin.at)
    at_step("publish.journal")
    _write_journal(tx, base + 1, before, changes)
    version = _version(base, tree_digest(after), origin)
    at_step("publish.version")
    _write_version(tx, version)
    at_step("publish.head")
    move_head(tx, Head(version=version.number, token=version.token, tree=version.tree))
    at_step("publish.commit")
    return version


def keep_texts(tx: Tx, texts: Mapping[ComponentKey, Content]) -> None:
    """Keep other comments for content that is there already; no version comes of it."""
    _write_revisions(tx, texts)


def tree_digest(tree: Mapping[ComponentKey, Digest]) -> Digest:
    """Give the hash of a tree: over its lines "key digest" in order of the key."""
    lines = "".join(f"{key} {tree[key]}\n" for key in sorted(tree))
    return Digest(hashlib.sha256(lines.encode()).hexdigest())


COLUMNS = "number, parent, tree, token, source, actor, reason, at, git_revision, deployment"


def read_version(row: tuple[object, ...]) -> Version:
    """Read a row of `COLUMNS`."""
    values = dict(zip(COLUMNS.split(", "), row, strict=True))
    values["at"] = instant_of(int(str(values["at"])))
    return Version(**values)  # type: ignore[arg-type]  # the columns are the fields, in their types


def _version(base: int, tree: Digest, origin: Origin) -> Version:
    return Version(
        number=base + 1,
        parent=base,
        tree=tree,
        token=new_token(),
        source=origin.source,
        actor=origin.actor,
        reason=origin.reason,
        at=origin.at,
        git_revision=origin.git_revision,
        deployment=origin.deployment,
    )


def _write_revisions(tx: Tx, changes: Mapping[ComponentKey, Content | None]) -> None:
    """Keep content; what is there already stays, but for comments that the author changed."""
    rows = [(key, c.digest, c.data, c.source) for key, c in changes.items() if c is not None]
    sql = native(
        tx,
        "INSERT INTO patron_revision (component, digest, data, source) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (component, digest) DO UPDATE"
        " SET source = coalesce(excluded.source, patron_revision.source)",
    )
    if rows:
        tx.many(sql, rows)


def _write_components(tx: Tx, before: Tree, changes: Mapping[ComponentKey, Content | None]) -> Tree:
    after = dict(before)
    for key, content in changes.items():
        if content is None:
            after.pop(key, None)
        else:
            after[key] = content.digest
    gone = [(key,) for key in before if key not in after]
    if gone:
        tx.many(native(tx, "DELETE FROM patron_component WHERE component = ?"), gone)
    put = [(key, digest) for key, digest in after.items() if before.get(key) != digest]
    sql = native(
        tx,
        "INSERT INTO patron_component (component, digest) VALUES (?, ?)"
        " ON CONFLICT (component) DO UPDATE SET digest = excluded.digest",
    )
    if put:
        tx.many(sql, put)
    return after


def _write_journal(
    tx: Tx, version: int, before: Tree, changes: Mapping[ComponentKey, Content | None]
) -> None:
    rows = [
        (version, key, before.get(key), None if content is None else content.digest)
        for key, content in changes.items()
        if before.get(key) != (None if content is None else content.digest)
    ]
    sql = "INSERT INTO patron_change (version, component, before, after) VALUES (?, ?, ?, ?)"
    if rows:
        tx.many(native(tx, sql), rows)


def _write_version(tx: Tx, version: Version) -> None:
    values = [getattr(version, name) for name in COLUMNS.split(", ")]
    values[7] = milliseconds(version.at)
    marks = ", ".join("?" * len(values))
    tx.run(native(tx, f"INSERT INTO patron_version ({COLUMNS}) VALUES ({marks})"), values)
