"""Gate 1: deployments killed at random instants, on both databases: nothing is ever half done."""

from __future__ import annotations

import random
import signal
import subprocess
import time

import pytest

from tests.integration.deploy.conftest import DEAL
from tests.support.proof import proof_length

ROWS = 1_500
APPLY = ("apply", "--to", "production", "--yes", "--json", "--accept", "retire,narrowing", "--from")
LONGEST = 120  # seconds that anything may take on a loaded machine


def _write(patron, number):
    """Write the next configuration: another type each time, a new field, another formula."""
    kind = "number" if number % 2 else "text"
    patron.write(
        objects__deal=DEAL
        + f"  size: {{type: {kind}, unique: true}}\n"
        + f"  code: {{type: text, index: {'true' if number % 3 else 'false'}}}\n"
        + f"  double: {{type: formula, returns: currency, formula: amount * {number + 1}}}\n"
        + f"  extra_{number % 7}: {{type: text}}\n"
    )


@pytest.fixture
def filled(production, tmp_path, monkeypatch):
    """Give a production with records; some hundred of them count as a large table."""
    monkeypatch.setenv("PATRON_LARGE_ROWS", "500")
    _write(production, 0)
    assert production(*APPLY, production.folder).code == 0
    rows = "".join(f"D{n},{n},open,{n}\n" for n in range(ROWS))
    path = tmp_path / "deals.csv"
    path.write_text("name,amount,stage,size\n" + rows)
    assert production("import", "production", "deal", path).code == 0
    return production


def _sizes(patron):
    """Give what all records hold, as one line."""
    done = patron("export", "production", "deal", "--format", "csv")
    assert done.code == 0, done.err
    return done.out


def _head(patron):
    (found,) = patron("status", "production", "--json").json["environments"]
    return found["version"]


def _killed(patron, seconds):
    """Run an apply and kill it after so long; tell whether it was through before."""
    process = patron.start(*APPLY, patron.folder)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate(timeout=LONGEST)
    return process.returncode == 0


@pytest.mark.slow
def test_gate_1_killed_at_random_instants(filled, figure, dialect):
    """The old configuration or the new one, every value in its place; `resume` reaches the tree."""
    chance = random.Random(dialect)  # noqa: S311 -- test data needs no cryptography
    times = proof_length(3, 150)
    _write(filled, 1)
    start = time.monotonic()
    assert not _killed(filled, 0.01)
    done = filled.start(*APPLY, filled.folder)
    done.communicate(timeout=LONGEST)
    takes = time.monotonic() - start
    halves = resumed = through = 0
    for number in range(2, times + 2):
        # Without the generation before, a change of type cannot just swap back: it converts again.
        assert filled("purge", "production", "--accept", "purge").code == 0
        before = _head(filled)
        _write(filled, number)
        start = time.monotonic()
        if _killed(filled, chance.uniform(takes * 0.3, takes * 1.1)):
            through, takes = through + 1, time.monotonic() - start  # the machine is less busy now

        head = _head(filled)
        kind = "number" if (number % 2 if head > before else (number + 1) % 2) else "text"
        records = filled("export", "production", "deal", "--where", 'name = "D21"', "--json")
        is_whole = head in {before, before + 1}
        shown = records.json["records"][0]["size"]
        is_whole = is_whole and shown == (21 if kind == "number" else "21")
        again = filled("resume", "production", "--json")
        resumed += bool(again.json.get("versions"))
        if _head(filled) == before:
            again = filled(*APPLY, filled.folder)
        is_whole = is_whole and again.code == 0 and _head(filled) == before + 1
        filled("doctor", "--repair")  # a new apply leaves the columns of the one it replaced
        is_whole = is_whole and filled("doctor").code == 0
        said = filled("plan", "--from", filled.folder, "--to", "production").out
        is_whole = is_whole and "No changes." in said
        assert is_whole, f"{number}: {head} after {before}: {again.err} {filled('doctor').out}"
        halves += not is_whole
    lines = _sizes(filled).splitlines()
    assert len(lines) == ROWS + 1
    figure(
        f"apply killed at {times} random instants, {dialect}",
        f"{halves} inconsistent; {resumed} resumed, {through} were through before",
        "0 inconsistent, the same tree",
    )
