"""Deployments killed at every named step: the old configuration or the new one, whole."""

from __future__ import annotations

import signal

import pytest

from deploy_tool.deploying.applying import APPLY_STEPS
from engine.store.platform.versions import PUBLISH_STEPS
from tests.integration.deploy.conftest import DEAL
from tests.support.proof import proof_length

STEPS = (*APPLY_STEPS, *PUBLISH_STEPS)
INIT_STEPS = ("init.tables", "upgrade.1.commit", "init.directory", "apply.expand", "apply.commit")
# A new column, an index, a formula filled in for records that are there, and a new table.
NEXT = (
    DEAL
    + "  code: {type: text, index: true}\n"
    + "  double: {type: formula, returns: currency, formula: amount * 2}\n"
)
LINE = "object: line\nfields:\n  name: {type: text}\n  deal: {type: lookup, to: deal}\n"


@pytest.fixture
def filled(production, tmp_path):
    """Give a production with fifty records."""
    rows = tmp_path / "deals.csv"
    rows.write_text("name,amount,stage\n" + "".join(f"D{n},{n},open\n" for n in range(50)))
    assert production("import", "production", "deal", rows).code == 0
    return production


def _kill(patron, step, *words):
    """Run a command that kills itself at a step."""
    process = patron.start(*words, PATRON_KILL_AT=step)
    _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, f"{step}: {err}"


def _version(patron):
    (found,) = patron("status", "production", "--json").json["environments"]
    return found["version"]


def _grown(text, fields):
    """Give an object with so many more fields."""
    return text + "".join(f"  extra_{number}: {{type: text}}\n" for number in range(fields))


@pytest.mark.slow
def test_an_apply_killed_at_any_step_leaves_nothing_half_done(filled, figure, dialect):
    """Tables and version agree whatever happened, and the next apply gets there."""
    words = ("apply", "--from", filled.folder, "--to", "production")
    kills = [step for step in STEPS for _ in range(proof_length(1, 20))]
    for number, step in enumerate(kills, start=1):
        before = _version(filled)
        filled.write(objects__deal=_grown(NEXT, number), objects__line=_grown(LINE, number))

        _kill(filled, step, *words)

        assert _version(filled) == (before + 1 if step == "apply.done" else before), step
        assert filled("doctor").code == 0, step
        again = filled(*words)
        assert (again.code, _version(filled)) == (0, before + 1), f"{step}: {again.err}"
        assert filled("doctor").code == 0, step
        assert "No changes." in filled("plan", *words[1:]).out, step
    exported = filled("export", "production", "deal", "--where", 'name = "D21"', "--json")
    assert exported.json["records"][0]["double"] == 42
    figure(
        f"apply killed at {len(STEPS)} named steps, {dialect}", f"{len(kills)} kills, 0 halves", "0"
    )


@pytest.mark.slow
@pytest.mark.parametrize("step", INIT_STEPS)
def test_an_init_killed_at_a_step_is_gone_on_with(patron, step):
    """The second run makes a production that works; nothing has to be cleaned up."""
    words = ("init", "--from", patron.folder)
    _kill(patron, step, *words)

    done = patron(*words)

    assert done.code == 0, done.err
    assert _version(patron) == 1
    assert patron("doctor").code == 0
