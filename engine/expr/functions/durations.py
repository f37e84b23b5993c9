"""The arithmetic of dates and times: days on dates, days and parts of them on instants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.expr.decimals import ONE, WIDE, divide, whole
from engine.expr.functions.base import OWN_PYTHON, Exact, Function, Places, Sql, takes
from engine.expr.problems import ExprFailed
from engine.expr.types import DATE, DATETIME, NUMBER, TIME, ExprType, Kind
from engine.locale import later

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS = Decimal(86_400)
_DAY_MILLISECONDS = 86_400_000
_MILLISECOND = timedelta(milliseconds=1)
_MOST_DAYS = 4_000_000  # more than lie between the years 1 and 9999


def moved(start: datetime, seconds: Decimal) -> datetime:
    """Move an instant by seconds, rounded to whole ones."""
    if abs(seconds) > _MOST_DAYS * _DAY_SECONDS:
        raise ExprFailed(later("the date is out of range"))
    try:
        return start + timedelta(seconds=int(seconds.quantize(ONE, ROUND_HALF_UP, WIDE)))
    except OverflowError as error:
        raise ExprFailed(later("the date is out of range")) from error


def _add_days(day: date, days: Decimal) -> date:
    try:
        return day + timedelta(days=whole(days, _MOST_DAYS))
    except OverflowError as error:
        raise ExprFailed(later("the date is out of range")) from error


def _add_time(start: datetime, days: Decimal) -> datetime:
    return moved(start, WIDE.multiply(days, _DAY_SECONDS))


def _milliseconds(value: time) -> int:
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return seconds * 1000 + value.microsecond // 1000


def _add_milliseconds(start: time, milliseconds: Decimal) -> time:
    """Move a time of day; it runs over midnight."""
    shifted = (_milliseconds(start) + whole(milliseconds, 10**15)) % _DAY_MILLISECONDS
    return (EPOCH + shifted * _MILLISECOND).time()


def _days_between(left: date, right: date) -> Decimal:
    return Decimal((left - right).days)


def _time_between(left: datetime, right: datetime) -> Decimal:
    return divide(Decimal((left - right) // _MILLISECOND), Decimal(_DAY_MILLISECONDS))


def _milliseconds_between(left: time, right: time) -> Decimal:
    return Decimal((_milliseconds(left) - _milliseconds(right)) % _DAY_MILLISECONDS)


# --- entries --------------------------------------------------------------------------------------


def _operator(
    name: str,
    sign: str,
    given: tuple[Kind, Kind],
    result: ExprType,
    python: Callable[..., Any],  # Any: of the two kinds given
    sql: Sql,
    doc: str,
    *examples: tuple[str, str],
    exact: Exact = Exact.ALWAYS,
) -> Function:
    return Function(
        name=name,
        sign=sign,
        parameters=(takes("left", given[0]), takes("right", given[1])),
        result=result,
        python=python,
        guards=True,
        exact=exact,
        places=Places.WHOLE,
        can_fail=result.kind in (Kind.DATE, Kind.DATETIME),
        sql=sql,
        doc=doc,
        examples=examples,
    )


_PG_ADD_DAYS = "patron_add_days({0}, {1:int})"
_PG_ADD_TIME = "patron_add_time({0}, {1})"
_PG_ADD_MS = "patron_add_milliseconds({0}, {1})"

OPERATORS: tuple[Function, ...] = (
    _operator(
        "date_plus",
        "+",
        (Kind.DATE, Kind.NUMBER),
        DATE,
        _add_days,
        Sql(OWN_PYTHON, _PG_ADD_DAYS),
        "A date moved by whole days; a fraction is cut off.",
        ("DATE(2024, 2, 28) + 1", "2024-02-29"),
        ("DATE(2020, 1, 31) + 0.9", "2020-01-31"),
    ),
    _operator(
        "plus_date",
        "+",
        (Kind.NUMBER, Kind.DATE),
        DATE,
        lambda days, day: _add_days(day, days),
        Sql(OWN_PYTHON, "patron_add_days({1}, {0:int})"),
        "A date moved by whole days.",
        ("1 + DATE(2024, 2, 28)", "2024-02-29"),
    ),
    _operator(
        "datetime_plus",
        "+",
        (Kind.DATETIME, Kind.NUMBER),
        DATETIME,
        _add_time,
        Sql(OWN_PYTHON, _PG_ADD_TIME),
        "An instant moved by days and fractions of them, to the second.",
        ('DATETIMEVALUE("2024-02-03 10:11:12") + 0.5', "2024-02-03 22:11:12Z"),
    ),
    _operator(
        "plus_datetime",
        "+",
        (Kind.NUMBER, Kind.DATETIME),
        DATETIME,
        lambda days, start: _add_time(start, days),
        Sql(OWN_PYTHON, "patron_add_time({1}, {0})"),
        "An instant moved by days.",
        ('1 + DATETIMEVALUE("2024-02-03 10:11:12")', "2024-02-04 10:11:12Z"),
    ),
    _operator(
        "time_plus",
        "+",
        (Kind.TIME, Kind.NUMBER),
        TIME,
        _add_milliseconds,
        Sql(OWN_PYTHON, _PG_ADD_MS),
        "A time of day moved by milliseconds; it runs over midnight.",
        ('TIMEVALUE("23:30:00") + 3600000', "00:30:00.000"),
    ),
    _operator(
        "date_minus",
        "-",
        (Kind.DATE, Kind.NUMBER),
        DATE,
        lambda day, days: _add_days(day, -days),
        Sql(OWN_PYTHON, "patron_add_days({0}, -({1:int}))"),
        "A date moved back by whole days.",
        ("DATE(2024, 3, 1) - 1", "2024-02-29"),
    ),
    _operator(
        "datetime_minus",
        "-",
        (Kind.DATETIME, Kind.NUMBER),
        DATETIME,
        lambda start, days: _add_time(start, -days),
        Sql(OWN_PYTHON, "patron_add_time({0}, -({1}))"),
        "An instant moved back by days and fractions of them.",
        ('DATETIMEVALUE("2024-02-03 10:11:12") - 1', "2024-02-02 10:11:12Z"),
    ),
    _operator(
        "time_minus",
        "-",
        (Kind.TIME, Kind.NUMBER),
        TIME,
        lambda start, count: _add_milliseconds(start, -count),
        Sql(OWN_PYTHON, "patron_add_milliseconds({0}, -({1}))"),
        "A time of day moved back by milliseconds.",
        ('TIMEVALUE("00:30:00") - 3600000', "23:30:00.000"),
    ),
    _operator(
        "dates_between",
        "-",
        (Kind.DATE, Kind.DATE),
        NUMBER,
        _days_between,
        Sql("CAST(julianday({0}) - julianday({1}) AS INTEGER)", "CAST({0} - {1} AS NUMERIC)"),
        "The days between two dates.",
        ("DATE(2020, 1, 31) - DATE(2020, 1, 1)", "30"),
    ),
    _operator(
        "time_between",
        "-",
        (Kind.DATETIME, Kind.DATETIME),
        NUMBER,
        _time_between,
        Sql(OWN_PYTHON, "patron_time_between({0}, {1})"),
        "The days between two instants, with their fraction.",
        ('DATETIMEVALUE("2024-02-03 12:00:00") - DATETIMEVALUE("2024-02-03 00:00:00")', "0.5"),
        exact=Exact.NEVER,
    ),
    _operator(
        "milliseconds_between",
        "-",
        (Kind.TIME, Kind.TIME),
        NUMBER,
        _milliseconds_between,
        Sql(OWN_PYTHON, "patron_milliseconds_between({0}, {1})"),
        "The milliseconds from one time of day to a later one.",
        ('TIMEVALUE("10:34:56.789") - TIMEVALUE("12:34:56.789")', "79200000"),
    ),
)
