"""Nothing grows beyond what a reader can hold."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.repository import ROOT, parsed, relative, sources, tracked

MAX_FILE = 600
MAX_FUNCTION = 40
READ_WHOLE = (".py", ".html", ".css", ".js")
PAGES = {"README.md": 120, "MAP.md": 80}


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function below its docstring."""
    has_docstring = ast.get_docstring(function, clean=False) is not None
    body = function.body[1:] if has_docstring else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_file_is_longer_than_600_lines() -> None:
    """A file that a reader cannot hold is split."""
    files = {path for path in tracked() if path.suffix in READ_WHOLE} | set(sources())

    long = {relative(p): n for p in files if (n := len(p.read_bytes().splitlines())) > MAX_FILE}

    assert long == {}


def test_no_function_is_longer_than_40_lines() -> None:
    """A function that does not fit on a screen is split."""
    long = {
        f"{relative(path)}:{node.name}": lines
        for path in sources()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := _body_lines(node)) > MAX_FUNCTION
    }

    assert long == {}


@pytest.mark.parametrize(("name", "most"), PAGES.items())
def test_front_pages_stay_short(name: str, most: int) -> None:
    """README and MAP are read whole by every newcomer."""
    page = Path(ROOT / name).read_text(encoding="utf-8")

    assert len(page.splitlines()) <= most
