"""Sentences: English text that still knows its pattern and its parts.

Separate from the rooms that speak, so that none of them needs to know who listens.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

_FOLDER = Path(__file__).parent
_NOTHING: Mapping[str, object] = MappingProxyType({})
LANGUAGES = ("en", *sorted(path.stem for path in _FOLDER.glob("*.po")))
GROUPS = {"en": ","}  # between thousands; elsewhere a narrow space that does not break


class Sentence(str):
    """A text in English; `pattern` and `parts` say what it was made of."""

    __slots__ = ("parts", "pattern")

    pattern: str
    parts: Mapping[str, object]


def say(pattern: str, **parts: object) -> Sentence:
    """Make a sentence: `say("{label} is required.", label=…)`.

    A part may be a sentence itself; `{count:group}` writes a whole number in groups of three.
    """
    said = Sentence(_Writer("en").format(pattern, **parts))
    said.pattern, said.parts = pattern, parts
    return said


def later(text: str) -> str:
    """Mark a text that is said where it is used, so that translators find it."""
    return text


def in_language(text: str, language: str) -> str:
    """Give a sentence in a language (`fr`, `fr-CA`); what nobody translated stays as it is."""
    base = language.partition("-")[0]
    known = catalogue(base)
    if not known:
        return text
    pattern, parts = (text.pattern, text.parts) if isinstance(text, Sentence) else (text, _NOTHING)
    found = known.get(pattern)
    if found is None:
        return text
    if not parts:
        return found
    there = {name: _in_language(part, base) for name, part in parts.items()}
    return _Writer(base).format(found, **there)


def _in_language(part: object, language: str) -> object:
    return in_language(part, language) if isinstance(part, str) else part


@lru_cache(maxsize=8)
def catalogue(language: str) -> Mapping[str, str]:
    """Give English pattern -> pattern in a language; empty for English and for unknown ones."""
    if language not in LANGUAGES or language == "en":
        return MappingProxyType({})
    with (_FOLDER / f"{language}.po").open("rb") as file:
        found = _reader().read_po(file, locale=language)
    return MappingProxyType({str(m.id): str(m.string) for m in found if m.id and m.string})


def _reader() -> Any:
    """Load what reads catalogues when one is asked for: git's merge driver never does.

    Any: it is loaded by name.
    """
    return importlib.import_module("babel.messages.pofile")


class _Writer(Formatter):
    """Fills parts into a pattern, with the groups of a language."""

    def __init__(self, language: str) -> None:
        self._group = GROUPS.get(language, "\u202f")

    def format_field(self, value: Any, format_spec: str) -> str:  # Any: as the base class has it
        if format_spec == "group":
            return f"{value:,}".replace(",", self._group)
        return str(super().format_field(value, format_spec))

    def get_value(
        self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:  # Any: as the base class has it
        return kwargs[key] if isinstance(key, str) else super().get_value(key, args, kwargs)
