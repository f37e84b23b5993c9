"""Every word of the pages is there in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from string import Formatter

import pytest

from tests.support.repository import ROOT
from web.texts import LANGUAGES, catalogue

SAID = re.compile(r"""_\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
FACES = ("web", "ui", "admin")
OTHERS = [language for language in LANGUAGES if language != "en"]


def in_templates() -> Iterator[tuple[str, str]]:
    """Give what templates say: file and text."""
    for face in FACES:
        for path in sorted((ROOT / face).rglob("*.html")):
            for match in SAID.finditer(path.read_text(encoding="utf-8")):
                text = match[1] if match[1] is not None else match[2]
                yield path.relative_to(ROOT).as_posix(), text.replace("\\'", "'")


def in_code() -> Iterator[tuple[str, str]]:
    """Give what code says, by `say` and `later`: file and text."""
    for face in FACES:
        for path in sorted((ROOT / face).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                is_said = isinstance(node.func, ast.Name) and node.func.id in {"say", "later"}
                text = node.args[0]
                if is_said and isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield path.relative_to(ROOT).as_posix(), text.value


def placeholders(text: str) -> set[str]:
    """Name what a text leaves open; `{Objects}` is `{objects}` at the start of a sentence."""
    return {name.lower() for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_a_page_is_translated(language: str) -> None:
    """Nobody meets an English sentence on a page in their own language."""
    known = catalogue(language)

    said = (*in_templates(), *in_code())
    missing = [f"{file}: {text}" for file, text in said if text not in known]

    assert missing == []


@pytest.mark.parametrize("language", OTHERS)
def test_translations_leave_the_same_places_open(language: str) -> None:
    """A translation that forgets a value, or names another one, would fail on the page."""
    wrong = [
        text
        for text, translated in catalogue(language).items()
        if placeholders(text) != placeholders(translated)
    ]

    assert wrong == []
