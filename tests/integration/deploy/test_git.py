"""Git merges metadata by component and property; run in a real repository."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from deploy_tool.cli import main
from deploy_tool.git_merging import merge_file
from tests.conftest import missing
from tests.integration.deploy.conftest import DEAL, PROJECT

COMMENTED = "# What we sell.\n" + DEAL


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Make a repository with a small configuration in crm/, and the driver installed."""
    if shutil.which("git") is None:
        missing("git is not installed")
    folder = tmp_path / "crm" / "objects"
    folder.mkdir(parents=True)
    (tmp_path / "crm" / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "deal.yaml").write_text(COMMENTED, encoding="utf-8")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.test")
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch=main")
    assert main(["git", "install"]) == 0
    commit("start")
    return folder / "deal.yaml"


def git(*words: str) -> subprocess.CompletedProcess[str]:
    """Run git here."""
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False)


def commit(message: str) -> None:
    """Commit everything."""
    git("add", "--all")
    assert git("commit", "--quiet", "--message", message).returncode == 0


def branched(file, ours: str, theirs: str) -> subprocess.CompletedProcess[str]:
    """Change a file on two branches and merge them."""
    git("checkout", "--quiet", "-b", "theirs")
    file.write_text(theirs, encoding="utf-8")
    commit("theirs")
    git("checkout", "--quiet", "main")
    file.write_text(ours, encoding="utf-8")
    commit("ours")
    return git("merge", "--no-edit", "theirs")


def test_two_properties_of_one_line_are_merged(repository):
    """Git alone would see one line changed twice."""
    ours = COMMENTED.replace("{type: currency}", "{type: currency, label: Worth}")
    theirs = COMMENTED.replace("{type: currency}", "{type: currency, index: true}")

    done = branched(repository, ours, theirs)

    assert done.returncode == 0, done.stdout + done.stderr
    text = repository.read_text(encoding="utf-8")
    assert "label: Worth" in text
    assert "index: true" in text
    assert text.startswith("# What we sell.\n")


def test_one_property_changed_twice_is_a_conflict_that_is_named(repository):
    """Markers stay for a person, and stderr says which property it is about."""
    ours = COMMENTED.replace("label: Deal", "label: Sale")
    theirs = COMMENTED.replace("label: Deal", "label: Bargain")

    done = branched(repository, ours, theirs)

    assert done.returncode == 1
    assert "object:deal label" in done.stdout + done.stderr
    assert "<<<<<<<" in repository.read_text(encoding="utf-8")


def test_installing_twice_writes_each_line_once(repository):
    """A second call changes nothing."""
    attributes = repository.parent.parent / ".gitattributes"
    before = attributes.read_text(encoding="utf-8")

    assert main(["git", "install"]) == 0

    assert attributes.read_text(encoding="utf-8") == before


def test_outside_of_a_repository_it_says_so(tmp_path, monkeypatch):
    """Exit 64 and a sentence."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, "GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert main(["git", "install"]) == 64


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_a_side_that_cannot_be_read_is_left_to_git(broken):
    """Nothing is guessed from broken YAML."""
    texts = [DEAL, DEAL, DEAL]
    texts[broken] = "object: [deal\n"

    merged = merge_file("objects/deal.yaml", *texts)

    assert merged.text is None
    assert merged.conflicts


def test_a_file_added_on_both_sides_is_merged_from_nothing():
    """The base is empty then."""
    merged = merge_file("objects/deal.yaml", "", DEAL, DEAL)

    assert merged.text == DEAL
