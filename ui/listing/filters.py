"""The filter form: operators by type of field, and what they write as an expression.

A form sends `field`, `op` and `value` (several for a picklist, `value2` for a range). What it
writes is an ordinary expression, so a filter can be read, changed and shared as text as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from ui.columns import Column
from web.formats import Formats
from web.texts import later, say

# What a form asks for beside the operator: text number percent date days time choices, or nothing.
TEXT, NUMBER, DATE, DAYS, TIME, CHOICES, NOTHING = (
    "text",
    "number",
    "date",
    "days",
    "time",
    "choices",
    "",
)
_MOST_DAYS = 36_500


class BadFilter(ValueError):
    """A value that cannot be compared with; the message is a sentence in the visitor's words."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to compare. `asks`: what the form asks for. `label` is a text to be said."""

    name: str
    label: str
    asks: str
    write: Callable[[str, Sequence[str]], str]

    @property
    def said(self) -> str:
        """The label in the visitor's language."""
        return say(self.label)


def quoted(text: str) -> str:
    """Write a text as a constant of the language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "") + '"'


def _sign(sign: str) -> Callable[[str, Sequence[str]], str]:
    return lambda path, given: f"{path} {sign} {given[0]}"


def _any_of(path: str, given: Sequence[str]) -> str:
    return f"{path} = {given[0]}" if len(given) == 1 else f"{path} IN ({', '.join(given)})"


def _none_of(path: str, given: Sequence[str]) -> str:
    return f"{path} <> {given[0]}" if len(given) == 1 else f"NOT {path} IN ({', '.join(given)})"


def _includes(path: str, given: Sequence[str]) -> str:
    return " OR ".join(f"INCLUDES({path}, {one})" for one in given)


_BLANKS = (
    Operator("blank", later("is blank"), NOTHING, lambda path, _: f"ISBLANK({path})"),
    Operator("filled", later("is filled"), NOTHING, lambda path, _: f"NOT ISBLANK({path})"),
)
_TEXTS = (
    Operator(
        "contains",
        later("contains"),
        TEXT,
        lambda path, given: f"CONTAINS(UPPER({path}), UPPER({given[0]}))",
    ),
    Operator(
        "begins",
        later("begins with"),
        TEXT,
        lambda path, given: f"BEGINS(UPPER({path}), UPPER({given[0]}))",
    ),
    Operator("is", later("is"), TEXT, _sign("=")),
    Operator("is_not", later("is not"), TEXT, _sign("<>")),
    *_BLANKS,
)
_NUMBERS = (
    Operator("at_least", later("is at least"), NUMBER, _sign(">=")),
    Operator("at_most", later("is at most"), NUMBER, _sign("<=")),
    Operator("is", later("is"), NUMBER, _sign("=")),
    Operator("is_not", later("is not"), NUMBER, _sign("<>")),
    *_BLANKS,
)
_DATES = (
    Operator("from", later("is on or after"), DATE, _sign(">=")),
    Operator("until", later("is on or before"), DATE, _sign("<=")),
    Operator("is", later("is"), DATE, _sign("=")),
    Operator(
        "past",
        later("is in the last … days"),
        DAYS,
        lambda path, given: f"{path} >= TODAY() - {given[0]} AND {path} <= TODAY()",
    ),
    Operator(
        "next",
        later("is in the next … days"),
        DAYS,
        lambda path, given: f"{path} >= TODAY() AND {path} <= TODAY() + {given[0]}",
    ),
    *_BLANKS,
)
_MOMENTS = (
    Operator("from", later("is on or after"), DATE, _sign(">=")),
    Operator("before", later("is before"), DATE, _sign("<")),
    Operator(
        "past",
        later("is in the last … days"),
        DAYS,
        lambda path, given: f"{path} >= NOW() - {given[0]} AND {path} <= NOW()",
    ),
    Operator(
        "next",
        later("is in the next … days"),
        DAYS,
        lambda path, given: f"{path} >= NOW() AND {path} <= NOW() + {given[0]}",
    ),
    *_BLANKS,
)
_TIMES = (
    Operator("from", later("is on or after"), TIME, _sign(">=")),
    Operator("before", later("is before"), TIME, _sign("<")),
    *_BLANKS,
)
_CHECKS = (
    Operator("yes", later("is ticked"), NOTHING, lambda path, _: path),
    Operator("no", later("is not ticked"), NOTHING, lambda path, _: f"NOT {path}"),
)
_CHOICES = (
    Operator("any", later("is any of"), CHOICES, _any_of),
    Operator("none", later("is none of"), CHOICES, _none_of),
    *_BLANKS,
)
_SETS = (Operator("any", later("includes any of"), CHOICES, _includes), *_BLANKS)
_ME = Operator("me", later("is me"), NOTHING, lambda path, _: f"{path} = $user.id")
_BY_TYPE: Mapping[str, tuple[Operator, ...]] = {
    **dict.fromkeys(("number", "currency", "percent", "rating", "version", "id"), _NUMBERS),
    "date": _DATES,
    "datetime": _MOMENTS,
    "time": _TIMES,
    "checkbox": _CHECKS,
    "picklist": _CHOICES,
    "multi_picklist": _SETS,
    **dict.fromkeys(("file", "image", "address", "location", "json"), _BLANKS),
}


def operators_of(column: Column) -> tuple[Operator, ...]:
    """Give the operators of a field, the most useful first. A lookup is compared by its name."""
    if not column.is_link:
        return _BY_TYPE.get(column.type, _TEXTS)
    named = _TEXTS[:-2] if column.title_path else ()
    mine = (_ME,) if "user" in column.targets else ()
    return (*mine, *named, *_BLANKS)


def write_filter(column: Column, op: str, given: Sequence[str], fmt: Formats) -> str:
    """Write what a form sent as an expression.

    Raises: BadFilter with a sentence for the visitor.
    """
    operator = next((one for one in operators_of(column) if one.name == op), None)
    if operator is None:
        raise BadFilter(say("Choose how to compare {field}.", field=column.label))
    path = column.path
    if column.is_link and operator.asks == TEXT:
        path = column.title_path
    return operator.write(path, _constants(column, operator, given, fmt))


def _constants(column: Column, operator: Operator, given: Sequence[str], fmt: Formats) -> list[str]:
    values = [text.strip() for text in given if text.strip()]
    if operator.asks == NOTHING:
        return []
    if not values:
        raise BadFilter(say("Say with what {field} is compared.", field=column.label))
    if operator.asks == CHOICES:
        return [quoted(value) for value in values]
    return [_READERS[operator.asks](column, values[0], fmt)]


def _number(column: Column, text: str, _fmt: Formats) -> str:
    cleaned = text.replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    cleaned = cleaned.replace("\N{NARROW NO-BREAK SPACE}", "").removesuffix("%")
    if "," in cleaned and "." not in cleaned:
        cleaned = cleaned.replace(",", ".")
    try:
        number = Decimal(cleaned)
    except InvalidOperation as error:
        raise BadFilter(say("“{typed}” is no number.", typed=text[:40])) from error
    if not number.is_finite() or abs(number.adjusted()) > len("1" * 18):
        raise BadFilter(say("“{typed}” is no number.", typed=text[:40]))
    return format(number / 100 if column.type == "percent" else number, "f")


def _day(column: Column, text: str, fmt: Formats) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        hint = say("“{typed}” is no date; write it like 2026-11-30.", typed=text[:40])
        raise BadFilter(hint) from error
    if column.type == "date":
        return f"DATE({day.year}, {day.month}, {day.day})"
    start = datetime.combine(day, time(), fmt.zone)
    utc = start - (start.utcoffset() or timedelta())
    return f'DATETIMEVALUE("{utc:%Y-%m-%d %H:%M:%S}")'


def _days(_column: Column, text: str, _fmt: Formats) -> str:
    if not (text.isascii() and text.isdigit()) or int(text[:9]) > _MOST_DAYS:
        raise BadFilter(say("“{typed}” is no number of days.", typed=text[:40]))
    return str(int(text))


def _clock(_column: Column, text: str, _fmt: Formats) -> str:
    try:
        read = time.fromisoformat(text)
    except ValueError as error:
        raise BadFilter(
            say("“{typed}” is no time; write it like 09:30.", typed=text[:40])
        ) from error
    return f'TIMEVALUE("{read:%H:%M:%S}")'


_READERS: Mapping[str, Callable[[Column, str, Formats], str]] = {
    TEXT: lambda _column, text, _fmt: quoted(text),
    NUMBER: _number,
    DATE: _day,
    DAYS: _days,
    TIME: _clock,
}
