"""The deadlines of the sample cases are those of a working team, whenever a demo is started."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.automation.hours import between, later
from engine.compile import compile_model
from engine.compiled import Deadline, Model
from engine.expr import EvalContext
from engine.model.fields.base import Value
from engine.names import ObjectName
from engine.source import load_tree
from sandbox.samples.reading import Sample, read_samples
from sandbox.samples.values import Today
from tests.support.repository import ROOT

CASE = ObjectName("case")
ZONE = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 11, 23)
MOST_LATE, QUIET = 2, timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A clock that runs at some instant: whose, how late it is, and when it runs out."""

    key: str
    is_late: bool
    due: datetime


@pytest.fixture(scope="module")
def model() -> Model:
    """Give the shipped configuration."""
    tree, problems = load_tree(ROOT / "metadata")
    assert not problems
    found, problems = compile_model(tree)
    assert found is not None, problems
    return found


def _moments(sample: Sample, today: Today, now: datetime) -> Iterator[tuple[datetime, str]]:
    """Give what the status of a case was from when."""
    yield today.happened(sample.made, now), sample.cells["status"]
    for day, field, value in sample.later:
        if field == "status":
            yield today.happened(day, now), value


def _running(deadline: Deadline, sample: Sample, today: Today, now: datetime) -> Running | None:
    """Follow the clock of a case as saves would."""
    context = EvalContext(now=now, zone=ZONE)
    used, since, has_begun = timedelta(), None, False
    for at, status in _moments(sample, today, now):
        if since is not None:
            used, since = used + between(deadline.hours, since, at), None
        reply = datetime(2026, 1, 1, tzinfo=UTC) if "first_reply_at" in sample.cells else None
        values: dict[str, Value] = {"status": status, "first_reply_at": reply}
        if deadline.stop_if.holds(values, context):
            return None
        has_begun = has_begun or deadline.start_if.holds(values, context)
        is_paused = deadline.pause_if is not None and deadline.pause_if.holds(values, context)
        since = at if has_begun and not is_paused else None
    if since is None:
        return None
    left = timedelta(seconds=deadline.seconds) - used
    is_late = between(deadline.hours, since, now) >= left
    due = later(deadline.hours, since, max(left, timedelta()))
    return Running(key=sample.key, is_late=is_late, due=due)


@pytest.mark.parametrize("hour", [0, 8, 11, 15, 19, 23])
@pytest.mark.parametrize("weekday", range(7))
def test_most_are_in_time_and_none_escalates_at_once(model: Model, weekday: int, hour: int) -> None:
    """On every day of the week and at any hour: one or two late, nothing to come for hours."""
    day = MONDAY + timedelta(days=weekday)
    now = datetime(day.year, day.month, day.day, hour, 20, tzinfo=ZONE).astimezone(UTC)
    today = Today(day=day, zone=ZONE)
    cases = read_samples()["case"]

    found = [
        clock
        for deadline in model.deadlines[CASE]
        for sample in cases
        if (clock := _running(deadline, sample, today, now)) is not None
    ]

    late = [clock for clock in found if clock.is_late]
    assert 1 <= len(late) <= MOST_LATE
    assert len(found) >= 10 * len(late)
    assert [clock for clock in found if not clock.is_late and clock.due < now + QUIET] == []


@pytest.mark.parametrize("hour", [0, 8, 11, 15, 19, 23])
def test_no_urgent_case_lies_untouched_for_a_day(hour: int) -> None:
    """Else the workflow that looks every hour would escalate it while somebody looks around."""
    now = datetime(2026, 11, 24, hour, 20, tzinfo=ZONE).astimezone(UTC)
    today = Today(day=date(2026, 11, 24), zone=ZONE)

    untouched = [
        sample.key
        for sample in read_samples()["case"]
        if sample.cells.get("priority") in {"high", "urgent"}
        and "is_escalated" not in sample.cells
        and [status for _, status in _moments(sample, today, now)][-1] not in {"resolved", "closed"}
        and max(at for at, _ in _moments(sample, today, now)) < now + QUIET - timedelta(days=1)
    ]

    assert untouched == []
