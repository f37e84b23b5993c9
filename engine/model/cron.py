"""Cron lines: when `0 7 * * 1` comes next, in a time zone with its changes of clocks.

Ours, because it is small, is asked once a minute, and must say one thing of the hour that comes
twice: a line with fixed hours fires once, one with `*` hours in both. A time that the change of
clocks skips fires as long after the change as it lies behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_PARTS = 5
_YEARS = 9  # a 29 February is at most eight years away


class BadCron(ValueError):
    """A line that cannot be read, or that never comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A line as sets of numbers; weekdays count from Sunday, 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool  # both kinds of days are limited: one of them is enough
    every_hour: bool

    def after(self, moment: datetime, zone: tzinfo) -> datetime:
        """Give the next instant after `moment`, in UTC. Raises: BadCron when there is none."""
        today = moment.astimezone(zone).date()
        for ahead in range(-1, 366 * _YEARS):
            day = today + timedelta(days=ahead)
            if self._is_day(day):
                found = [at for at in self._instants(day, zone) if at > moment]
                if found:
                    return min(found)
        raise BadCron("it names a day that never comes")

    def _is_day(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_date = day.day in self.days
        by_weekday = (day.weekday() + 1) % 7 in self.weekdays
        return by_date or by_weekday if self.either_day else by_date and by_weekday

    def _instants(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime.combine(day, time(hour, minute), zone)
                first = local.astimezone(UTC)
                is_there = first.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
                if is_there or not self.every_hour:
                    yield first
                second = local.replace(fold=1).astimezone(UTC)
                if self.every_hour and is_there and second != first:
                    yield second


@lru_cache(maxsize=1024)
def read_cron(text: str) -> Cron:
    """Read a line: minute, hour, day of month, month, weekday. Raises: BadCron."""
    parts = text.lower().split()
    if len(parts) != _PARTS:
        raise BadCron("it has five parts: minute, hour, day of month, month and weekday")
    minute, hour, day, month, weekday = parts
    weekdays = _numbers(weekday, 0, 7, "weekday", _DAYS)
    return Cron(
        minutes=_numbers(minute, 0, 59, "minute"),
        hours=_numbers(hour, 0, 23, "hour"),
        days=_numbers(day, 1, 31, "day"),
        months=_numbers(month, 1, 12, "month", ("", *_MONTHS)),
        weekdays=frozenset(number % 7 for number in weekdays),
        either_day=not day.startswith("*") and not weekday.startswith("*"),
        every_hour=hour.startswith("*"),
    )


def _numbers(
    text: str, least: int, most: int, what: str, names: tuple[str, ...] = ()
) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            low, high = least, most if what != "weekday" else 6
        else:
            low = _number(first, what, names)
            high = _number(last, what, names) if last else (most if step else low)
        if not (least <= low <= high <= most) or (step and not _is_step(step)):
            raise BadCron(f'"{part}" is no {what} from {least} to {most}')
        found.update(range(low, high + 1, int(step) if step else 1))
    return frozenset(found)


def _is_step(text: str) -> bool:
    return text.isdecimal() and int(text) > 0


def _number(text: str, what: str, names: tuple[str, ...]) -> int:
    if text in names and text:
        return names.index(text)
    if not text.isdecimal():
        raise BadCron(f'"{text}" is no {what}')
    return int(text)
