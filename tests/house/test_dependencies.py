"""Every direct dependency is used, explained and pinned."""

from __future__ import annotations

import ast
import json
import re
from importlib.metadata import packages_distributions
from typing import Any

import pytest

from tests.support.repository import ROOT, parsed, sources

# What no file imports, but something needs: the installer, data that a library reads, and what is
# loaded by its name when it is first asked.
NOT_IMPORTED = {"setuptools", "tzdata", "holidays"}
NAME = re.compile(r"^[A-Za-z0-9_.-]+")


def _direct(name: str) -> list[str]:
    """Read the names of one requirements file, without versions and comments."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [
        found.group().lower() for line in lines if (found := NAME.match(line)) and line[0] != "-"
    ]


def _imported() -> set[str]:
    """Name the distributions that the product imports."""
    owners = packages_distributions()
    files = [*sources(), ROOT / "wsgi.py"]
    names: set[str] = set()
    for node in (node for path in files if path.exists() for node in ast.walk(parsed(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return {dist.lower() for name in names for dist in owners.get(name, ())}


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in", "requirements-node.in"])
def test_every_direct_dependency_is_explained(name: str) -> None:
    """Each direct dependency has its line: why, and where it is allowed."""
    page = (ROOT / "docs/explanation/dependencies.md").read_text(encoding="utf-8").lower()

    assert [wanted for wanted in _direct(name) if f"| {wanted} |" not in page] == []


def test_every_direct_dependency_is_imported() -> None:
    """Nothing is installed for nobody."""
    assert set(_direct("requirements.in")) - NOT_IMPORTED - _imported() == set()


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-node"])
def test_every_direct_dependency_is_pinned_with_hashes(name: str) -> None:
    """The lock files hold what the lists ask for, exactly and with hashes."""
    pins = (ROOT / f"{name}.txt").read_text(encoding="utf-8").lower()

    assert [w for w in _direct(f"{name}.in") if not re.search(rf"^{w}==", pins, re.MULTILINE)] == []
    assert len(re.findall(r"^\S+==", pins, re.MULTILINE)) <= pins.count("--hash=sha256:")


def _front_end(name: str) -> dict[str, Any]:
    """Read a file of npm."""
    found: dict[str, Any] = json.loads((ROOT / name).read_text(encoding="utf-8"))
    return found


def test_every_front_end_package_is_explained_and_pinned() -> None:
    """Each package the browser gets has its line, one exact version and a hash."""
    wanted = _front_end("package.json")
    page = (ROOT / "docs/explanation/dependencies.md").read_text(encoding="utf-8")
    asked = {**wanted["dependencies"], **wanted["devDependencies"]}

    locked = _front_end("package-lock.json")["packages"]

    assert [name for name in asked if f"| {name} |" not in page] == []
    assert {name: locked[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert [name for name, package in locked.items() if name and not package["integrity"]] == []


def test_lock_file_of_the_front_end_names_no_host() -> None:
    """The packages install from any mirror: no download address, and no other address either."""
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")

    assert '"resolved"' not in text
    assert "://" not in text
