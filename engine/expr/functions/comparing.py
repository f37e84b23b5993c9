"""Comparisons and IN.

A comparison with a blank is blank. Texts, picklists and lookups are the exception for `=` and
`<>`: there blank is the same as an empty text, as in the reference engine, where ids are texts.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.expr.functions.base import WRITTEN, Blanks, Function, Parameter, alike_all, kinds
from engine.expr.types import CHECKBOX, Kind
from engine.model.fields.base import Value

LIKE_TEXT = kinds(Kind.TEXT, Kind.PICKLIST, Kind.LOOKUP)
_ORDERED = kinds(Kind.NUMBER, Kind.TEXT, Kind.DATE, Kind.DATETIME, Kind.TIME)
_SCALARS = _ORDERED | kinds(Kind.CHECKBOX)


def _among(subject: Value, *items: Value) -> bool | None:
    if subject is None:
        return None
    if subject in items:
        return True
    return None if None in items else False


def _comparison(
    name: str,
    sign: str,
    accepted: frozenset[Kind],
    python: Callable[..., bool | None],
    doc: str,
    *examples: tuple[str, str],
) -> Function:
    is_text = accepted is LIKE_TEXT
    return Function(
        name=name,
        sign=sign,
        parameters=(Parameter("left", accepted), Parameter("right", accepted)),
        repeats=1 if sign == "IN" else 0,
        alike=alike_all,
        result=CHECKBOX,
        python=python,
        blanks=Blanks.OWN if is_text or sign == "IN" else Blanks.PASS_ON,
        guards=True,
        sql=WRITTEN,
        doc=doc,
        examples=examples,
    )


OPERATORS: tuple[Function, ...] = (
    _comparison(
        "equal_text",
        "=",
        LIKE_TEXT,
        lambda left, right: left == right,
        'Whether two texts, picklists or lookups are the same; blank is the same as "".',
        ('"a" = "a"', "TRUE"),
        ('"a" = "A"', "FALSE"),
        ('NULL = ""', "TRUE"),
    ),
    _comparison(
        "equal",
        "=",
        _SCALARS,
        lambda left, right: left == right,
        "Whether two values are the same; blank when either is blank.",
        ("1 = 1.0", "TRUE"),
        ("1/3*3 = 1", "TRUE"),
        ("DATE(2024,2,29) = DATE(2024,3,1) - 1", "TRUE"),
        ("1 = NULL", "FALSE"),
    ),
    _comparison(
        "differ_text",
        "<>",
        LIKE_TEXT,
        lambda left, right: left != right,
        'Whether two texts, picklists or lookups differ; blank is the same as "".',
        ('"a" <> "b"', "TRUE"),
        ('NULL <> ""', "FALSE"),
    ),
    _comparison(
        "differ",
        "<>",
        _SCALARS,
        lambda left, right: left != right,
        "Whether two values differ; blank when either is blank.",
        ("1 <> 2", "TRUE"),
        ("1 <> NULL", "FALSE"),
    ),
    _comparison(
        "less",
        "<",
        _ORDERED,
        lambda left, right: left < right,
        "Whether the left comes before the right; texts by code point, so capitals come first.",
        ("1 < 2", "TRUE"),
        ('"B" < "a"', "TRUE"),
    ),
    _comparison(
        "at_most",
        "<=",
        _ORDERED,
        lambda left, right: left <= right,
        "Whether the left is not after the right.",
        ("2 <= 2", "TRUE"),
    ),
    _comparison(
        "more",
        ">",
        _ORDERED,
        lambda left, right: left > right,
        "Whether the left comes after the right.",
        ("2 > 1", "TRUE"),
        ("2 > NULL", "FALSE"),
    ),
    _comparison(
        "at_least",
        ">=",
        _ORDERED,
        lambda left, right: left >= right,
        "Whether the left is not before the right.",
        ("2 >= 2", "TRUE"),
    ),
    _comparison(
        "in_text",
        "IN",
        LIKE_TEXT,
        lambda subject, *items: subject in items,
        "Whether a text, picklist or lookup is one of those listed.",
        ('"a" IN ("a", "b")', "TRUE"),
        ('NULL IN ("a", "")', "TRUE"),
    ),
    _comparison(
        "in",
        "IN",
        _SCALARS,
        _among,
        "Whether a value is one of those listed; blank when it is blank.",
        ("2 IN (1, 2)", "TRUE"),
        ("NULL IN (1, 2)", "FALSE"),
    ),
)
