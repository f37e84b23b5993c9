"""How many records a filter finds and what they sum up to: one statement, kept for a minute.

The first page of a list counts anew; turning pages shows what was counted then, so that each
further page costs its own rows and nothing else.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.errors import RequestInvalid
from engine.model.fields.base import Value
from engine.session import Session

_LONGEST = timedelta(minutes=1)
_MOST = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A count, whether there are more than that, and totals: field path -> value."""

    count: int
    is_at_least: bool = False
    totals: Mapping[str, Value]


class Counts:
    """What was counted lately, for one process. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], tuple[datetime, Counted]] = OrderedDict()

    def recent(self, key: tuple[object, ...], now: datetime) -> Counted | None:
        """Give what was counted under a key within the last minute."""
        with self._lock:
            found = self._kept.get(key)
        return found[1] if found is not None and now - found[0] < _LONGEST else None

    def keep(self, key: tuple[object, ...], counted: Counted, now: datetime) -> None:
        """Remember a count."""
        with self._lock:
            self._kept[key] = (now, counted)
            self._kept.move_to_end(key)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)


def measure(
    session: Session, name: str, where: str | None, measures: Mapping[str, str]
) -> Counted | None:
    """Count and measure all records that a filter finds, in one statement.

    `measures`: field path -> sum, min, max, avg or count. None when one of them has no SQL form.
    """
    paths = list(measures)
    named = {f"m{place}": f"{measures[path]}({path})" for place, path in enumerate(paths)}
    try:
        (row,) = session.aggregate(name, where=where, measures={"all": "COUNT()", **named})
    except RequestInvalid:
        return None
    totals = {path: row[f"m{place}"] for place, path in enumerate(paths)}
    return Counted(count=int(str(row["all"])), totals=totals)
