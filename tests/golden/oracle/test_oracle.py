"""The reference engine's golden cases: every row whose functions exist, and why some differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache

import pytest

from tests.golden.oracle.differences import reason
from tests.golden.oracle.reader import FOLDER, Row, rows, run, same, unknown_functions

# file -> (rows whose functions exist, rows that use a function which does not)
SIZES = {
    "formula_engine_dev": (3766, 224),
    "corpus_oracle_dev": (1579, 13),
    "formula_engine_unit_dev": (134, 34),
    "formulon_dev": (78, 1),
    "engine_probes": (169, 0),
}


@cache
def answers() -> Mapping[str, tuple[tuple[Row, object], ...]]:
    """Run everything once; rows with unknown functions are left out."""
    found: dict[str, list[tuple[Row, object]]] = {}
    for row in rows():
        if not unknown_functions(row):
            found.setdefault(row.file, []).append((row, run(row)))
    return {file: tuple(answered) for file, answered in found.items()}


@pytest.fixture(autouse=True)
def _oracle_there():
    if not FOLDER.is_dir():
        pytest.skip(f"the reference engine's cases are not at {FOLDER}; our own rows are tested")


@pytest.mark.slow
@pytest.mark.parametrize("file", SIZES)
def test_every_row_is_answered_as_the_reference_engine_does(file, figure):
    """A row differs only for a reason that is written down."""
    wrong = [
        f"{row.formula} | {dict(row.inputs)} | expected {row.expected} | {found!r}"
        for row, found in answers()[file]
        if not same(found, row.expected) and not reason(row)
    ]

    assert wrong == []
    alike = sum(same(found, row.expected) for row, found in answers()[file])
    with_reason = len(answers()[file]) - alike
    found = f"{alike} alike, {with_reason} differ for a reason that is written down"
    figure(f"rows of the reference engine, {file}", found, "all alike or with a reason")


@pytest.mark.slow
@pytest.mark.parametrize("file", SIZES)
def test_no_row_is_lost_on_the_way(file):
    """The reader takes every row of a file; those left out use functions that do not exist."""
    left_out = sum(row.file == file and bool(unknown_functions(row)) for row in rows())

    assert (len(answers()[file]), left_out) == SIZES[file]


@pytest.mark.slow
def test_a_difference_that_is_gone_is_taken_off_the_list():
    """Reasons are there for rows that differ, and for no others."""
    stale = [
        row.formula
        for answered in answers().values()
        for row, found in answered
        if reason(row) and same(found, row.expected)
    ]

    assert Counter(stale) == Counter()
