"""The tree of folders says what it promises."""

from __future__ import annotations

import ast

from tests.support.repository import ROOMS, ROOT, parsed, relative, sources

MAX_PACKAGE_DOCSTRING = 15


def test_every_package_says_what_it_owns_in_15_lines() -> None:
    """A newcomer learns a room from the docstring of its package."""
    packages = [path for path in sources() if path.name == "__init__.py"]

    silent = [
        relative(path)
        for path in packages
        if not 0
        < len((ast.get_docstring(parsed(path)) or "").splitlines())
        <= MAX_PACKAGE_DOCSTRING
    ]

    assert silent == []


def test_every_folder_of_the_product_is_a_package() -> None:
    """A folder without __init__.py is left out of an installation."""
    folders = {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")}

    assert [relative(f) for f in folders if not (f / "__init__.py").exists()] == []


def test_tests_are_no_packages() -> None:
    """Tests are collected by path; an __init__.py would change their names."""
    assert [relative(p) for p in (ROOT / "tests").rglob("__init__.py")] == []


def test_engine_reads_no_environment_and_no_clock_of_its_own() -> None:
    """Settings and time are parameters below the faces, so that a test can give them."""
    # Beside the settings: the named steps, where a test may ask a process to die.
    allowed = {"engine/settings.py", "engine/store/steps.py"}

    readers = [
        f"{relative(path)}:{node.lineno}"
        for path in sources()
        if relative(path).startswith("engine/") and relative(path) not in allowed
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    ]

    assert readers == []
