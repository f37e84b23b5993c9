"""One set of codes: raised in the source, registered, documented, tested."""

from __future__ import annotations

import ast
import re

from engine.codes import CODES
from tests.support.repository import ROOT, parsed, relative, sources

CODE = re.compile(r"[A-Z][1-9]\d\d")
REGISTRY = "engine/codes.py"


def _codes_in_source() -> dict[str, str]:
    """Find every code written in the product, with one file that writes it."""
    return {
        node.value: relative(path)
        for path in sources()
        if relative(path) != REGISTRY
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
    }


def test_every_code_in_the_source_is_registered() -> None:
    """A code that somebody may see has its sentence in the registry."""
    unknown = {c: file for c, file in _codes_in_source().items() if c not in CODES}

    assert unknown == {}


def test_every_registered_code_is_used() -> None:
    """The registry and its page promise no code that cannot occur."""
    assert set(CODES) - set(_codes_in_source()) == set()


def test_the_registry_is_sorted_and_says_sentences() -> None:
    """The registry reads as a list: in order, each line a sentence."""
    assert list(CODES) == sorted(CODES)
    assert [code for code, text in CODES.items() if not text.endswith((".", "…"))] == []


def test_every_code_has_a_test() -> None:
    """Each code stands in at least one test, which makes it happen."""
    tests = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))

    assert [code for code in CODES if code not in tests] == []
