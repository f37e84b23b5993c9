"""What people mean by A and B: an environment, a version of it, or a directory.

Separate, because every command that compares or deploys reads its arguments by the same rules:
an environment's name wins; `ENV@N` is a version; `git:REV` is a revision of the repository around
here, `git:REV:FOLDER` where it holds several projects; a directory has a slash in its name or holds
project.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from deploy_tool.exits import UsageWrong
from engine.names import EnvironmentName, did_you_mean

VERSION = re.compile(r"(?P<name>[a-z][a-z0-9_-]*)@(?P<number>\d+)\Z")
PROJECT_FILES = ("project.yaml", "project.yml", "project.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentPlace:
    """An environment: as it runs now, or at a version of its history."""

    name: EnvironmentName
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPlace:
    """A directory of metadata files."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class GitPlace:
    """The metadata files of a git revision; `folder` "" is the one that holds the project."""

    text: str  # as the person named it
    revision: str
    folder: str = ""


Place = EnvironmentPlace | FolderPlace | GitPlace


def read_place(text: str, environments: Collection[str]) -> Place:
    """Tell what a person means by an argument.

    Raises: UsageWrong U100 when there is no such thing.
    """
    if text in environments:
        return EnvironmentPlace(name=EnvironmentName(text))
    found = VERSION.match(text)
    if found is not None and found["name"] in environments:
        return EnvironmentPlace(name=EnvironmentName(found["name"]), version=int(found["number"]))
    revision, _, folder = text.removeprefix("git:").partition(":")
    if text.startswith("git:") and revision:
        return GitPlace(text=text, revision=revision, folder=folder)
    if "/" in text or holds_project(Path(text)):
        return FolderPlace(path=read_folder(text))
    raise _unknown(text, environments)


def read_folder(text: str) -> Path:
    """Read the name of a directory that has to exist.

    Raises: UsageWrong U100.
    """
    path = Path(text)
    if path.is_dir():
        return path
    raise UsageWrong(
        message=f"There is no directory {text}.", hint="name the directory that holds project.yaml"
    )


def read_environment(text: str, environments: Collection[str]) -> EnvironmentName:
    """Read the name of an environment that has to exist.

    Raises: UsageWrong U100.
    """
    if text in environments:
        return EnvironmentName(text)
    if not environments:
        raise UsageWrong(
            message=f"There is no environment {text}: this installation has none yet.",
            hint="patron init --from DIR makes production",
        )
    raise UsageWrong(
        message=f"There is no environment {text}.",
        hint=did_you_mean(text, environments) or "patron env list shows what there is",
    )


def holds_project(folder: Path) -> bool:
    """Tell whether a directory is the root of a configuration."""
    return any((folder / name).is_file() for name in PROJECT_FILES)


def _unknown(text: str, environments: Collection[str]) -> UsageWrong:
    if Path(text).is_dir():
        return UsageWrong(
            message=f"The directory {text} holds no project.yaml.",
            hint=f"write ./{text} to use it anyway",
        )
    return UsageWrong(
        message=f"{text} is neither an environment nor a directory.",
        hint=did_you_mean(text, environments) or "patron env list shows the environments",
    )
