"""The repository seen as files: what the house tests look at."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("engine", "sandbox", "deploy_tool", "web", "api", "ui", "admin")


@cache
def tracked() -> tuple[Path, ...]:
    """List the files that git keeps and that are still there."""
    shown = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = (ROOT / name for name in shown.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def relative(path: Path) -> str:
    """Name a file from the top of the repository, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def sources() -> tuple[Path, ...]:
    """List the product's own Python files, committed or not."""
    found = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return tuple(sorted(found))


@cache
def parsed(path: Path) -> ast.Module:
    """Give the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
