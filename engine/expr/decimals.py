"""Arithmetic of the language: exact decimals, one rounding rule, the same digits in every database.

Sums, differences and products keep every digit. What cannot be exact (quotients, roots, products
of quotients) is rounded half away from zero to 39 places, as the reference engine does. Whoever
compares or rounds such a number looks at 30 places of it, so that 1/3*3 is 1.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from functools import wraps

from engine.expr.problems import ExprFailed
from engine.locale import later

PLACES = 39
GUARDED_PLACES = 30
_DIGITS = 300  # enough for exact products of many columns; more than that fails
LARGEST = Decimal(10) ** 100
MAX_EXPONENT = 1_000

WIDE = Context(
    prec=_DIGITS,
    rounding=ROUND_HALF_UP,
    Emax=999_999,
    Emin=-999_999,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
_STEP = Decimal(1).scaleb(-PLACES)
_GUARD = Decimal(1).scaleb(-GUARDED_PLACES)
ONE = Decimal(1)
ZERO = Decimal(0)

Binary = Callable[[Decimal, Decimal], Decimal]

add: Binary = WIDE.add
subtract: Binary = WIDE.subtract


def _sized(value: Decimal) -> Decimal:
    if abs(value) >= LARGEST:
        raise ExprFailed(later("the number is too large"))
    return value


def settled(value: Decimal) -> Decimal:
    """Round a number that cannot be exact to 39 places.

    Raises: ExprFailed when it is too large.
    """
    try:
        short = value.quantize(_STEP, ROUND_HALF_UP, WIDE).normalize(WIDE)
        whole_ = short.to_integral_value()
        return whole_.quantize(ONE, context=WIDE) if whole_ == short else short
    except DecimalException as error:
        raise ExprFailed(later("the number is too large")) from error


def guarded(value: Decimal) -> Decimal:
    """Give what comparisons and roundings look at of a number that is not exact: 30 places."""
    return value.quantize(_GUARD, ROUND_HALF_UP, WIDE)


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """Multiply exactly; products below 10^100 only.

    Raises: ExprFailed.
    """
    return _sized(WIDE.multiply(left, right))


def multiply_inexact(left: Decimal, right: Decimal) -> Decimal:
    """Multiply when a factor is not exact: 39 places.

    Raises: ExprFailed.
    """
    return settled(multiply(left, right))


def divide(left: Decimal, right: Decimal) -> Decimal:
    """Divide to 39 places.

    Raises: ExprFailed for division by zero.
    """
    if not right:
        raise ExprFailed(later("division by zero"))
    return settled(WIDE.divide(left, right))


def modulo(left: Decimal, right: Decimal) -> Decimal:
    """Give the rest of a division; it keeps the sign of the dividend.

    Raises: ExprFailed for division by zero.
    """
    if not right:
        raise ExprFailed(later("division by zero"))
    try:
        return WIDE.remainder(left, right)
    except DecimalException as error:
        raise ExprFailed(later("the number is too large")) from error


def power(base: Decimal, exponent: Decimal) -> Decimal:
    """Raise to a whole power, at most 1,000 either way, to 39 places.

    Raises: ExprFailed for fractional or large exponents, 0 to a negative power, large results.
    """
    times = whole(exponent, MAX_EXPONENT + 1)
    if abs(times) > MAX_EXPONENT or times != exponent:
        raise ExprFailed(later("a power needs a whole exponent between -1000 and 1000"))
    if times < 0 and not base:
        raise ExprFailed(later("division by zero"))
    if times == 0:
        return ONE
    try:
        return settled(_sized(WIDE.power(base, times)))
    except DecimalException as error:
        raise ExprFailed(later("the number is too large")) from error


def round_to(value: Decimal, places: int, rounding: str) -> Decimal:
    """Round to places after the point; negative ones round tens and hundreds."""
    if places >= PLACES:
        return value
    rounded = value.quantize(ONE.scaleb(-places), rounding, WIDE)
    full = rounded if places >= 0 else rounded.quantize(ONE, context=WIDE)
    return full or abs(full)  # no minus before a zero


def half_up(value: Decimal, places: Decimal) -> Decimal:
    """ROUND: half away from zero."""
    return round_to(guarded(value), whole(places, 100), ROUND_HALF_UP)


def cut(value: Decimal, places: Decimal = ZERO) -> Decimal:
    """TRUNC: toward zero."""
    return round_to(guarded(value), whole(places, 100), ROUND_DOWN)


def toward_zero(value: Decimal) -> Decimal:
    """FLOOR."""
    return guarded(value).quantize(ONE, ROUND_DOWN, WIDE)


def from_zero(value: Decimal) -> Decimal:
    """CEILING."""
    return guarded(value).quantize(ONE, ROUND_UP, WIDE)


def downward(value: Decimal) -> Decimal:
    """MFLOOR."""
    return guarded(value).quantize(ONE, ROUND_FLOOR, WIDE)


def upward(value: Decimal) -> Decimal:
    """MCEILING."""
    return guarded(value).quantize(ONE, ROUND_CEILING, WIDE)


def whole(number: Decimal, limit: int = 1_000_000) -> int:
    """Cut a number to a whole one between -limit and limit: places, counts, months, years."""
    bounded = max(min(guarded(number), Decimal(limit)), Decimal(-limit))
    return int(bounded)


def plain(value: Decimal) -> str:
    """Write a number as TEXT does: digits and a point, no zeros at the end, no exponent."""
    shown = format(value, "f")
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def floating(function: Callable[[float], float]) -> Callable[[Decimal], Decimal]:
    """Make a decimal function of one of doubles (EXP, LN …), as the reference engine has it.

    The result's function raises ExprFailed where the double one has no finite result.
    """

    @wraps(function)
    def decimal(value: Decimal) -> Decimal:
        try:
            return settled(_sized(Decimal(repr(function(float(value))))))
        except (ValueError, OverflowError, DecimalException) as error:
            raise ExprFailed(later("the function has no result for this number")) from error

    return decimal
