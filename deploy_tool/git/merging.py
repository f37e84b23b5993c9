"""Merges one metadata file by component and property: git's merge driver for Patron.

    python -m deploy_tool.git.merging BASE OURS THEIRS PATH

Separate from the command line and light on purpose: git starts it once per file, so it loads
neither the database nor the web, judges nothing by JSON Schema, and keeps files in memory. What
both sides changed alike or in different properties is merged, comments kept; what they changed
differently is left to git's own markers, and each property is named on stderr. Git sees 0 for
merged, more for conflicts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

from engine.diff import apply_operations, merge_components
from engine.errors import Problem
from engine.names import ComponentKey
from engine.source import (
    SourceDoc,
    SourceTree,
    digest_of,
    make_tree,
    rewrite_texts,
    tree_from_texts,
)

MERGED = 0
GIT_MERGE = ("git", "merge-file", "-L", "ours", "-L", "base", "-L", "theirs")


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedFile:
    """The merged text; None where git's own merge has to show what is in conflict."""

    text: str | None
    conflicts: tuple[str, ...] = ()  # component and property, as people read them


def merge_file(path: str, base: str, ours: str, theirs: str) -> MergedFile:
    """Merge three texts of one file. `path` is where it lies below the metadata folder."""
    read = [read_side(path, text) for text in (base, ours, theirs)]
    if any(problems for _, problems in read):
        return MergedFile(
            text=None, conflicts=("one side cannot be read: `patron check` says why",)
        )
    old, mine, other = (tree for tree, _ in read)
    merge = merge_components(_data(old), _data(mine), _data(other))
    if merge.conflicts:
        named = tuple(f"{c.component} {c.property}".strip() for c in merge.conflicts)
        return MergedFile(text=None, conflicts=named)
    tree = _tree(merge.components, mine, other)
    written = rewrite_texts(tree, {path: ours} if ours.strip() else {})
    return _joined(path, written.pop(path, ""), tuple(written.values()))


def _joined(path: str, own: str, others: tuple[str, ...]) -> MergedFile:
    """Keep in this file what would get a file of its own elsewhere: git gave this one alone."""
    texts = [text for text in (own, *others) if text.strip()]
    if len(texts) > 1 and path.endswith(".json"):
        return MergedFile(text=None, conflicts=("documents were added to a file of JSON",))
    return MergedFile(text="---\n".join(texts))


def read_side(path: str, text: str) -> tuple[SourceTree, tuple[Problem, ...]]:
    """Read one version of a file; an empty one holds nothing. `patron check` judges the result."""
    return tree_from_texts({path: text} if text.strip() else {}, is_judged=False)


def metadata_path(path: str) -> str:
    """Give a file's path below its metadata folder: `crm/objects/deal.yaml` -> `objects/deal.yaml`.

    The folder is the one that holds project.yaml; without one, everything before the last known
    folder of kinds goes.
    """
    parts = PurePosixPath(path).parts
    for place in range(len(parts) - 1):
        if Path(*parts[: place + 1], "project.yaml").exists():
            return "/".join(parts[place + 1 :])
    return path if Path("project.yaml").exists() else "/".join(parts[-2:])


def _data(tree: SourceTree) -> dict[ComponentKey, Mapping[str, object]]:
    return {key: doc.data for key, doc in tree.docs.items()}


def _tree(
    merged: Mapping[ComponentKey, Mapping[str, object]], mine: SourceTree, other: SourceTree
) -> SourceTree:
    """Turn merged data into documents, with the text of a side wherever one fits."""
    sides = [(tree, apply_operations(_data(tree), ())) for tree in (mine, other)]
    docs = []
    for key, data in merged.items():
        fitting = next((tree for tree, known in sides if known.get(key) == data), None)
        made = SourceDoc(key=key, data=data, digest=digest_of(data))
        docs.append(fitting.docs[key] if fitting else made)
    return make_tree(docs)


def main(arguments: list[str]) -> int:
    """Merge into OURS, as git asks for it."""
    base, ours, theirs = (Path(name) for name in arguments[:3])
    texts = [file.read_text(encoding="utf-8") for file in (base, ours, theirs)]
    merged = merge_file(metadata_path(arguments[3]), *texts)
    if merged.text is not None:
        ours.write_text(merged.text, encoding="utf-8")
        return MERGED
    for named in merged.conflicts:
        sys.stderr.write(f"{arguments[3]}: {named} changed on both sides\n")
    return _leave_to_git(ours, base, theirs)


def _leave_to_git(ours: Path, base: Path, theirs: Path) -> NoReturn:
    """Let git take over this process: it writes its markers, and ends as git expects."""
    os.execvp("git", [*GIT_MERGE, str(ours), str(base), str(theirs)])  # noqa: S606, S607  # nosec B606 B607


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
