"""What A and B mean, and what is said when they mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy_tool.exits import UsageWrong
from deploy_tool.sources.places import (
    EnvironmentPlace,
    FolderPlace,
    GitPlace,
    read_environment,
    read_place,
)

KNOWN = ("production", "discounts")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a directory that holds `crm` with a project and `empty` without one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "project.yaml").write_text("project: acme\n")
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_an_environment_goes_by_its_name():
    """A plain name of an environment is what runs there now."""
    assert read_place("production", KNOWN) == EnvironmentPlace(name="production")


def test_the_name_of_an_environment_wins_over_a_directory(folder):
    """A directory called like an environment needs a slash."""
    (folder / "discounts").mkdir()
    (folder / "discounts" / "project.yaml").write_text("project: acme\n")

    assert read_place("discounts", KNOWN) == EnvironmentPlace(name="discounts")
    assert read_place("./discounts", KNOWN) == FolderPlace(path=Path("discounts"))


@pytest.mark.usefixtures("folder")
def test_a_number_after_the_at_sign_is_a_version():
    """`production@118` is what production ran then."""
    assert read_place("production@118", KNOWN) == EnvironmentPlace(name="production", version=118)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("text", ["crm", "./crm", "crm/"])
def test_a_directory_holds_a_project_or_has_a_slash(text):
    """The root of a configuration needs no slash."""
    assert read_place(text, KNOWN) == FolderPlace(path=Path("crm"))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("prodution", "prodution is neither an environment", 'did you mean "production"?'),
        ("zzz", "zzz is neither an environment", "patron env list"),
        ("empty", "The directory empty holds no project.yaml", "./empty"),
        ("./nowhere", "There is no directory ./nowhere", "project.yaml"),
        ("elsewhere@3", "elsewhere@3 is neither", "patron env list"),
    ],
)
def test_what_is_nowhere_is_refused_with_what_helps(text, message, hint):
    """The sentence names what was typed, the hint the way on."""
    with pytest.raises(UsageWrong) as caught:
        read_place(text, KNOWN)

    assert caught.value.code == "U100"
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.usefixtures("folder")
def test_a_git_revision_is_named_with_or_without_the_folder_of_its_project():
    """What git knows is asked later; an environment's name cannot hold a colon."""
    assert read_place("git:v1.2", KNOWN) == GitPlace(text="git:v1.2", revision="v1.2")
    named = GitPlace(text="git:main:crm/eu", revision="main", folder="crm/eu")
    assert read_place("git:main:crm/eu", KNOWN) == named


@pytest.mark.usefixtures("folder")
def test_a_git_revision_without_a_name_is_nothing():
    """`git:` alone is refused as what is nowhere."""
    with pytest.raises(UsageWrong) as caught:
        read_place("git:", KNOWN)

    assert caught.value.code == "U100"


def test_an_environment_that_must_exist_is_named_or_made():
    """Without any environment the way on is `init`, with some it is the nearest name."""
    with pytest.raises(UsageWrong) as none_yet:
        read_environment("production", ())
    with pytest.raises(UsageWrong) as misspelt:
        read_environment("prodution", KNOWN)

    assert "patron init" in none_yet.value.hint
    assert misspelt.value.hint == 'did you mean "production"?'
    assert read_environment("production", KNOWN) == "production"
