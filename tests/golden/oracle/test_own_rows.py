"""Our own golden rows, written by `tools.golden_expressions`: what the language answers today."""

from __future__ import annotations

import json

import pytest

from tools.golden_expressions import FILE, value_of

ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("mode", [False, True], ids=["blank", "zero"])
def test_values_stay_what_they_are(mode):
    """A change of meaning shows as a difference in the file, never by accident."""
    changed = [
        (row["expression"], row["inputs"], row["value"])
        for row in ROWS
        if row["blank_zero"] is mode
        and value_of(row["expression"], row["inputs"], blank_zero=mode) != row["value"]
    ]

    assert changed == []


def test_there_are_enough_rows():
    """Every function with an example has a row, and inputs go through blank, zero and more."""
    assert len(ROWS) > 900
    assert {row["blank_zero"] for row in ROWS} == {False, True}
