"""User functions that lowered expressions call on SQLite: the Python of the language itself.

So the two cannot differ. Registered on every connection from `SQLITE_FUNCTIONS`; those that
PostgreSQL needs are in `engine.store.sql.helpers` and also handed on here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache, reduce
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from engine.expr import decimals
from engine.expr.functions import EVERY
from engine.expr.functions.base import OWN_PYTHON, Blanks, Function
from engine.expr.functions.dates import date_of_text, time_of_text
from engine.expr.problems import ExprFailed
from engine.expr.types import ExprType, Kind
from engine.store.sql.helpers import POSTGRES_FUNCTIONS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SMALL = 2**62

__all__ = ["POSTGRES_FUNCTIONS", "SQLITE_FUNCTIONS", "name_of"]

# Any: values of the language in, values of the driver out.
_Convert = Callable[[Any], Any]


def _as_number(value: str | float) -> Decimal:
    return Decimal(value) if not isinstance(value, float) else Decimal(repr(value))


def _from_number(value: Decimal) -> int | str:
    """Give an integer where one says it all, else plain decimal text."""
    whole = value.to_integral_value()
    if whole == value and abs(whole) < _SMALL:
        return int(whole)
    return decimals.plain(value)


def _instant(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND


def _milliseconds(value: datetime) -> int:
    return (value - _EPOCH) // _MILLISECOND


def _time_text(value: time) -> str:
    return value.isoformat("milliseconds" if value.microsecond else "seconds")


def _location(text: str) -> Mapping[str, Decimal]:
    return {part: Decimal(str(value)) for part, value in orjson.loads(text).items()}


def _location_text(value: Mapping[str, Decimal]) -> str:
    return orjson.dumps({part: str(number) for part, number in value.items()}).decode()


_READ: Mapping[Kind, _Convert] = {
    Kind.NUMBER: _as_number,
    Kind.DATE: date.fromisoformat,
    Kind.DATETIME: _instant,
    Kind.TIME: time.fromisoformat,
    Kind.CHECKBOX: bool,
    Kind.MULTI_PICKLIST: lambda text: tuple(text.strip(";").split(";")),
    Kind.LOCATION: _location,
}
_WRITE: Mapping[Kind, _Convert] = {
    Kind.NUMBER: _from_number,
    Kind.DATE: date.isoformat,
    Kind.DATETIME: _milliseconds,
    Kind.TIME: _time_text,
    Kind.CHECKBOX: int,
    Kind.LOCATION: _location_text,
}


def name_of(function: Function, first: Kind | None) -> str:
    """Name the user function behind an entry, for the kind of its first argument."""
    if not function.parameters or len(function.parameters[0].kinds) == 1 or first is None:
        return f"patron_{function.name.lower()}"
    return f"patron_{function.name.lower()}_{first}"


def _user_function(function: Function, first: Kind | None) -> Callable[..., Any]:
    """Wrap an entry's Python: driver values in and out, errors and blanks as NULL."""
    passes_blank = function.blanks is Blanks.PASS_ON
    reads = [_READ.get(_kind(function, place, first)) for place in range(12)]
    result = function.result
    kind = result.kind if isinstance(result, ExprType) else first
    write = None if kind is None else _WRITE.get(kind)
    python = function.python

    def run(*given: Any) -> Any:
        if passes_blank and None in given:
            return None
        values = [
            value if value is None or (read := reads[min(place, 11)]) is None else read(value)
            for place, value in enumerate(given)
        ]
        try:
            found = python(*values)
        except ExprFailed:
            return None
        return found if found is None or write is None else write(found)

    return run


def _kind(function: Function, place: int, first: Kind | None) -> Kind:
    if place == 0 and first is not None:
        return first
    parameter = function.parameter(place)
    return next(iter(parameter.kinds)) if parameter is not None else Kind.TEXT


def _own_python() -> dict[str, tuple[int, Callable[..., Any], bool]]:
    found: dict[str, tuple[int, Callable[..., Any], bool]] = {}
    for function in EVERY:
        template = None if function.sql is None else function.sql.sqlite
        kinds: list[Kind | None] = [None]
        if isinstance(template, Mapping):
            kinds = [kind for kind, text in template.items() if text == OWN_PYTHON]
        elif template != OWN_PYTHON and function.name not in _WRITTEN_IN_PYTHON:
            continue
        elif function.parameters and len(function.parameters[0].kinds) > 1:
            kinds = [*sorted(function.parameters[0].kinds)]
        fixed = not function.repeats and not any(p.is_optional for p in function.parameters)
        for kind in kinds:
            count = len(function.parameters) if fixed else -1
            found[name_of(function, kind)] = (count, _user_function(function, kind), True)
    return found


# Entries the writer calls by themselves although their SQL is written out.
_WRITTEN_IN_PYTHON = frozenset(
    {"add", "subtract", "multiply", "negate", "ABS", "MAX", "MIN", "CONTAINS", "BEGINS", "REGEX"}
)


def _blank_safe(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*given: Any) -> Any:
        if None in given:
            return None
        try:
            return function(*given)
        except ExprFailed:
            return None

    return run


def _decimal(value: float, scale: int) -> int | str:
    return _from_number(_as_number(value).scaleb(-scale, decimals.WIDE))


def _scaled(value: str | float, scale: int) -> int | None:
    scaled = decimals.half_up(_as_number(value).scaleb(scale, decimals.WIDE), decimals.ZERO)
    return int(scaled) if abs(scaled) < _SMALL * 2 else None


def _compare(left: str | float, right: str | float) -> int:
    one, other = _as_number(left), _as_number(right)
    return (one > other) - (one < other)


def _extreme(choose: Callable[..., Decimal]) -> Callable[..., int | str]:
    return lambda *given: _from_number(reduce(choose, map(_as_number, given)))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _local(milliseconds: int, zone: str) -> str:
    try:
        local = _instant(milliseconds).astimezone(_zone(zone))
    except OverflowError as error:
        raise ExprFailed("the date is out of range") from error
    return local.replace(tzinfo=None).isoformat(" ", "milliseconds")


def _local_time(milliseconds: int, zone: str) -> str:
    return _local(milliseconds, zone)[11:].removesuffix(".000")


# name -> (number of arguments or -1, the function, whether it always gives the same).
SQLITE_FUNCTIONS: Mapping[str, tuple[int, Callable[..., Any], bool]] = {
    **_own_python(),
    "patron_decimal": (2, _blank_safe(_decimal), True),
    "patron_scaled": (2, _blank_safe(_scaled), True),
    "patron_whole": (1, _blank_safe(lambda v: decimals.whole(_as_number(v), 10**15)), True),
    "patron_compare": (2, _blank_safe(_compare), True),
    "patron_plain": (1, _blank_safe(lambda v: decimals.plain(_as_number(v))), True),
    "patron_real": (1, _blank_safe(lambda v: float(_as_number(v))), True),
    "patron_max": (-1, _blank_safe(_extreme(max)), True),
    "patron_min": (-1, _blank_safe(_extreme(min)), True),
    "patron_local": (2, _blank_safe(_local), True),
    "patron_local_time": (2, _blank_safe(_local_time), True),
    "patron_date_from_text": (1, _blank_safe(lambda text: date_of_text(text).isoformat()), True),
    "patron_time_from_text": (1, _blank_safe(lambda text: _time_text(time_of_text(text))), True),
}
