"""Where commands write, for people and for machines."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from deploy_tool.cli.terminal import Terminal, to_json
from deploy_tool.exits import UsageWrong
from engine.errors import MetadataInvalid, Problem


def _terminal(*, json):
    return Terminal(json=json, out=io.StringIO(), err=io.StringIO())


def test_without_json_results_go_to_stdout():
    """A person sees the result, and no object."""
    terminal = _terminal(json=False)

    terminal.say("done")
    terminal.answer({"done": True})

    assert (terminal.out.getvalue(), terminal.err.getvalue()) == ("done\n", "")


def test_with_json_stdout_holds_exactly_one_object():
    """Sentences move to stderr, so that a pipe gets the object alone."""
    terminal = _terminal(json=True)

    terminal.say("done")
    terminal.answer({"done": True})

    assert json.loads(terminal.out.getvalue()) == {"done": True}
    assert terminal.err.getvalue() == "done\n"


def test_an_error_is_a_sentence_with_its_hint():
    """What, and below it what helps."""
    terminal = _terminal(json=False)

    terminal.complain(UsageWrong(message="There is no environment x.", hint="patron env list"))

    assert terminal.err.getvalue() == "U100 There is no environment x.\n  patron env list\n"
    assert terminal.out.getvalue() == ""


def test_invalid_metadata_is_listed_problem_by_problem():
    """Every problem is one line before the sentence that sums them up."""
    terminal = _terminal(json=True)
    problem = Problem(code="M102", message="Bad type.", file="a.yaml", line=3, col=5, hint="why")

    terminal.complain(MetadataInvalid(message="1 problem.", problems=(problem,)))

    assert terminal.err.getvalue() == "a.yaml:3:5 M102 Bad type. (why)\nM100 1 problem.\n"
    assert json.loads(terminal.out.getvalue())["problems"][0]["line"] == 3


def test_numbers_are_written_with_exactly_their_digits():
    """Amounts do not pass through doubles on their way out."""
    text = to_json({"amount": Decimal("0.10"), "names": frozenset({"b", "a"})})

    assert '"amount": 0.10' in text
    assert json.loads(text)["names"] == ["a", "b"]


def test_what_has_no_json_form_is_an_error():
    """A mistake of ours is not written as something else."""
    with pytest.raises(TypeError):
        to_json({"x": object()})


def test_a_terminal_without_arrows_is_no_obstacle():
    """Signs that the encoding lacks are written as escapes, and the command goes on."""
    refused = subprocess.run(
        [sys.executable, "-m", "deploy_tool.cli", "→"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 64
    assert "u2192" in refused.stderr


@pytest.mark.parametrize(("typed", "expected"), [("y\n", True), ("Yes\n", True), ("\n", False)])
def test_only_a_clear_yes_counts(monkeypatch, typed, expected):
    """Return alone means no."""
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))

    assert _terminal(json=False).asks("Go on?") is expected
