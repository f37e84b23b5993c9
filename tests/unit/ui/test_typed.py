"""Numbers, days and times as people type them: read exactly in their language, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from ui.typed import Mistyped, read_clock, read_day, read_moment, read_number, write_number
from web.formats import Formats, formats
from web.texts import choose_language

ZONE, COMPANY = "Europe/Paris", "EUR"


@pytest.fixture(autouse=True)
def _request() -> Iterator[None]:
    """Let sentences be said: they need a request."""
    with Flask("test").test_request_context():
        choose_language("en")
        yield


def speak(language: str) -> Formats:
    """Give the formats of a language."""
    return formats(language, ZONE, COMPANY)


@pytest.mark.parametrize(
    ("language", "typed", "number"),
    [
        ("en", "1,234.56", "1234.56"),
        ("en", "1 234.5", "1234.5"),
        ("en", "1.234.567", "1234567"),
        ("en", "12,5", "12.5"),
        ("en", "1,234", "1234"),
        ("en", "1.234", "1.234"),
        ("en", ".5", "0.5"),
        ("en", "\N{MINUS SIGN}3", "-3"),
        ("en", "€ 12", "12"),
        ("en", "0,123", "0.123"),
        ("fr", "1 234,56", "1234.56"),
        ("fr", "1\u202f234,56 €", "1234.56"),
        ("fr", "1234.56", "1234.56"),
        ("fr", "1,234", "1.234"),
        ("fr", "1.234,5", "1234.5"),
        ("fr", "18 %", "18"),
    ],
)
def test_numbers_are_read_in_the_language(language: str, typed: str, number: str) -> None:
    """Grouping and decimals are those that the language writes."""
    assert read_number(typed, speak(language)) == Decimal(number)


@pytest.mark.parametrize(("language", "typed"), [("fr", "1.234"), ("en", "1234,567")])
def test_what_can_be_read_in_two_ways_is_refused_with_both(language: str, typed: str) -> None:
    """The sentence shows both numbers, to be copied."""
    with pytest.raises(Mistyped, match="two ways"):
        read_number(typed, speak(language))


@pytest.mark.parametrize(
    "typed", ["", "abc", "5-", "--5", "1,2,3", "12 34", "1e5", "٣", "1.2.3", "9" * 61, "NaN"]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    """Nothing is guessed, rounded or cut."""
    with pytest.raises(Mistyped, match="is no number"):
        read_number(typed, speak("en"))


@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**12))
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_written_number_is_read_back(language: str, number: Decimal) -> None:
    """Read ∘ write = identity, in every language."""
    with Flask("test").test_request_context():
        fmt = speak(language)
        text = write_number(number, fmt)
        if len(text) <= 60:
            assert read_number(text, fmt) == number


@pytest.mark.parametrize(
    ("language", "typed", "day"),
    [
        ("en", "2026-11-30", "2026-11-30"),
        ("en", "30/11/2026", "2026-11-30"),
        ("en", "11/30/2026", "2026-11-30"),
        ("en", "7.7.2026", "2026-07-07"),
        ("en", "30 Nov 2026", "2026-11-30"),
        ("en", "November 30, 2026", "2026-11-30"),
        ("fr", "03/04/2026", "2026-04-03"),
        ("fr", "1 décembre 2026", "2026-12-01"),
    ],
)
def test_days_are_read_in_the_language(language: str, typed: str, day: str) -> None:
    """ISO, the order of the language, and months as words."""
    assert read_day(typed, speak(language)) == day


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("03/04/2026", "two ways"),
        ("2026-02-30", "There is no day"),
        ("31/02/2026", "There is no day"),
        ("soon", "is no day"),
        ("1" * 70, "is no day"),
    ],
)
def test_days_that_are_none_or_two_are_refused(typed: str, said: str) -> None:
    """English writes days in two orders, so the month is asked for as a word."""
    with pytest.raises(Mistyped, match=said):
        read_day(typed, speak("en"))


@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("2026-07-01T09:30", datetime(2026, 7, 1, 7, 30, tzinfo=UTC)),
        ("30/11/2026 9h30", datetime(2026, 11, 30, 8, 30, tzinfo=UTC)),
    ],
)
def test_moments_are_those_of_the_visitors_zone(typed: str, instant: datetime) -> None:
    """Summer and winter are told apart."""
    assert read_moment(typed, speak("en")) == instant


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-03-29T02:30", "the clocks are put forward"),
        ("9:30", "is no day with a time"),
        ("2026-03-29T25:00", "is no time of day"),
        ("0001-01-01T00:00", "There is no day"),
    ],
)
def test_moments_that_never_are_are_refused(typed: str, said: str) -> None:
    """An hour that the clocks skip is nobody's."""
    with pytest.raises(Mistyped, match=said):
        read_moment(typed, speak("en"))


def test_times_of_day() -> None:
    """Hours and minutes, as clocks and people write them."""
    assert read_clock("9h") == "09:00:00"
    assert read_clock("09:30:15") == "09:30:15"
    with pytest.raises(Mistyped):
        read_clock("9:75")
