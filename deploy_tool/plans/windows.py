"""Windows: the hours of the week in which an environment takes deployments.

`mon-thu 08:00-18:00, fri 08:00-12:00`, in the time zone of the project. Separate from `policy`,
which only asks whether now is one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORM = "mon-thu 08:00-18:00, fri 08:00-12:00"
_DAY = "|".join(DAYS)
_WINDOW = re.compile(
    rf"(?P<first>{_DAY})(?:\s*-\s*(?P<last>{_DAY}))?\s+"
    r"(?P<opens>\d{1,2}:\d{2})\s*-\s*(?P<closes>\d{1,2}:\d{2})"
)
_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """Some days of the week, from one minute of the day to before another."""

    days: tuple[int, ...]  # Monday is 0
    opens: int
    closes: int

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment, in the window's own zone, lies in it."""
        minute = moment.hour * 60 + moment.minute
        return moment.weekday() in self.days and self.opens <= minute < self.closes


def read_windows(text: str) -> tuple[Window, ...]:
    """Read windows; "" is none, which means always. Raises: ValueError for anything else."""
    return tuple(_read(part.strip()) for part in text.lower().split(",") if text.strip())


def is_open(text: str, now: datetime, zone: ZoneInfo) -> bool:
    """Tell whether deployments are taken now."""
    windows, there = read_windows(text), now.astimezone(zone)
    return not windows or any(window.holds(there) for window in windows)


def opens_next(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Give when the next window opens, in its own zone; windows there must be."""
    there = now.astimezone(zone).replace(second=0, microsecond=0)
    return min(_openings(read_windows(text), there))


def _openings(windows: tuple[Window, ...], there: datetime) -> Iterator[datetime]:
    for ahead in range(8):  # today's may be over, so that the next is a week away
        day = there + timedelta(days=ahead)
        for window in windows:
            opening = day.replace(hour=window.opens // 60, minute=window.opens % 60)
            if day.weekday() in window.days and opening > there:
                yield opening


def _read(text: str) -> Window:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(text)
    first = DAYS.index(found["first"])
    last = DAYS.index(found["last"] or found["first"])
    days = tuple((first + step) % 7 for step in range((last - first) % 7 + 1))
    opens, closes = _minute(found["opens"]), _minute(found["closes"])
    if opens >= closes:
        raise ValueError(text)
    return Window(days, opens, closes)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    found = int(hour) * 60 + int(minute)
    if int(minute) >= 60 or found > _MINUTES:  # noqa: PLR2004 -- minutes of an hour
        raise ValueError(text)
    return found
