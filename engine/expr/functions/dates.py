"""Dates and times: their parts, their text, what day it is.

A datetime is an instant; whoever asks for its day or its hour gets that of the acting user's zone.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from decimal import Decimal

from engine.expr.context import EvalContext
from engine.expr.decimals import whole
from engine.expr.functions.base import (
    OWN_PYTHON,
    Function,
    Places,
    Sql,
    Style,
    takes,
)
from engine.expr.functions.durations import EPOCH, moved
from engine.expr.problems import ExprFailed
from engine.expr.types import DATE, DATETIME, NUMBER, TIME, Kind
from engine.locale import later

_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})\Z")
_DATETIME = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2}) ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\Z"
)
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.([0-9]{1,3}))?\Z")


def _local(context: EvalContext, instant: datetime) -> datetime:
    try:
        return instant.astimezone(context.zone)
    except OverflowError as error:
        raise ExprFailed(later("the date is out of range")) from error


def _date(year: Decimal, month: Decimal, day: Decimal) -> date:
    try:
        return date(whole(year), whole(month), whole(day))
    except ValueError as error:
        raise ExprFailed(later("there is no such date")) from error


def _date_value(context: EvalContext, value: str | datetime | date) -> date:
    if isinstance(value, datetime):
        return _local(context, value).date()
    return value if isinstance(value, date) else date_of_text(value)


def date_of_text(text: str) -> date:
    """Read YYYY-MM-DD.

    Raises: ExprFailed.
    """
    found = _DATE.match(text)
    try:
        if found:
            return date(*map(int, found.groups()))
    except ValueError as error:
        raise ExprFailed(later("there is no such date")) from error
    raise ExprFailed(later("the text is no date of the form YYYY-MM-DD"))


def _datetime_value(value: str | date | datetime) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    found = _DATETIME.match(value.rstrip(" "))
    try:
        if found:
            return datetime(*map(int, found.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]  # six whole numbers
    except ValueError as error:
        raise ExprFailed(later("there is no such date or time")) from error
    raise ExprFailed(later("the text is no date and time of the form YYYY-MM-DD HH:MM:SS"))


def _time_value(context: EvalContext, value: str | datetime | time) -> time:
    if isinstance(value, datetime):
        local = _local(context, value).time()
        return local.replace(microsecond=local.microsecond // 1000 * 1000)
    return value if isinstance(value, time) else time_of_text(value)


def time_of_text(text: str) -> time:
    """Read HH:MM:SS, with milliseconds after a point if there are any.

    Raises: ExprFailed.
    """
    found = _TIME.match(text)
    try:
        if found:
            hour, minute, second = map(int, found.groups()[:3])
            return time(hour, minute, second, int((found.group(4) or "0").ljust(3, "0")) * 1000)
    except ValueError as error:
        raise ExprFailed(later("there is no such time")) from error
    raise ExprFailed(later("the text is no time of the form HH:MM:SS"))


def _hour(context: EvalContext, value: time | datetime) -> Decimal:
    return Decimal(_time_value(context, value).hour)


def _minute(context: EvalContext, value: time | datetime) -> Decimal:
    return Decimal(_time_value(context, value).minute)


def _second(context: EvalContext, value: time | datetime) -> Decimal:
    return Decimal(_time_value(context, value).second)


def _millisecond(context: EvalContext, value: time | datetime) -> Decimal:
    return Decimal(_time_value(context, value).microsecond // 1000)


def _add_months(day: date | datetime, months: Decimal) -> date | datetime:
    """Move by months; the last day of a month stays the last."""
    total = day.year * 12 + day.month - 1 + whole(months)
    year, month = divmod(total, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise ExprFailed(later("the date is out of range"))
    last = monthrange(year, month + 1)[1]
    is_last = day.day == monthrange(day.year, day.month)[1]
    return day.replace(year=year, month=month + 1, day=last if is_last else min(day.day, last))


def _weekday(day: date) -> Decimal:
    return Decimal(day.isoweekday() % 7 + 1)


def _iso_week(day: date | datetime) -> Decimal:
    return Decimal((day.astimezone(UTC) if isinstance(day, datetime) else day).isocalendar().week)


def _iso_year(day: date | datetime) -> Decimal:
    return Decimal((day.astimezone(UTC) if isinstance(day, datetime) else day).isocalendar().year)


def _unix(value: date | datetime | time) -> Decimal:
    if isinstance(value, time):
        return Decimal(value.hour * 3600 + value.minute * 60 + value.second)
    return Decimal((_datetime_value(value) - EPOCH) // timedelta(seconds=1))


def _from_unix(seconds: Decimal) -> datetime:
    return moved(EPOCH, seconds)


# --- entries --------------------------------------------------------------------------------------

_DAY = takes("date", Kind.DATE)
_N = takes("number", Kind.NUMBER)


def _part(name: str, doc: str, python: object, sql: Sql, *examples: tuple[str, str]) -> Function:
    return Function(
        name=name,
        parameters=(_DAY,),
        result=NUMBER,
        places=Places.WHOLE,
        python=python,  # type: ignore[arg-type]  # of a date
        sql=sql,
        doc=doc,
        examples=examples,
    )


def _of_day(
    name: str, doc: str, python: object, postgresql: str, *examples: tuple[str, str]
) -> Function:
    return Function(
        name=name,
        parameters=(takes("date", Kind.DATE, Kind.DATETIME),),
        result=NUMBER,
        places=Places.WHOLE,
        python=python,  # type: ignore[arg-type]  # of a date or datetime
        sql=Sql(
            OWN_PYTHON,
            {
                Kind.DATE: f"CAST(extract({postgresql} FROM {{0}}) AS NUMERIC)",
                Kind.DATETIME: f"CAST(extract({postgresql} FROM {{0}} AT TIME ZONE 'UTC') "
                "AS NUMERIC)",
            },
        ),
        doc=doc,
        examples=examples,
    )


def _of_time(
    name: str, doc: str, python: object, sqlite: str, postgresql: str, *examples: tuple[str, str]
) -> Function:
    return Function(
        name=name,
        parameters=(takes("time", Kind.TIME, Kind.DATETIME),),
        result=NUMBER,
        places=Places.WHOLE,
        python=python,  # type: ignore[arg-type]  # of a context and a time or datetime
        style=Style.CONTEXT,
        uses=frozenset({"zone"}),
        can_fail=True,
        sql=Sql(
            {
                Kind.TIME: sqlite.replace("TIME", "{0}"),
                Kind.DATETIME: sqlite.replace("TIME", "patron_local_time({0}, {zone})"),
            },
            {
                Kind.TIME: postgresql.replace("TIME", "{0}"),
                Kind.DATETIME: postgresql.replace("TIME", "({0} AT TIME ZONE {zone})"),
            },
        ),
        doc=doc,
        examples=examples,
    )


FUNCTIONS: tuple[Function, ...] = (
    Function(
        name="TODAY",
        parameters=(),
        result=DATE,
        python=lambda context: context.today,
        style=Style.CONTEXT,
        uses=frozenset({"today"}),
        sql=Sql("{today}", "{today}"),
        doc="The day it is, in the time zone of whoever acts.",
        examples=(("TODAY() - TODAY()", "0"),),
    ),
    Function(
        name="NOW",
        parameters=(),
        result=DATETIME,
        python=lambda context: context.now,
        style=Style.CONTEXT,
        uses=frozenset({"now"}),
        sql=Sql("{now}", "{now}"),
        doc="The instant it is.",
        examples=(("NOW() - NOW()", "0"),),
    ),
    Function(
        name="DATE",
        parameters=(
            takes("year", Kind.NUMBER),
            takes("month", Kind.NUMBER),
            takes("day", Kind.NUMBER),
        ),
        result=DATE,
        python=_date,
        can_fail=True,
        sql=Sql(OWN_PYTHON, "patron_date({0:int}, {1:int}, {2:int})"),
        doc="A date of its year, month and day. An impossible one is an error.",
        examples=(("DATE(2024, 2, 29)", "2024-02-29"), ("DATE(2024, 2, 30)", "#ERROR")),
    ),
    Function(
        name="DATEVALUE",
        parameters=(takes("value", Kind.TEXT, Kind.DATETIME, Kind.DATE),),
        result=DATE,
        python=_date_value,
        style=Style.CONTEXT,
        uses=frozenset({"zone"}),
        can_fail=True,
        sql=Sql(
            {
                Kind.DATETIME: "substr(patron_local({0}, {zone}), 1, 10)",
                Kind.DATE: "{0}",
                Kind.TEXT: "patron_date_from_text({0})",
            },
            {
                Kind.DATETIME: "CAST({0} AT TIME ZONE {zone} AS DATE)",
                Kind.DATE: "{0}",
                Kind.TEXT: "patron_date_from_text({0})",
            },
        ),
        doc="The date a text spells (YYYY-MM-DD), or the day of an instant in the user's zone.",
        examples=(('DATEVALUE("2024-02-29")', "2024-02-29"), ('DATEVALUE("02/03/2024")', "#ERROR")),
    ),
    Function(
        name="DATETIMEVALUE",
        parameters=(takes("value", Kind.TEXT, Kind.DATE, Kind.DATETIME),),
        result=DATETIME,
        python=_datetime_value,
        can_fail=True,
        sql=Sql(
            {Kind.TEXT: OWN_PYTHON, Kind.DATE: OWN_PYTHON, Kind.DATETIME: "{0}"},
            {
                Kind.TEXT: "patron_datetime_from_text({0})",
                Kind.DATE: "(CAST({0} AS TIMESTAMP) AT TIME ZONE 'UTC')",
                Kind.DATETIME: "{0}",
            },
        ),
        doc="The instant a text spells (YYYY-MM-DD HH:MM:SS), or midnight of a date; both UTC.",
        examples=(
            ('DATETIMEVALUE("2024-02-03 10:11:12")', "2024-02-03 10:11:12Z"),
            ("DATETIMEVALUE(DATE(2024, 2, 3))", "2024-02-03 00:00:00Z"),
        ),
    ),
    Function(
        name="TIMEVALUE",
        parameters=(takes("value", Kind.TEXT, Kind.DATETIME, Kind.TIME),),
        result=TIME,
        python=_time_value,
        style=Style.CONTEXT,
        uses=frozenset({"zone"}),
        can_fail=True,
        sql=Sql(
            {
                Kind.DATETIME: "patron_local_time({0}, {zone})",
                Kind.TIME: "{0}",
                Kind.TEXT: "patron_time_from_text({0})",
            },
            {
                Kind.DATETIME: "CAST({0} AT TIME ZONE {zone} AS TIME)",
                Kind.TIME: "{0}",
                Kind.TEXT: "patron_time_from_text({0})",
            },
        ),
        doc="The time a text spells (HH:MM:SS), or the time of an instant in the user's zone.",
        examples=(
            ('TIMEVALUE("17:30:45.125")', "17:30:45.125"),
            ('TIMEVALUE("24:00:00")', "#ERROR"),
        ),
    ),
    _part(
        "YEAR",
        "The year of a date.",
        lambda day: Decimal(day.year),
        Sql("CAST(substr({0}, 1, 4) AS INTEGER)", "CAST(extract(year FROM {0}) AS NUMERIC)"),
        ("YEAR(DATE(2024, 2, 29))", "2024"),
    ),
    _part(
        "MONTH",
        "The month of a date, 1 to 12.",
        lambda day: Decimal(day.month),
        Sql("CAST(substr({0}, 6, 2) AS INTEGER)", "CAST(extract(month FROM {0}) AS NUMERIC)"),
        ("MONTH(DATE(2024, 2, 29))", "2"),
    ),
    _part(
        "DAY",
        "The day of the month of a date.",
        lambda day: Decimal(day.day),
        Sql("CAST(substr({0}, 9, 2) AS INTEGER)", "CAST(extract(day FROM {0}) AS NUMERIC)"),
        ("DAY(DATE(2024, 2, 29))", "29"),
    ),
    _part(
        "WEEKDAY",
        "The day of the week: Sunday is 1, Saturday 7.",
        _weekday,
        Sql(
            "(CAST(strftime('%w', {0}) AS INTEGER) + 1)",
            "CAST(extract(dow FROM {0}) + 1 AS NUMERIC)",
        ),
        ("WEEKDAY(DATE(2024, 9, 1))", "1"),
    ),
    _part(
        "DAYOFYEAR",
        "The day of the year, 1 to 366.",
        lambda day: Decimal(day.timetuple().tm_yday),
        Sql("CAST(strftime('%j', {0}) AS INTEGER)", "CAST(extract(doy FROM {0}) AS NUMERIC)"),
        ("DAYOFYEAR(DATE(2005, 12, 31))", "365"),
    ),
    _of_day(
        "ISOWEEK",
        "The number of the week after ISO 8601: weeks begin on Monday.",
        _iso_week,
        "week",
        ("ISOWEEK(DATE(2006, 1, 1))", "52"),
    ),
    _of_day(
        "ISOYEAR",
        "The year that the ISO week belongs to.",
        _iso_year,
        "isoyear",
        ("ISOYEAR(DATE(2006, 1, 1))", "2005"),
    ),
    _of_time(
        "HOUR",
        "The hour, 0 to 23; of an instant in the user's zone.",
        _hour,
        "CAST(substr(TIME, 1, 2) AS INTEGER)",
        "CAST(extract(hour FROM TIME) AS NUMERIC)",
        ('HOUR(TIMEVALUE("17:30:45.125"))', "17"),
    ),
    _of_time(
        "MINUTE",
        "The minute, 0 to 59.",
        _minute,
        "CAST(substr(TIME, 4, 2) AS INTEGER)",
        "CAST(extract(minute FROM TIME) AS NUMERIC)",
        ('MINUTE(TIMEVALUE("17:30:45.125"))', "30"),
    ),
    _of_time(
        "SECOND",
        "The second, 0 to 59.",
        _second,
        "CAST(substr(TIME, 7, 2) AS INTEGER)",
        "floor(CAST(extract(second FROM TIME) AS NUMERIC))",
        ('SECOND(TIMEVALUE("17:30:45.125"))', "45"),
    ),
    _of_time(
        "MILLISECOND",
        "The millisecond, 0 to 999.",
        _millisecond,
        "CAST(substr(TIME || '000', 10, 3) AS INTEGER)",
        "mod(floor(CAST(extract(milliseconds FROM TIME) AS NUMERIC)), 1000)",
        ('MILLISECOND(TIMEVALUE("17:30:45.125"))', "125"),
    ),
    Function(
        name="ADDMONTHS",
        parameters=(takes("date", Kind.DATE, Kind.DATETIME), takes("months", Kind.NUMBER)),
        result=lambda nodes: nodes[0].type,
        python=_add_months,
        can_fail=True,
        sql=Sql(
            OWN_PYTHON,
            {
                Kind.DATE: "patron_add_months({0}, {1:int})",
                Kind.DATETIME: "patron_add_months_at({0}, {1:int})",
            },
        ),
        doc="Moved by months; the last day of a month stays the last day.",
        examples=(
            ("ADDMONTHS(DATE(2024, 2, 29), 12)", "2025-02-28"),
            ("ADDMONTHS(DATE(2023, 2, 28), 1)", "2023-03-31"),
            ("ADDMONTHS(DATE(2024, 1, 30), 1)", "2024-02-29"),
        ),
    ),
    Function(
        name="UNIXTIMESTAMP",
        parameters=(takes("value", Kind.DATE, Kind.DATETIME, Kind.TIME),),
        result=NUMBER,
        places=Places.WHOLE,
        python=_unix,
        sql=Sql(
            OWN_PYTHON,
            {
                Kind.DATE: "CAST(({0} - DATE '1970-01-01') AS NUMERIC) * 86400",
                Kind.DATETIME: "floor(CAST(extract(epoch FROM {0}) AS NUMERIC))",
                Kind.TIME: "floor(CAST(extract(epoch FROM {0}) AS NUMERIC))",
            },
        ),
        doc="Seconds since 1970 (UTC); of a time of day those since midnight.",
        examples=(('UNIXTIMESTAMP(DATETIMEVALUE("2005-11-15 17:00:00"))', "1132074000"),),
    ),
    Function(
        name="FROMUNIXTIME",
        parameters=(takes("seconds", Kind.NUMBER),),
        result=DATETIME,
        python=_from_unix,
        guards=True,
        can_fail=True,
        sql=Sql(OWN_PYTHON, "patron_add_seconds(TIMESTAMPTZ 'epoch', {0})"),
        doc="The instant that lies so many seconds after 1970 (UTC).",
        examples=(("FROMUNIXTIME(1132074000)", "2005-11-15 17:00:00Z"),),
    ),
)
