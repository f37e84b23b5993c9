"""The words of the frame and the pages, in the visitor's language.

English is the text in the code; other languages are `texts/LANGUAGE.po`, the trade's own format,
read at the first use. Labels of objects and fields are metadata and come from the model.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po
from flask import Flask, g, request

_FOLDER = Path(__file__).parent / "texts"
LANGUAGES = ("en", "fr")


@lru_cache(maxsize=8)
def catalogue(language: str) -> dict[str, str]:
    """Give English text -> text in a language; empty for English."""
    path = _FOLDER / f"{language}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        found = read_po(file, locale=language)
    return {str(m.id): str(m.string) for m in found if m.id and m.string}


def language() -> str:
    """Give the language of the present request: the visitor's, else the browser's, else English."""
    chosen: str | None = g.get("language")
    if chosen is None:
        chosen = request.accept_languages.best_match(LANGUAGES) or "en"
        g.language = chosen
    return chosen


def choose_language(wanted: str) -> None:
    """Take the language of a user for the rest of the request; one that we lack is English."""
    base = wanted.partition("-")[0]
    if base in LANGUAGES:
        g.language = base


def say(text: str, **values: object) -> str:
    """Give a text in the visitor's language, with `{name}` filled in.

    Values are put in as they are: escape is the template's business, which does it afterwards.
    """
    found = catalogue(language()).get(text, text)
    return found.format(**values) if values else found


def later(text: str) -> str:
    """Mark a text that is said where it is used, so that translators find it."""
    return text


def install_texts(app: Flask) -> None:
    """Let templates say `{{ _("Save") }}`."""
    app.jinja_env.globals["_"] = say
    app.jinja_env.globals["language"] = language
