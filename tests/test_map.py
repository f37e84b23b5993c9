"""MAP.md leads where it says: every path, function and test that it names is there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support.repository import ROOT, parsed

TOKEN = re.compile(r"`([^`\s]+)`")
PLACE = re.compile(r"(?P<path>[\w./-]*(?:/|\.(?:py|md|toml|yaml|txt)))(?:::?(?P<name>[\w.]+))?")


def _places() -> list[str]:
    """Give the words of MAP.md in backticks that look like a path, a file:function or a test."""
    text = (ROOT / "MAP.md").read_text(encoding="utf-8")
    return sorted({word for word in TOKEN.findall(text) if PLACE.fullmatch(word)})


def _defined(path: str) -> set[str]:
    """Name what a file defines: functions, classes, `Class.method`, constants."""
    names: set[str] = set()
    for node in parsed(ROOT / path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            inner = (n.name for n in node.body if isinstance(n, ast.FunctionDef))
            names.update(f"{node.name}.{name}" for name in inner)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(target.id for target in targets if isinstance(target, ast.Name))
    return names


def test_the_map_names_places() -> None:
    """The pattern below finds the places; a map without any would pass every other test."""
    assert len(_places()) > 20


@pytest.mark.parametrize("place", _places())
def test_every_place_on_the_map_exists(place: str) -> None:
    """A newcomer who follows the map arrives."""
    found = PLACE.fullmatch(place)
    assert found is not None
    path, name = found["path"], found["name"]

    assert (ROOT / path).exists()
    assert name is None or name in _defined(path)
