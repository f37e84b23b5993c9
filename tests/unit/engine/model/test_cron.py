"""Cron lines: their next times, over changes of clocks, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.model.cron import BadCron, read_cron

PARIS = ZoneInfo("Europe/Paris")


def next_times(line: str, start: str, many: int) -> list[str]:
    """Give the next times of a line, in Paris."""
    moment, found = datetime.fromisoformat(start).replace(tzinfo=PARIS).astimezone(UTC), []
    for _ in range(many):
        moment = read_cron(line).after(moment, PARIS)
        found.append(moment.astimezone(PARIS).isoformat())
    return found


# Clocks go from 2 to 3 on 29 March 2026: half past two comes an hour later, once. They go back from
# 3 to 2 on 25 October: a fixed time fires once, one of every hour twice.
TIMES = """
0 7 * * 1 | 2026-03-02T07:00 | 2026-03-09T07:00:00+01:00
*/20 9 * * * | 2026-03-02T09:30 | 2026-03-02T09:40:00+01:00 2026-03-03T09:00:00+01:00
0 0 29 2 * | 2026-03-01T00:00 | 2028-02-29T00:00:00+01:00
30 8 1,15 * fri | 2026-05-02T00:00 | 2026-05-08T08:30:00+02:00 2026-05-15T08:30:00+02:00
0 6 * jan-mar mon-fri | 2026-03-31T06:00 | 2027-01-01T06:00:00+01:00
0 5 * * 7 | 2026-03-02T00:00 | 2026-03-08T05:00:00+01:00
30 2 * * * | 2026-03-28T12:00 | 2026-03-29T03:30:00+02:00 2026-03-30T02:30:00+02:00
30 2 * * * | 2026-10-24T12:00 | 2026-10-25T02:30:00+02:00 2026-10-26T02:30:00+01:00
0 * * * * | 2026-10-25T01:30 | 2026-10-25T02:00:00+02:00 2026-10-25T02:00:00+01:00
0 * * * * | 2026-03-29T01:30 | 2026-03-29T03:00:00+02:00
"""


@pytest.mark.parametrize("case", TIMES.strip().splitlines())
def test_the_next_times_of_a_line(case: str) -> None:
    """In the project's zone, in the order in which they come."""
    line, start, times = (part.strip() for part in case.split("|"))
    found = times.split()

    assert next_times(line, start, len(found)) == found


@pytest.mark.parametrize(
    "line", ["* * * *", "60 * * * *", "a * * * *", "*/0 * * * *", "5-1 * * * *", "0 0 * 13 *"]
)
def test_what_is_no_line(line: str) -> None:
    """It is refused when it is read."""
    with pytest.raises(BadCron):
        read_cron(line)


def test_a_day_that_never_comes() -> None:
    """The thirtieth of February is told, not waited for."""
    with pytest.raises(BadCron, match="never comes"):
        read_cron("0 0 30 2 *").after(datetime(2026, 1, 1, tzinfo=UTC), PARIS)
