"""The functions and operators of the language, one entry each, by family.

`FUNCTIONS` by name, `OPERATORS` by sign (several entries per sign, for the types they take).
A new function is one entry in one of the families; nothing else knows its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from engine.expr.functions import comparing, dates, durations, logic, numbers, records, texts
from engine.expr.functions.base import Function

_FAMILIES: tuple[tuple[str, tuple[Function, ...]], ...] = (
    ("Conditions and blanks", logic.FUNCTIONS),
    ("Texts", texts.FUNCTIONS),
    ("Numbers", numbers.FUNCTIONS),
    ("Dates and times", dates.FUNCTIONS),
    ("Records, rights and picklists", records.FUNCTIONS),
)


def _grouped() -> Iterable[Function]:
    for group, family in _FAMILIES:
        for function in family:
            yield replace(function, group=group)


def _signed(families: Iterable[Iterable[Function]]) -> Mapping[str, tuple[Function, ...]]:
    found: dict[str, tuple[Function, ...]] = {}
    for family in families:
        for function in family:
            found[function.sign] = (*found.get(function.sign, ()), function)
    return MappingProxyType(found)


FUNCTIONS: Mapping[str, Function] = MappingProxyType({f.name: f for f in _grouped()})
OPERATORS: Mapping[str, tuple[Function, ...]] = _signed(
    (
        numbers.OPERATORS,
        texts.OPERATORS,
        durations.OPERATORS,
        comparing.OPERATORS,
        tuple(FUNCTIONS[name] for name in ("AND", "OR", "NOT")),
    )
)
# What the checker puts in by itself, and entries that stand behind others.
HIDDEN: tuple[Function, ...] = (
    logic.SETTLE,
    logic.NULLVALUE_TEXT,
    logic.ISNULL_TEXT,
    logic.CASE_TEXT,
    numbers.GUARD,
    numbers.MULTIPLY_INEXACT,
)
EVERY: tuple[Function, ...] = (
    *FUNCTIONS.values(),
    *(f for family in OPERATORS.values() for f in family if f.name not in FUNCTIONS),
    *HIDDEN,
)
