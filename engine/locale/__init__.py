"""The engine's own sentences in the language of whoever reads them.

`say` marks a sentence where it is written, in English, with its parts; it is text like any other.
`in_language` and `translate` say it again in another language: at the front door, where the reader
is known (`engine.session`).
Labels of objects and fields are metadata and come from the model. Catalogues: `LANGUAGE.po`.
"""

from engine.locale.sentences import LANGUAGES, Sentence, catalogue, in_language, later, say
from engine.locale.translating import translate

__all__ = [
    "LANGUAGES",
    "Sentence",
    "catalogue",
    "in_language",
    "later",
    "say",
    "translate",
]
