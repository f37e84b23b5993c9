"""Whole configurations there and back: every kind is stored, exported, compared and planned."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy_tool.sources.checking import check_folder
from engine.diff import diff_trees
from engine.model.kinds import KINDS
from engine.names import split_key
from engine.source import make_tree

SHIPPED, CONTRACT = Path("metadata"), Path("tests/fixtures/contract")
FOLDERS = pytest.mark.parametrize("folder", [SHIPPED, CONTRACT], ids=["shipped", "contract"])


def _bytes(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".patron" not in path.parts
    }


@FOLDERS
def test_pull_over_the_author_s_files_changes_no_byte(patron, tmp_path, folder):
    """What was published comes back as it was written, comments and layout included."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert patron("init", "--from", copy).code == 0

    done = patron("pull", "production", "--to", copy, "--json")

    assert done.json["changed"] == []
    assert _bytes(copy) == _bytes(folder)


@FOLDERS
@pytest.mark.parametrize("format", ["yaml", "json"])
def test_pull_into_an_empty_folder_says_the_same(patron, tmp_path, folder, format):
    """Another layout of files, the same tree, on either database."""
    assert patron("init", "--from", folder).code == 0

    patron("pull", "production", "--to", tmp_path / "new", "--format", format)

    there, here = check_folder(tmp_path / "new"), check_folder(folder)
    status = patron("status", "--json").json["environments"][0]
    assert there.problems == ()
    assert there.tree.digest == here.tree.digest == status["tree"]
    plan = patron("plan", "--from", tmp_path / "new", "--to", "production", "--json").json
    assert plan["changes"] == []


def test_every_kind_is_compared():
    """A component of each kind that goes, comes or changes its label is one operation."""
    tree = check_folder(CONTRACT).tree
    kinds = {split_key(key)[0]: key for key in tree.docs}
    assert set(kinds) == set(KINDS)

    for key in kinds.values():
        without = make_tree(doc for doc in tree.docs.values() if doc.key != key)
        (gone,), (back,) = diff_trees(tree, without), diff_trees(without, tree)
        assert (gone.op, gone.component) == ("retire", key)
        assert (back.op, back.component) == ("add", key)
        assert gone.explain()
        assert back.explain()
