"""Runs everything that a configuration says about itself: examples first, then tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from deploy_tool.testing.examples import run_examples
from deploy_tool.testing.outcomes import Outcome, Report
from deploy_tool.testing.playing import play
from deploy_tool.testing.stage import open_stage
from engine.clock import Clock
from engine.compiled import Model
from engine.source import SourceTree


def run_tests(tree: SourceTree, model: Model, clock: Clock, folder: Path | None = None) -> Report:
    """Judge every example and play every test of a configuration that compiles.

    Args:
        tree: the configuration.
        model: what it compiles to.
        clock: the time that examples and tests see.
        folder: where the files lie as somebody typed it; None for a configuration without files.

    An environment is made only when there is a test. Raises: PatronError when it cannot be made.
    """
    outcomes = (*run_examples(tree, model, clock), *_play_all(tree, model, clock))
    return Report(outcomes=tuple(_under(folder, outcome) for outcome in outcomes))


def _play_all(tree: SourceTree, model: Model, clock: Clock) -> Iterator[Outcome]:
    tests = [doc for key, doc in tree.docs.items() if key.startswith("test:")]
    active = [doc for doc in tests if doc.data.get("active") is not False]
    if not active:
        return
    with open_stage(tree, clock) as environment:
        for doc in active:
            yield play(environment, tree, model, doc, clock)


def _under(folder: Path | None, outcome: Outcome) -> Outcome:
    """Name the file as an editor finds it from where the command was typed."""
    if folder is None or not outcome.file:
        return outcome
    return replace(outcome, file=str(PurePosixPath(folder, outcome.file)))
