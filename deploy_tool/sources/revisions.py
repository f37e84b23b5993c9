"""Which git revision the files of a directory are, where they are one.

Separate, because git is asked as a program: nothing else here needs it, and where it is missing, or
the files are not those of a commit, nothing is noted.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_SECONDS = 10


def git_revision(folder: Path) -> str:
    """Give the commit whose files a directory holds, "" for none and for changed files."""
    git = shutil.which("git")
    if git is None:
        return ""
    changed = _ask(git, folder, "status", "--porcelain", "--", ".")
    return _ask(git, folder, "rev-parse", "HEAD") or "" if changed == "" else ""


def _ask(git: str, folder: Path, *words: str) -> str | None:
    """Ask git about a directory; None where it has no answer."""
    try:
        found = subprocess.run(  # noqa: S603  # git itself, and words of ours
            [git, "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
