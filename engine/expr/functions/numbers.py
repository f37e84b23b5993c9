"""Arithmetic, rounding and the mathematical functions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal

from engine.expr import decimals
from engine.expr.functions.base import (
    OWN_PYTHON,
    WRITTEN,
    Blanks,
    Exact,
    Function,
    Parameter,
    Places,
    Sql,
    kinds,
    takes,
)
from engine.expr.problems import ExprFailed
from engine.expr.types import CHECKBOX, NUMBER, Kind
from engine.locale import say

_N = takes("number", Kind.NUMBER)
_LEFT, _RIGHT = takes("left", Kind.NUMBER), takes("right", Kind.NUMBER)
_NUMERAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?\Z")
_LONGEST_NUMERAL = 60


def _is_numeral(text: str | None) -> bool:
    return text is not None and len(text) <= _LONGEST_NUMERAL and bool(_NUMERAL.match(text))


def _value(text: str) -> Decimal:
    if not _is_numeral(text):
        shown = text if len(text) <= _LONGEST_NUMERAL else f"{text[:_LONGEST_NUMERAL]}…"
        raise ExprFailed(say('"{text}" is no number', text=shown))
    return decimals.settled(Decimal(text))


def _log10(number: float) -> float:
    return math.log(number) / math.log(10)


def _double(
    name: str, doc: str, python: Callable[[float], float], sql: str, *examples: tuple[str, str]
) -> Function:
    return Function(
        name=name,
        parameters=(_N,),
        result=NUMBER,
        python=decimals.floating(python),
        exact=Exact.NEVER,
        can_fail=True,
        sql=Sql(OWN_PYTHON, sql),
        doc=doc,
        examples=examples,
    )


def _rounding(
    name: str, doc: str, python: Callable[[Decimal], Decimal], sql: str, *examples: tuple[str, str]
) -> Function:
    return Function(
        name=name,
        parameters=(_N,),
        result=NUMBER,
        python=python,
        guards=True,
        places=Places.WHOLE,
        sql=Sql(OWN_PYTHON, sql),
        doc=doc,
        examples=examples,
    )


def _to_places(
    name: str,
    doc: str,
    python: Callable[[Decimal, Decimal], Decimal],
    sql: str,
    *examples: tuple[str, str],
) -> Function:
    return Function(
        name=name,
        parameters=(_N, takes("places", Kind.NUMBER)),
        result=NUMBER,
        python=python,
        guards=True,
        places=Places.GIVEN,
        sql=Sql(OWN_PYTHON, sql),
        doc=doc,
        examples=examples,
    )


MULTIPLY_INEXACT = Function(
    name="multiply_inexact",
    parameters=(_LEFT, _RIGHT),
    result=NUMBER,
    python=decimals.multiply_inexact,
    exact=Exact.NEVER,
    can_fail=True,
    sql=Sql(OWN_PYTHON, "round({0} * {1}, 39)"),
    doc="",
    examples=(),
)
GUARD = Function(
    name="guard",
    parameters=(_N,),
    result=NUMBER,
    python=decimals.guarded,
    sql=Sql(OWN_PYTHON, "round({0}, 30)"),
    doc="Where numbers that are not exact are compared or rounded, 30 places count.",
    examples=(),
)
NEGATE = Function(
    name="negate",
    sign="-",
    parameters=(_N,),
    result=NUMBER,
    python=decimals.WIDE.minus,
    exact=Exact.AS_ARGUMENTS,
    places=Places.MOST,
    sql=WRITTEN,
    doc="The number with the other sign. It binds tighter than a power: -2^2 is 4.",
    examples=(("-2^2", "4"), ("-(1.5)", "-1.5")),
)

OPERATORS: tuple[Function, ...] = (
    Function(
        name="add",
        sign="+",
        parameters=(_LEFT, _RIGHT),
        result=NUMBER,
        python=decimals.add,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        sql=WRITTEN,
        doc="The sum of two numbers.",
        examples=(("0.1 + 0.2", "0.3"), ("1 + NULL", "")),
    ),
    Function(
        name="subtract",
        sign="-",
        parameters=(_LEFT, _RIGHT),
        result=NUMBER,
        python=decimals.subtract,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        sql=WRITTEN,
        doc="The difference of two numbers.",
        examples=(("10 - 4 - 3", "3"),),
    ),
    Function(
        name="multiply",
        sign="*",
        parameters=(_LEFT, _RIGHT),
        result=NUMBER,
        python=decimals.multiply,
        exact=Exact.AS_ARGUMENTS,
        places=Places.SUM,
        inexact=MULTIPLY_INEXACT,
        can_fail=True,
        sql=WRITTEN,
        doc="The product of two numbers.",
        examples=(("2 * 3^2", "18"), ("100 * 1.1", "110")),
    ),
    Function(
        name="divide",
        sign="/",
        parameters=(_LEFT, _RIGHT),
        result=NUMBER,
        python=decimals.divide,
        exact=Exact.NEVER,
        can_fail=True,
        sql=Sql(OWN_PYTHON, "round(round({0}, 39) / nullif({1}, 0), 39)"),
        doc="The quotient of two numbers, to 39 places. Dividing by zero is an error.",
        examples=(
            ("10 / 4", "2.5"),
            ("1/3", "0.333333333333333333333333333333333333333"),
            ("1/0", "#ERROR"),
        ),
    ),
    Function(
        name="modulo",
        sign="%",
        parameters=(_LEFT, _RIGHT),
        result=NUMBER,
        python=decimals.modulo,
        guards=True,
        places=Places.MOST,
        can_fail=True,
        sql=Sql(OWN_PYTHON, "mod({0}, nullif({1}, 0))"),
        doc="The rest of a division, with the sign of the dividend.",
        examples=(("7 % 3", "1"), ("-7 % 3", "-1")),
    ),
    Function(
        name="power",
        sign="^",
        parameters=(_LEFT, _RIGHT),
        result=NUMBER,
        python=decimals.power,
        exact=Exact.NEVER,
        guards=True,
        can_fail=True,
        sql=Sql(OWN_PYTHON, "patron_power({0}, {1})"),
        doc="A number raised to a whole power; several go from left to right.",
        examples=(("2^3^2", "64"), ("2^-1", "0.5"), ("0^0", "1"), ("2^0.5", "#ERROR")),
    ),
    NEGATE,
    Function(
        name="plus",
        sign="+",
        parameters=(_N,),
        result=NUMBER,
        python=lambda number: number,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        sql=WRITTEN,
        doc="The number itself.",
        examples=(("+37", "37"),),
    ),
)

FUNCTIONS: tuple[Function, ...] = (
    Function(
        name="ABS",
        parameters=(_N,),
        result=NUMBER,
        python=abs,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        sql=WRITTEN,
        doc="The number without its sign.",
        examples=(("ABS(-1.5)", "1.5"),),
    ),
    _to_places(
        "ROUND",
        "Rounded to places after the point, half away from zero; negative places round tens.",
        decimals.half_up,
        "round({0}, {1:int})",
        ("ROUND(2.345, 2)", "2.35"),
        ("ROUND(-2.5, 0)", "-3"),
        ("ROUND(1234.5, -2)", "1200"),
    ),
    _to_places(
        "TRUNC",
        "Cut off after places behind the point.",
        decimals.cut,
        "trunc({0}, {1:int})",
        ("TRUNC(-4.47, 1)", "-4.4"),
    ),
    _rounding(
        "FLOOR",
        "The whole number toward zero.",
        decimals.toward_zero,
        "trunc({0})",
        ("FLOOR(2.7)", "2"),
        ("FLOOR(-2.5)", "-2"),
    ),
    _rounding(
        "CEILING",
        "The whole number away from zero.",
        decimals.from_zero,
        "patron_ceiling({0})",
        ("CEILING(2.1)", "3"),
        ("CEILING(-2.5)", "-3"),
    ),
    _rounding(
        "MFLOOR",
        "The next lower whole number.",
        decimals.downward,
        "floor({0})",
        ("MFLOOR(-2.5)", "-3"),
    ),
    _rounding(
        "MCEILING",
        "The next higher whole number.",
        decimals.upward,
        "ceil({0})",
        ("MCEILING(-2.5)", "-2"),
    ),
    Function(
        name="MOD",
        parameters=(_N, takes("divisor", Kind.NUMBER)),
        result=NUMBER,
        python=decimals.modulo,
        guards=True,
        places=Places.MOST,
        can_fail=True,
        sql=Sql(OWN_PYTHON, "mod({0}, nullif({1}, 0))"),
        doc="The rest of a division, with the sign of the first number.",
        examples=(("MOD(-7, 3)", "-1"), ("MOD(7, -3)", "1"), ("MOD(7, 0)", "#ERROR")),
    ),
    Function(
        name="MAX",
        parameters=(_N,),
        repeats=1,
        result=NUMBER,
        python=max,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        sql=WRITTEN,
        doc="The largest number; blank when one of them is blank.",
        examples=(("MAX(1, 3, 2)", "3"), ("MAX(1, NULL)", "")),
    ),
    Function(
        name="MIN",
        parameters=(_N,),
        repeats=1,
        result=NUMBER,
        python=min,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        sql=WRITTEN,
        doc="The smallest number; blank when one of them is blank.",
        examples=(("MIN(100, 10, 1000)", "10"),),
    ),
    _double(
        "SQRT",
        "The square root.",
        math.sqrt,
        "patron_sqrt({0})",
        ("SQRT(16)", "4"),
        ("SQRT(-1)", "#ERROR"),
    ),
    _double(
        "EXP",
        "e raised to the number.",
        math.exp,
        "patron_exp({0})",
        ("EXP(1)", "2.718281828459045"),
        ("EXP(1000)", "#ERROR"),
    ),
    _double(
        "LN",
        "The natural logarithm.",
        math.log,
        "patron_ln({0})",
        ("LN(1)", "0"),
        ("LN(0)", "#ERROR"),
    ),
    _double(
        "LOG",
        "The logarithm to base 10.",
        _log10,
        "patron_log({0})",
        ("LOG(100)", "2"),
    ),
    Function(
        name="VALUE",
        parameters=(takes("text", Kind.TEXT),),
        result=NUMBER,
        python=_value,
        can_fail=True,
        sql=Sql(OWN_PYTHON, "patron_value({0})"),
        doc="The number a text spells, with a point for decimals. Anything else is an error.",
        examples=(
            ('VALUE("12.50")', "12.5"),
            ('VALUE("1e3")', "1000"),
            ('VALUE("")', ""),
            ('VALUE("1,000")', "#ERROR"),
        ),
    ),
    Function(
        name="ISNUMBER",
        parameters=(Parameter("text", kinds(Kind.TEXT)),),
        result=CHECKBOX,
        python=_is_numeral,
        blanks=Blanks.OWN,
        sql=Sql(OWN_PYTHON, "coalesce(patron_is_number({0}), FALSE)"),
        doc="Whether a text spells a number, as VALUE reads it.",
        examples=(
            ('ISNUMBER("1.5")', "TRUE"),
            ('ISNUMBER("12a")', "FALSE"),
            ('ISNUMBER("")', "FALSE"),
        ),
    ),
)
