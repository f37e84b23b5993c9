"""What the shipped configuration and the contract's own say about themselves is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy_tool.sources.checking import check_folder
from deploy_tool.testing import State, run_tests
from engine.clock import SystemClock

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["metadata", "tests/fixtures/contract"])
def test_examples_and_tests_hold(folder: str) -> None:
    """No example and no test fails; what waits says what for."""
    checked = check_folder(ROOT / folder)
    assert checked.model is not None, [str(problem) for problem in checked.problems]

    report = run_tests(checked.tree, checked.model, SystemClock())

    failed = [outcome for outcome in report.outcomes if outcome.state is State.FAILED]
    assert not failed, [(outcome.place, outcome.expected, outcome.found) for outcome in failed]
    assert report.count(State.PASSED) > 0
    assert all(outcome.found for outcome in report.outcomes if outcome.state is State.WAITS)
