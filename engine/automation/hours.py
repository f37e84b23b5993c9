"""Working time: how much of it lies between two instants, and when so much of it has passed. Pure.

Separate from clocks, which only count seconds. Spans are meant as people read them on the wall of
their office, so a day on which the clocks change is an hour longer or shorter if somebody works
through it. Without working hours all time counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.compiled import WorkingHours
from engine.model.public_holidays import days_off

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_NOTHING = timedelta()


def later(hours: WorkingHours | None, start: datetime, length: timedelta) -> datetime:
    """Give the instant by which so much working time has passed since another, in UTC.

    It never lies outside working hours: nothing to wait for ends when work begins. Cost: O(days
    between).
    """
    if hours is None:
        return start.astimezone(UTC) + length
    left = length
    for opens, closes in _spans(hours, start):
        begin = max(opens, start)
        if left <= closes - begin:
            return begin + left
        left -= closes - begin
    raise AssertionError  # the spans of a calendar never end


def between(hours: WorkingHours | None, start: datetime, end: datetime) -> timedelta:
    """Give the working time between two instants; nothing when the end is not later."""
    if end <= start:
        return _NOTHING
    if hours is None:
        return end - start
    passed = _NOTHING
    for opens, closes in _spans(hours, start):
        if opens >= end:
            return passed
        passed += min(closes, end) - max(opens, start)
    raise AssertionError  # the spans of a calendar never end


def is_open(hours: WorkingHours | None, instant: datetime) -> bool:
    """Tell whether somebody works at an instant."""
    return between(hours, instant, instant + timedelta(milliseconds=1)) > _NOTHING


def is_day_off(hours: WorkingHours, day: date) -> bool:
    """Tell whether a day is no working day, whatever its weekday."""
    if day in hours.days_off:
        return True
    return bool(hours.country) and day in days_off(hours.country, day.year)


def _spans(hours: WorkingHours, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the spans that end after an instant, in order, in UTC. They never end.

    The day before is looked at as well: a span may end at midnight.
    """
    assert any(hours.days)  # the compiler refuses a calendar without working time
    day = start.astimezone(hours.zone).date() - _DAY
    while True:
        if not is_day_off(hours, day):
            for opens, closes in hours.days[day.weekday()]:
                found = _instant(day, opens, hours.zone), _instant(day, closes, hours.zone)
                if found[1] > start and found[1] > found[0]:
                    yield found
        day += _DAY


def _instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Give a time of day as an instant: the first of two, and for one that is skipped, the next."""
    local = datetime.combine(day, time()) + minutes * _MINUTE
    while True:
        instant = local.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == local:
            return instant
        local += _MINUTE  # clocks go forward over it
