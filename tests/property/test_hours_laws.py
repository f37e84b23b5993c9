"""Laws of working time: adding and measuring undo each other, nothing ends in closed time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.automation.hours import between, is_day_off, is_open, later
from engine.compiled import WorkingHours
from tests.support.proof import proof_length

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
LAW = settings(max_examples=proof_length(60, 2000), deadline=None)
MILLISECOND = timedelta(milliseconds=1)
# Weeks in which clocks change come often: around the ends of March and October.
STARTS = [
    (datetime(2025, 12, 20, tzinfo=UTC), 380),
    (datetime(2026, 3, 26, tzinfo=UTC), 12),
    (datetime(2026, 10, 22, tzinfo=UTC), 12),
]
INSTANTS = st.sampled_from(STARTS).flatmap(
    lambda start: st.integers(0, start[1] * 24 * 3600).map(
        lambda seconds: start[0] + timedelta(seconds=seconds)
    )
)
LENGTHS = st.one_of(
    st.integers(1, 3 * 24 * 3600), st.integers(1, 200).map(lambda hours: hours * 3600)
).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def spans(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Make the spans of a day, one after the other."""
    marks = draw(st.lists(st.integers(0, 24 * 60), max_size=6, unique=True).map(sorted))
    return tuple(zip(marks[::2], marks[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> WorkingHours:
    """Make working hours in which somebody works ten hours a week at least."""
    days = [draw(spans()) for _ in range(7)]
    if sum(end - start for day in days for start, end in day) < 600:
        days[draw(st.integers(0, 6))] = ((540, 1140),)
    off = draw(st.frozensets(st.dates(date(2026, 3, 20), date(2026, 4, 10)), max_size=8))
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    country = draw(st.sampled_from(["", "FR", "DE-BY"]))
    return WorkingHours(name="h", days=tuple(days), zone=zone, country=country, days_off=off)


@LAW
@given(calendars(), INSTANTS, LENGTHS)
def test_measuring_gives_back_what_was_added(
    hours: WorkingHours, start: datetime, length: timedelta
) -> None:
    """between(start, later(start, x)) = x."""
    assert between(hours, start, later(hours, start, length)) == length


@LAW
@given(calendars(), INSTANTS, LENGTHS, LENGTHS)
def test_adding_twice_is_adding_once(
    hours: WorkingHours, start: datetime, one: timedelta, two: timedelta
) -> None:
    """later(later(start, x), y) = later(start, x + y): a pause changes nothing by itself."""
    assert later(hours, later(hours, start, one), two) == later(hours, start, one + two)


@LAW
@given(calendars(), INSTANTS, INSTANTS, LENGTHS)
def test_who_starts_later_is_never_due_earlier(
    hours: WorkingHours, one: datetime, two: datetime, length: timedelta
) -> None:
    """Adding keeps the order of starts, and longer deadlines end later."""
    first, second = sorted((one, two))

    assert later(hours, first, length) <= later(hours, second, length)
    assert later(hours, first, length) < later(hours, first, length + MILLISECOND)


@LAW
@given(calendars(), INSTANTS, LENGTHS)
def test_nothing_ends_outside_working_hours(
    hours: WorkingHours, start: datetime, length: timedelta
) -> None:
    """Just before it ends, somebody works; and that day is no day off."""
    due = later(hours, start, length)
    before = due - MILLISECOND

    assert is_open(hours, before)
    assert not is_day_off(hours, before.astimezone(hours.zone).date())


@LAW
@given(calendars(), INSTANTS, INSTANTS, INSTANTS)
def test_times_add_up(hours: WorkingHours, one: datetime, two: datetime, three: datetime) -> None:
    """between(a, c) = between(a, b) + between(b, c), and it is never more than the time itself."""
    first, middle, last = sorted((one, two, three))

    whole = between(hours, first, last)

    assert whole == between(hours, first, middle) + between(hours, middle, last)
    assert timedelta() <= whole <= last - first
