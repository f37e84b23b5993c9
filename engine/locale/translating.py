"""Errors said again in the language of whoever asked, with all the fields they name."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import Conflict, FieldError, PatronError, RecordInvalid, RequestInvalid
from engine.locale.sentences import catalogue, in_language


def translate(error: PatronError, language: str) -> None:
    """Say an error in a language, in place: it is on its way to somebody who reads that."""
    if not catalogue(language.partition("-")[0]):
        return
    error.message = in_language(error.message, language)
    error.hint = in_language(error.hint, language)
    if isinstance(error, RecordInvalid | RequestInvalid | Conflict):
        error.errors = tuple(_field_error(one, language) for one in error.errors)


def _field_error(error: FieldError, language: str) -> FieldError:
    message, hint = in_language(error.message, language), in_language(error.hint, language)
    return replace(error, message=message, hint=hint)
