"""Runs the tests of small configurations that are given as texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from deploy_tool.testing import Outcome, run_tests
from engine.clock import FixedClock
from tests.support.worlds import compile_texts, texts_of

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def outcomes() -> Callable[..., list[Outcome]]:
    """Give `outcomes(objects, other__file="…")`: what became of every example and test."""

    def run(objects: dict[str, str], **others: str) -> list[Outcome]:
        tree, model = compile_texts(texts_of(objects, **others))
        return list(run_tests(tree, model, FixedClock(NOW)).outcomes)

    return run
