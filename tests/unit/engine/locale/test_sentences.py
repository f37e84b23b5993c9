"""Sentences of the engine: said in English, said again in the reader's language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from string import Formatter

import pytest

from engine import errors
from engine.errors import Conflict, FieldError, NotFound, RecordInvalid
from engine.locale import LANGUAGES, catalogue, in_language, later, say, translate
from tests.support.repository import ROOT

ROOMS = ("engine", "sandbox", "api")  # pages have a catalogue of their own
OTHERS = [language for language in LANGUAGES if language != "en"]


def sentences() -> Iterator[tuple[str, str]]:
    """Give what is said by `say` and `later`, and by the defaults of the engine's errors."""
    for path in sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            is_said = isinstance(node.func, ast.Name) and node.func.id in {"say", "later"}
            if is_said and isinstance(node.args[0], ast.Constant):
                yield path.relative_to(ROOT).as_posix(), str(node.args[0].value)
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, errors.PatronError):
            for field in fields(one):
                if field.name == "message" and isinstance(field.default, str):
                    yield "engine/errors.py", field.default


def places(text: str) -> set[tuple[str, str | None]]:
    """Name what a pattern leaves open, each with how it is written."""
    return {(name, spec) for _, name, spec, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_there_in_every_language(language: str) -> None:
    """Nobody who works with records meets an English sentence in their own language."""
    known = catalogue(language)

    missing = [f"{file}: {text}" for file, text in sentences() if text not in known]

    assert missing == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over_or_forgets_a_part(language: str) -> None:
    """A catalogue holds what the engine says, with the same parts, and nothing else."""
    said = {text for _, text in sentences()}

    assert set(catalogue(language)) - said == set()
    assert [t for t, there in catalogue(language).items() if places(t) != places(there)] == []


def test_a_sentence_is_its_english_text() -> None:
    """Whoever does not ask for a language reads English."""
    said = say("{label} is required.", label="Amount")

    assert said == "Amount is required."
    assert in_language(said, "en") == in_language(said, "") == in_language(said, "xx") == said


@pytest.mark.parametrize("language", ["fr", "fr-CA"])
def test_a_sentence_is_said_again_with_its_parts(language: str) -> None:
    """The base language serves its regions; a part that is a sentence is said again as well."""
    said = say("{value} is no text.", value=say("A list"))

    assert said == "A list is no text."
    assert in_language(said, language) == "Une liste n’est pas un texte."


def test_numbers_are_grouped_as_the_reader_writes_them() -> None:
    """Thousands are parted by a comma in English, by a narrow space elsewhere."""
    said = say("`limit` must be between 1 and {most:group}.", most=1000)

    assert said == "`limit` must be between 1 and 1,000."
    assert in_language(said, "fr") == "`limit` doit être entre 1 et 1\u202f000."


def test_what_nobody_translated_stays() -> None:
    """A message of a validation rule is the configuration's business, not the catalogue's."""
    assert in_language("No discounts on Fridays.", "fr") == "No discounts on Fridays."
    assert in_language(later("{name} is {odd"), "fr") == "{name} is {odd"


def test_an_error_is_said_with_all_its_fields() -> None:
    """Sentence, hint and every field's sentence change; codes and values stay."""
    one = FieldError(field="a", code="R110", message=say("A list"), hint=say("put it in quotes"))
    invalid = RecordInvalid(errors=(one,))
    stale = Conflict(say("Somebody else has changed this record since you read it."))

    translate(invalid, "fr")
    translate(stale, "en")

    assert invalid.message == "Certaines valeurs ne peuvent pas être enregistrées."
    assert invalid.errors == (
        FieldError(field="a", code="R110", message="Une liste", hint="mettez-le entre guillemets"),
    )
    assert stale.message == "Somebody else has changed this record since you read it."


def test_a_sentence_of_an_error_class_is_said_too() -> None:
    """The default of a class is a sentence like any other."""
    error = NotFound()

    translate(error, "fr")

    assert error.message.startswith("Cette fiche n’existe pas")
