"""Every configuration of the repository survives each way through files, JSON and storage."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from engine.compile import compile_model
from engine.model.kinds import KINDS
from engine.names import split_key
from engine.source import (
    SourceTree,
    canonical,
    format_folder,
    load_tree,
    tree_from_stored,
    write_tree,
)

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "tests" / "fixtures" / "contract"
FOLDERS = (ROOT / "metadata", CONTRACT)


def sound(folder: Path) -> SourceTree:
    """Read a folder in which nothing is wrong."""
    tree, problems = load_tree(folder)
    assert not problems, "\n".join(map(str, problems))
    return tree


def stored(tree: SourceTree, *, texts: bool) -> SourceTree:
    """Take a tree through the database, with or without the authors' texts."""
    return tree_from_stored(
        (key, canonical(doc.data), doc.text if texts else "") for key, doc in tree.docs.items()
    )


def files(folder: Path) -> dict[str, bytes]:
    """Give every file of a folder by its name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("format", ["yaml", "json"])
@pytest.mark.parametrize("texts", [True, False], ids=["texts", "data"])
def test_load_write_load_is_the_same(
    folder: Path, format: str, tmp_path: Path, *, texts: bool
) -> None:
    """Stored and pulled into an empty folder, a configuration has the same digest; twice too."""
    tree = sound(folder)

    write_tree(stored(tree, texts=texts), tmp_path, format=format, scope=())
    pulled = sound(tmp_path)

    assert pulled.digest == tree.digest
    assert write_tree(pulled, tmp_path, scope=()) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_pull_load_pull_is_byte_identical(folder: Path, tmp_path: Path) -> None:
    """Pulling over the files that were applied changes no byte, whatever the order of rows."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    before = files(tmp_path)
    tree = stored(sound(folder), texts=False)
    shuffled = tree_from_stored(
        sorted(((k, canonical(d.data), "") for k, d in tree.docs.items()), reverse=True)
    )

    assert write_tree(shuffled, tmp_path, scope=()) == []
    assert files(tmp_path) == before


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_formatting_says_the_same_and_is_stable(folder: Path, tmp_path: Path) -> None:
    """`fmt` changes neither a digest nor a comment, and twice is once."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    comments = sorted(_comments(files(tmp_path)))

    format_folder(tmp_path)

    assert sound(tmp_path).digest == sound(folder).digest
    assert sorted(_comments(files(tmp_path))) == comments
    assert format_folder(tmp_path, write=False) == []


def _comments(texts: dict[str, bytes]) -> list[str]:
    return [
        comment
        for text in texts.values()
        for comment in re.findall(r"(?:^|\s)(#.*)$", text.decode(), re.MULTILINE)
    ]


def test_the_examples_of_the_format_pass() -> None:
    """The page's examples are one configuration, and nothing is wrong with it."""
    model, problems = compile_model(sound(CONTRACT))

    assert not problems, "\n".join(map(str, problems))
    assert model is not None


def test_the_examples_of_the_format_show_every_kind() -> None:
    """No kind of the page is left out of the configuration made of its examples."""
    assert {split_key(key)[0] for key in sound(CONTRACT).docs} == set(KINDS)
