"""Codes that change with time: as RFC 6238 has them, for a while, once."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from engine.people import codes

# The secret and the instants of RFC 6238, appendix B; six of its eight digits.
RFC = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str):
    """Any authenticator app shows the same."""
    at = datetime.fromtimestamp(seconds, UTC)

    assert codes.code_at(RFC, codes.step_of(at)) == code
    assert codes.find_step(RFC, f"{code[:3]} {code[3:]}", at=at, after=0) == codes.step_of(at)


def test_a_code_is_good_for_a_clock_that_is_a_little_off():
    """Half a minute either way; not later, and not once it or a later one was used."""
    at = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    step = codes.step_of(at)
    code = codes.code_at(RFC, step)

    found = [
        codes.find_step(RFC, code, at=at + timedelta(seconds=30 * off), after=0)
        for off in (-2, -1, 0, 1, 2)
    ]

    assert found == [None, step, step, step, None]
    assert codes.find_step(RFC, code, at=at, after=step) is None
    for wrong in ("", "12345", "١٢٣٤٥٦", code + "0"):
        assert codes.find_step(RFC, wrong, at=at, after=0) is None


def test_a_sealed_secret_opens_with_its_key_only():
    """Another installation's key gives nothing, and no error."""
    secret = codes.new_secret()
    text = codes.seal(b"k" * 32, secret)

    assert codes.unseal(b"k" * 32, text) == secret
    assert codes.unseal(b"o" * 32, text) == ""
    assert secret not in text
