"""Working hours and SLAs made ready: spans, weeks, and what makes no sense where it stands."""

from __future__ import annotations

from datetime import date

import holidays
import pytest

from engine.compile import compile_model
from engine.model.public_holidays import COUNTRIES, days_off
from engine.names import ComponentKey, ObjectName
from engine.source import tree_from_texts
from tests.support.worlds import compile_texts, texts_of

CASE = "object: case\nfields: {name: {type: text}, account: {type: lookup, to: case}}\n"
SLA = "sla: answer\nobject: case\nstart_if: ISBLANK(name)\nstop_if: NOT ISBLANK(account.name)\n"
HOURS = "hours:\n  h:\n    days: {mon-tue: ['09:00-12:00', '13:00-18:00'], sat: ['10:00-12:00']}\n"


def files(hours: str = HOURS, **others: str) -> dict[str, str]:
    """Give a configuration of cases with working hours."""
    return texts_of({"case": CASE}, hours=hours, **others)


@pytest.mark.parametrize(
    ("within", "seconds"),
    [
        ("90 seconds", 90),
        ("4 hours", 4 * 3600),
        ("1 week", 18 * 3600),
        ("2 days", 12 * 3600),  # of six hours each: 18 in three days
    ],
)
def test_a_length_counts_working_time(within: str, seconds: int) -> None:
    """A week is what is worked in one, a day the average of those that are worked."""
    _, model = compile_texts(files(sla__answer=f"{SLA}within: {within}\nhours: h\n"))

    (deadline,) = model.deadlines[ObjectName("case")]
    assert (deadline.seconds, deadline.reads) == (seconds, {"name", "account.name"})
    assert set(deadline.parts) == {ComponentKey("sla:answer"), ComponentKey("hours:h")}
    assert "account.name" in model.automation[ObjectName("case")].paths


def test_without_hours_all_time_counts() -> None:
    """A day has 24 hours; an SLA that is switched off is not there."""
    off = f"active: false\n{SLA.replace('answer', 'off')}within: 1 day\n"

    _, model = compile_texts(files(sla__answer=f"{SLA}within: 1 week\n", sla__off=off))

    assert [d.seconds for d in model.deadlines[ObjectName("case")]] == [7 * 24 * 3600]


def test_spans_zones_and_days_off_are_read() -> None:
    """Weekdays may go over the weekend; a list of days stands for holidays."""
    text = (
        "hours:\n  h:\n    days: {sat-mon: ['00:00-24:00']}\n"
        "    time_zone: Asia/Tokyo\n    holidays: ['2026-12-25']\n"
    )

    _, model = compile_texts(files(text))

    found = model.hours["h"]
    assert [len(spans) for spans in found.days] == [1, 0, 0, 0, 0, 1, 1]
    assert found.days[0] == ((0, 24 * 60),)
    assert (found.zone.key, found.days_off) == ("Asia/Tokyo", {date(2026, 12, 25)})
    assert compile_texts(files())[1].hours["h"].zone.key == "Europe/Paris"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("days: {mon: ['12:00-09:00']}", "M343 12:00-09:00 is no span of a day"),
        ("days: {mon: ['20:00-24:30']}", "M343 20:00-24:30 is no span of a day"),
        ("days: {mon: ['09:00-12:00', '11:00-13:00']}", "M343 11:00-13:00 begins before"),
        ("days: {mon-fri: ['09:00-12:00'], tue: []}", "M343 tue stands here a second time."),
        ("days: {mon: []}", "M342 Nobody ever works in these hours"),
        ("days: {mon: ['09:00-12:00']}, holidays: ZZ", 'M344 The holidays of "ZZ" are not known'),
        ("days: {mon: ['09:00-12:00']}, holidays: DE-XX", 'M344 DE has no part "XX"'),
        ("days: {mon: ['09:00-12:00']}, holidays: ['2026-02-30']", "M343 2026-02-30 is no day"),
        ("days: {mon: ['09:00-12:00']}, time_zone: Europe/Pari", "M345 There is no time zone"),
    ],
)
def test_hours_that_make_no_sense_are_a_problem(given: str, wanted: str) -> None:
    """It is told when the version is published, under the place where it stands."""
    tree, _ = tree_from_texts(files(f"hours:\n  h: {{{given}}}\n"))

    model, problems = compile_model(tree)

    assert model is None
    (problem,) = problems
    assert str(problem).startswith(f"hours.yaml:2:{problem.col} {wanted}")


@pytest.mark.parametrize(
    ("within", "wanted"),
    [
        ("1 month\nhours: h", "M342 Months differ in length"),
        ("2000 days\nhours: h", "M342 A deadline lies at most 150 weeks ahead."),
    ],
)
def test_a_length_that_cannot_be_measured_is_a_problem(within: str, wanted: str) -> None:
    """Months, and what lies too far ahead."""
    tree, _ = tree_from_texts(files(sla__answer=f"{SLA}within: {within}\n"))

    model, problems = compile_model(tree)

    assert model is None
    assert [str(p).startswith(f"sla/answer.yaml:5:9 {wanted}") for p in problems] == [True]


def test_the_countries_are_those_of_the_library() -> None:
    """The list that is looked at without loading the library is the library's."""
    known = {one for one in holidays.list_supported_countries() if len(one) == 2}

    assert known == COUNTRIES


def test_holidays_belong_to_a_country_or_a_part_of_it() -> None:
    """Epiphany is one in Bavaria, not in all of Germany."""
    epiphany = date(2026, 1, 6)

    assert epiphany in days_off("DE-BY", 2026)
    assert epiphany not in days_off("DE", 2026)
    assert date(2026, 7, 14) in days_off("FR", 2026)
