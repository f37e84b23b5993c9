"""Windows of deployments: read, and asked whether they are open."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from deploy_tool.plans.windows import is_open, opens_next, read_windows

PARIS = ZoneInfo("Europe/Paris")
WEEK = "mon-thu 08:00-18:00, fri 8:00-12:00"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-26T06:59:00Z", False),  # Thursday, one minute early in Paris
        ("2026-11-26T07:00:00Z", True),
        ("2026-11-26T16:59:59Z", True),
        ("2026-11-26T17:00:00Z", False),
        ("2026-11-27T10:59:00Z", True),
        ("2026-11-27T11:00:00Z", False),  # Friday afternoon
        ("2026-11-28T09:00:00Z", False),
        ("2026-07-02T06:00:00Z", True),  # Thursday in summer time
    ],
)
def test_hours_are_those_of_the_project(moment: str, expected: bool) -> None:
    """To the minute, in its time zone, and no longer than said."""
    assert is_open(WEEK, datetime.fromisoformat(moment), PARIS) is expected


def test_no_window_is_always() -> None:
    """An environment that says nothing takes deployments at any time."""
    assert is_open("", datetime(2026, 11, 28, tzinfo=UTC), PARIS)


def test_days_go_round_the_end_of_the_week() -> None:
    """`sat-mon` is three days; 24:00 is the end of one."""
    (window,) = read_windows("sat-mon 20:00-24:00")

    assert (sorted(window.days), window.closes) == ([0, 5, 6], 1440)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-27T12:00:00Z", "2026-11-30 08:00"),  # from Friday afternoon to Monday
        ("2026-11-26T18:00:00Z", "2026-11-27 08:00"),
        ("2026-11-25T05:00:00Z", "2026-11-25 08:00"),
    ],
)
def test_the_next_opening_is_told(moment: str, expected: str) -> None:
    """The first one after now."""
    found = opens_next(WEEK, datetime.fromisoformat(moment), PARIS)

    assert f"{found:%Y-%m-%d %H:%M}" == expected


def test_one_window_a_week_opens_again_in_a_week() -> None:
    """While it is open as well."""
    now = datetime(2026, 11, 28, 9, tzinfo=UTC)

    assert f"{opens_next('sat 08:00-18:00', now, PARIS):%Y-%m-%d %H:%M}" == "2026-12-05 08:00"


@pytest.mark.parametrize(
    "text", ["at night", "mon", "mon 18:00-08:00", "mon 8-18", "mon 08:60-09:00", "mon 08:00-25:00"]
)
def test_what_is_no_window_is_refused(text: str) -> None:
    """Rather than guessed."""
    with pytest.raises(ValueError):  # noqa: PT011  # nobody reads what it says
        read_windows(text)
