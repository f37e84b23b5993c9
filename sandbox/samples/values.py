"""From the cells of the sample data to what `Session` takes: days become dates, keys become ids.

Separate from reading, because it needs the declared fields and a day. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.compiled import CompiledField, CompiledObject

_DAY = re.compile(r"[-+]?\d+\Z")
_NOON, _JUST_NOW = time(12), timedelta(minutes=15)
LOOKUPS = frozenset({"lookup", "master_detail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The day from which days count, in the time zone of the project."""

    day: date
    zone: ZoneInfo

    def date(self, text: str) -> date:
        """Read "-12". Raises: ValueError."""
        if not _DAY.match(text):
            raise ValueError(f'"{text}" is no number of days from today')
        return self.day + timedelta(days=int(text))

    def instant(self, text: str) -> datetime:
        """Read "-12 14:30", or a day alone for nine in the morning. Raises: ValueError."""
        day, _, hour = text.partition(" ")
        at = time.fromisoformat(hour) if hour else time(9)
        return datetime.combine(self.date(day), at, self.zone)

    @property
    def start(self) -> datetime:
        """The beginning of the day, in UTC."""
        return datetime.combine(self.day, time(), self.zone).astimezone(UTC)

    def happened(self, days: int, now: datetime) -> datetime:
        """Give when something of a day is said to have happened: at noon, never still to come.

        Of today it is a little while ago: what is new is fresh, and nothing of it is late.
        """
        day = self.day + timedelta(days=days)
        if days == 0:
            return max(self.start, now - _JUST_NOW)
        return min(datetime.combine(day, _NOON, self.zone).astimezone(UTC), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Turns the cells of one object into values; `ids` are those of rows, by (object, key)."""

    compiled: CompiledObject
    today: Today
    ids: Mapping[tuple[str, str], int]

    def value(self, name: str, text: str) -> object:
        """Give the value of a cell. Raises: ValueError, which says where and why."""
        field = next((f for key, f in self.compiled.fields.items() if key == name), None)
        if field is None:
            raise ValueError(f'{self.compiled.name} has no field "{name}"')
        try:
            return self._read(field, text.strip())
        except ValueError as error:
            raise ValueError(f"{self.compiled.name}.{name}: {error}") from error

    def _read(self, field: CompiledField, text: str) -> object:
        kind = field.decl.type
        if kind == "date":
            return self.today.date(text).isoformat()
        if kind == "datetime":
            return self.today.instant(text).isoformat()
        if kind == "checkbox":
            return text == "yes"
        if kind == "multi_picklist":
            return [part.strip() for part in text.split(";")]
        if kind in LOOKUPS:
            return self._row(field, text)
        return text

    def _row(self, field: CompiledField, text: str) -> int:
        targets = [str(target) for target in field.decl.targets]
        target, sign, key = text.partition(":")
        if not sign:
            target, key = targets[0], text
        if target not in targets or (target, key) not in self.ids:
            raise ValueError(f'there is no row "{text}" before it')
        return self.ids[target, key]
