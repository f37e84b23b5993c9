"""Days, instants and times of day: `date`, `datetime`, `time`. ISO forms only, never a guess.

An instant without a zone is refused, because nobody could say later which instant was meant.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from engine.locale import say
from engine.model.declarations import Field
from engine.model.fields.base import BadValue, FieldType, Storage, StorageKind, Value
from engine.model.fields.texts import describe

_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_CLOCK = r"\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?"
_DATETIME = re.compile(rf"\d{{4}}-\d\d-\d\d[Tt ]{_CLOCK}(?P<zone>[Zz]|[+-]\d\d:\d\d)?\Z", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d(?::\d\d)?\Z", re.ASCII)


class Date(FieldType):
    """A day."""

    name = "date"
    summary = "A day, written 2026-03-31."

    def storage(self, field: Field) -> Storage:
        """Keep as a date."""
        return Storage(StorageKind.DATE)

    def parse(self, field: Field, value: object) -> Value:
        """Read `YYYY-MM-DD`.

        Raises: BadValue R130.
        """
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and _DATE.match(value):
            try:
                return date.fromisoformat(value)
            except ValueError as error:
                raise BadValue(
                    "R130", say("There is no day {value}.", value=describe(value))
                ) from error
        raise BadValue(
            "R130",
            say("{value} is no date.", value=describe(value)),
            say("write it like 2026-03-31"),
        )


class Datetime(FieldType):
    """An instant, kept in UTC to the millisecond."""

    name = "datetime"
    summary = "A day and time of day, with its time zone."

    def storage(self, field: Field) -> Storage:
        """Keep as an instant."""
        return Storage(StorageKind.DATETIME)

    def parse(self, field: Field, value: object) -> Value:
        """Read RFC 3339 with a zone; the result is in UTC, cut to milliseconds.

        Raises: BadValue R131 (unreadable), R132 (no zone).
        """
        read = value if isinstance(value, datetime) else _read_datetime(value)
        if read.utcoffset() is None:
            hint = say("add Z for UTC, or an offset like +02:00")
            raise BadValue("R132", say("{value} says no time zone.", value=describe(value)), hint)
        try:
            read = read.astimezone(UTC)
        except OverflowError as error:
            raise BadValue(
                "R131", say("{value} lies outside the years 1 to 9999.", value=describe(value))
            ) from error
        return read.replace(microsecond=read.microsecond // 1000 * 1000)


def _read_datetime(value: object) -> datetime:
    if isinstance(value, str) and _DATETIME.match(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError as error:
            raise BadValue(
                "R131", say("There is no such instant as {value}.", value=describe(value))
            ) from error
    hint = say("write it like 2026-03-31T09:30:00Z")
    raise BadValue("R131", say("{value} is no date with a time.", value=describe(value)), hint)


class Time(FieldType):
    """A time of day."""

    name = "time"
    summary = "A time of day, written 09:30."

    def storage(self, field: Field) -> Storage:
        """Keep as a time of day."""
        return Storage(StorageKind.TIME)

    def parse(self, field: Field, value: object) -> Value:
        """Read `HH:MM` or `HH:MM:SS`.

        Raises: BadValue R133.
        """
        if isinstance(value, time) and value.tzinfo is None and not value.microsecond:
            return value
        if isinstance(value, str) and _TIME.match(value):
            try:
                return time.fromisoformat(value)
            except ValueError as error:
                raise BadValue(
                    "R133", say("There is no time {value}.", value=describe(value))
                ) from error
        raise BadValue(
            "R133",
            say("{value} is no time of day.", value=describe(value)),
            say("write it like 09:30 or 09:30:00"),
        )
