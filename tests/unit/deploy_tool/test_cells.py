"""Texts in CSV files: no spreadsheet runs them, and they come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy_tool.cells import guard_text, unguard_text


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://evil.test","x")',
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1:A9)",
        "\t=1",
        "\r=1",
        "'=1+1",
    ],
)
def test_a_formula_becomes_a_text(text: str):
    """With an apostrophe in front; reading takes it away again."""
    guarded = guard_text(text)

    assert guarded == f"'{text}"
    assert unguard_text(guarded) == text


@pytest.mark.parametrize("text", ["Ann", "a=b", "+33 1 23 45 67 89", "-12.50", "'quoted'", "", "-"])
def test_everything_else_stays_as_it_is(text: str):
    """Names, phone numbers and negative numbers."""
    assert guard_text(text) == text
    assert unguard_text(text) == text


@given(st.text(alphabet="'=+-@\t a1(", max_size=8) | st.text(max_size=20))
def test_what_we_write_comes_back(text: str):
    """Whatever the text is, and nothing that we write begins a call."""
    guarded = guard_text(text)

    assert unguard_text(guarded) == text
    assert not guarded.startswith(("=", "@", "\t", "\r"))
