"""The verdict on data: jsonschema decides whether a component is valid by the schema of its kind.

`engine.source.checking` reads the same schemas and finds the words for people; whatever it should
miss is still refused here. Validators are built once per process: a validator per schema, and per
field type where a schema offers alternatives told apart by one key (`x-by`), because trying all 26
field types on each of 10,000 fields would take a minute.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from engine.model.kinds import KINDS
from engine.source.canonical import canonical, read_canonical

Data = Mapping[str, object]
# Texts for people: the schemas say how long they may be and nothing else (a test looks).
WORDS = ("label", "plural", "help", "description", "message")
SHORTEST_LIMIT = 255


def refusal(kind: str, data: Data) -> tuple[str, str] | None:
    """Say where and why the schema of a kind refuses data; None when it is valid.

    Returns: (JSON pointer, jsonschema's own sentence).
    """
    if _is_valid(kind, canonical(_without_words(data))):
        return None
    found: tuple[str, str] | None
    found = _schemas().first_error(_validator(kind, _alternative(kind, data)), data)
    return found


def _without_words(data: Data) -> Data:
    """Put one word in the place of texts that no schema looks into, so that fields look alike.

    Fields of a configuration differ mostly in their labels; the rest was often seen before.
    """
    alike = {key: "x" for key in WORDS if _is_short_text(data.get(key))}
    return {**data, **alike} if alike else data


def _is_short_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= SHORTEST_LIMIT


@lru_cache(maxsize=16_384)
def _is_valid(kind: str, text: str) -> bool:
    """Judge canonical JSON once; equal data has an equal verdict."""
    data = read_canonical(text)
    assert isinstance(data, Mapping)  # a component's data, written by the caller
    return bool(_validator(kind, _alternative(kind, data)).is_valid(data))


def _alternative(kind: str, data: Data) -> str:
    """Name the alternative that data belongs to: the type of a field; "" without any."""
    key = KINDS[kind].schema.get("x-by")
    return str(data.get(str(key), "")) if key else ""


@cache
def _validator(kind: str, alternative: str) -> Any:  # Any: as jsonschema types it
    schema = KINDS[kind].schema
    if alternative:
        schema = _branches(kind).get(alternative, schema)
    return _schemas().validator(schema)


def _schemas() -> Any:
    """Load jsonschema with the first verdict. Any: it is loaded by name."""
    return importlib.import_module("engine.source.schemas")


@cache
def _branches(kind: str) -> Mapping[str, Mapping[str, object]]:
    """Give the alternatives of a schema by the constant that tells them apart."""
    schema = KINDS[kind].schema
    key = str(schema.get("x-by"))
    found = {}
    alternatives = schema.get("oneOf")
    for branch in alternatives if isinstance(alternatives, list | tuple) else ():
        found[str(branch["properties"][key]["const"])] = branch
    return found
