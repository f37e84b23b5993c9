"""Time as a parameter: what the engine calls now, in UTC with milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Clock(Protocol):
    """Whoever can tell the time."""

    def now(self) -> datetime:
        """Give the present instant: aware, UTC, whole milliseconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the present instant."""
        return in_milliseconds(datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still: for tests, and for what must happen at one instant."""

    instant: datetime

    def now(self) -> datetime:
        """Give the fixed instant."""
        return in_milliseconds(self.instant)


def in_milliseconds(instant: datetime) -> datetime:
    """Cut an instant to whole milliseconds, the precision that both databases keep."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Give a time zone by name; an unknown one is UTC rather than a failed request."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
