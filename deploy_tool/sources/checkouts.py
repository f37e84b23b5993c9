"""Files of a configuration at hand: those of a directory, or of a git revision without a checkout.

Separate from `places`, which only says what was meant: here git is asked, and the files of a
revision lie in a directory of their own for as long as somebody reads them. The working tree and
the index of the repository are left alone.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deploy_tool.exits import UsageWrong
from deploy_tool.sources.checking import Checked, check_folder
from deploy_tool.sources.places import PROJECT_FILES, FolderPlace, GitPlace
from deploy_tool.sources.revisions import git_revision
from engine.source.files import SUFFIXES

_ORDINARY = frozenset({"100644", "100755"})  # modes of files; links and submodules are not read
_NAMED = 5  # folders that a message lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where the files lie, what people call that place, and the commit that they are, or ""."""

    path: Path
    shown: Path
    revision: str


@contextmanager
def at_hand(place: FolderPlace | GitPlace) -> Iterator[Files]:
    """Give the files of a place; those of a revision are gone afterwards.

    Raises: UsageWrong U140 when git knows no such revision, U141 when it holds no one project.
    """
    if isinstance(place, FolderPlace):
        yield Files(path=place.path, shown=place.path, revision=git_revision(place.path))
        return
    commit = _commit(place)
    files = _listed(commit)
    root = _project_folder(place, files)
    with tempfile.TemporaryDirectory(prefix="patron-git-") as folder:
        _write(files, root, Path(folder))
        yield Files(path=Path(folder), shown=Path(place.text), revision=commit)


def check_place(place: FolderPlace | GitPlace) -> Checked:
    """Read and compile the files of a place. Raises: UsageWrong U140 and U141."""
    with at_hand(place) as files:
        return check_folder(files.path, files.shown)


def _commit(place: GitPlace) -> str:
    """Give the hash of a revision. Raises: UsageWrong U140."""
    named = f"{place.revision}^{{commit}}"
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", named)
    if found is None:
        inside = _git("rev-parse", "--show-toplevel") is not None
        raise UsageWrong(
            message=f"Git knows no revision {place.revision} here."
            if inside
            else "This is no git repository, or git is not installed.",
            code="U140",
            hint="git log --oneline shows what there is; git fetch brings what others have"
            if inside
            else "run it inside the repository",
        )
    return found.decode().strip()


def _listed(commit: str) -> dict[str, str]:
    """List the files of a commit: name -> id of its content."""
    found = _git("ls-tree", "-r", "-z", "--full-tree", commit) or b""
    files = {}
    for entry in filter(None, found.decode("utf-8", "surrogateescape").split("\0")):
        told, _, name = entry.partition("\t")
        mode, *_, content = told.split(" ")
        if mode in _ORDINARY:
            files[name] = content
    return files


def _project_folder(place: GitPlace, files: dict[str, str]) -> str:
    """Choose the folder of a commit that holds the project. Raises: UsageWrong U141."""
    folders = sorted({str(PurePosixPath(n).parent) for n in files if _is_project(n)})
    here = (_git("rev-parse", "--show-prefix") or b"").decode().strip().rstrip("/") or "."
    wanted = place.folder.strip("/") or here
    if wanted in folders:
        return wanted
    if place.folder or not folders:
        where = f"the folder {place.folder} of " if place.folder else ""
        message = f"In {where}revision {place.revision} there is no project.yaml."
        hint = f"git:{place.revision}:{folders[0]} is one that has it" if folders else ""
        raise UsageWrong(message=message, code="U141", hint=hint)
    if len(folders) > 1:
        named = ", ".join(folders[:_NAMED])
        message = f"Revision {place.revision} holds several projects: {named}."
        hint = f"name one: git:{place.revision}:{folders[0]}"
        raise UsageWrong(message=message, code="U141", hint=hint)
    return folders[0]


def _is_project(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name in PROJECT_FILES and not any(part.startswith(".") for part in path.parts)


def _write(files: dict[str, str], root: str, folder: Path) -> None:
    """Write the metadata files below a folder of a commit, byte by byte as git holds them.

    Raises: UsageWrong U140 for a file that is not in this repository: it must not pass for deleted.
    """
    paths = {PurePosixPath(name): content for name, content in files.items()}
    below = {
        path.relative_to(root): content
        for path, content in paths.items()
        if path.suffix in SUFFIXES and path.is_relative_to(root)
    }
    contents = _contents(tuple(below.values()))
    for path, content in below.items():
        if content not in contents:
            message = f"Git has lost {path} of this revision, or never fetched it."
            raise UsageWrong(message=message, code="U140", hint="git fetch brings what others have")
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(contents[content])


def _contents(ids: Sequence[str]) -> dict[str, bytes]:
    """Read contents by their ids, in one process of git; those that it does not have are left out.

    It answers each id with a line, `ID blob SIZE` or `ID missing`, and so many bytes and a newline.
    """
    rest = _git("cat-file", "--batch", given="".join(f"{one}\n" for one in ids).encode()) or b""
    found = {}
    while rest:
        told, _, rest = rest.partition(b"\n")
        name, sort, *size = told.decode().split(" ")
        if sort == "blob":
            length = int(size[0])
            found[name], rest = rest[:length], rest[length + 1 :]
    return found


def _git(*words: str, given: bytes | None = None) -> bytes | None:
    """Ask git about the repository around here; None where it has no answer."""
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run([git, *words], input=given, capture_output=True, check=False)  # noqa: S603  # git itself, and words of ours
    return done.stdout if done.returncode == 0 else None
