"""Files of a configuration on disk: which ones belong to it, and their text.

Separate, because everything that can be wrong with a file before it is YAML is decided here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from engine.errors import Problem

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
MAX_SIZE = 5_000_000  # bytes; the largest file that is read


def read_folder(folder: Path) -> tuple[dict[str, str], list[Problem], dict[str, str]]:
    """Read all files of a configuration.

    Returns: texts by name (with `/`, relative to the folder), problems, and what could be made
    out of files that cannot be read, by name.

    Problems: M101 (no file to read), M102 (no UTF-8), M103 (too large).
    """
    texts: dict[str, str] = {}
    unread: dict[str, str] = {}
    problems: list[Problem] = []
    if not folder.is_dir():
        problems.append(_problem("M101", f"There is no folder {folder}.", str(folder)))
        return texts, problems, unread
    root = folder.resolve()
    for path in file_paths(folder):
        name = path.relative_to(folder).as_posix()
        try:
            refused = _refused(path, root)
            if refused:
                problems.append(_problem("M101", refused, name))
                continue
            content = path.read_bytes()
        except OSError as error:
            problems.append(_problem("M101", f"The file cannot be read: {error.strerror}.", name))
            continue
        if len(content) > MAX_SIZE:
            problems.append(_too_large(len(content), name))
            unread[name] = content[:MAX_SIZE].decode("utf-8", "replace")
            continue
        try:
            texts[name] = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            unread[name] = content.decode("latin-1")
            problems.append(_no_utf8(content, error.start, name))
    return texts, problems, unread


def file_paths(folder: Path) -> Iterator[Path]:
    """Give the YAML and JSON files of a folder, by name; hidden ones are not ours."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix in SUFFIXES and not name.startswith("."):
                yield path


def _refused(path: Path, root: Path) -> str:
    """Say why a file is not read, or ""."""
    if not path.resolve().is_relative_to(root):
        return "The link leads out of the folder; a configuration holds its own files."
    if not stat.S_ISREG(path.stat().st_mode):
        return "This is no ordinary file."
    return ""


def _too_large(size: int, name: str) -> Problem:
    message = f"The file has {size / 1e6:.1f} MB; at most {MAX_SIZE / 1e6:.0f} MB are read."
    return _problem("M103", message, name, hint="part it into several files")


def _no_utf8(content: bytes, start: int, name: str) -> Problem:
    line = content.count(b"\n", 0, start) + 1
    col = start - content.rfind(b"\n", 0, start)
    message = f"The file is not UTF-8 (byte 0x{content[start]:02X})."
    return _problem("M102", message, name, line, col, "save it as UTF-8")


def _problem(
    code: str, message: str, file: str, line: int = 1, col: int = 1, hint: str = ""
) -> Problem:
    return Problem(code=code, message=message, file=file, line=line, col=col, hint=hint)
