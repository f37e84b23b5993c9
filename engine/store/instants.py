"""Instants in platform tables: whole milliseconds since 1970 UTC, the same number everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(instant: datetime) -> int:
    """Give an aware datetime as milliseconds since 1970 UTC, cut to whole ones."""
    return (instant - _EPOCH) // _MILLISECOND


def instant_of(number: int) -> datetime:
    """Give milliseconds since 1970 UTC as an aware datetime in UTC."""
    return _EPOCH + number * _MILLISECOND
