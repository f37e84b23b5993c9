"""Reading a configuration costs the same for each component, however many there are.

Calls are counted, not seconds: `bench/source.py` measures those.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from engine.source import canonical, tree_from_stored, tree_from_texts
from tests.support.synthetic import configuration

pytestmark = pytest.mark.slow

SIZES = (10, 40, 160)


def count_calls(work: Callable[[], object]) -> int:
    """Count Python's calls of one run."""
    calls = 0

    def on_event(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(on_event)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


@pytest.fixture(scope="module")
def texts() -> dict[int, dict[str, str]]:
    """Make configurations of each size; what is built once per process is built here."""
    made = {size: configuration(size, 20) for size in SIZES}
    _, problems = tree_from_texts(made[SIZES[0]])
    assert problems == ()
    return made


def test_reading_files_is_linear(texts: dict[int, dict[str, str]]) -> None:
    """Calls for one object's file are the same among ten files and among a hundred and sixty."""
    calls = [count_calls(lambda size=size: tree_from_texts(texts[size])) / size for size in SIZES]

    assert max(calls) < 1.1 * min(calls), calls


def test_stored_metadata_takes_few_calls_a_component(texts: dict[int, dict[str, str]]) -> None:
    """A cold start makes a handful of Python calls for each component, at every size."""
    per_component = []
    for size in SIZES:
        tree, _ = tree_from_texts(texts[size])
        rows = [(key, canonical(doc.data), doc.text) for key, doc in tree.docs.items()]
        per_component.append(count_calls(lambda rows=rows: tree_from_stored(rows)) / len(rows))

    assert max(per_component) < 8
    assert max(per_component) - min(per_component) < 0.2
