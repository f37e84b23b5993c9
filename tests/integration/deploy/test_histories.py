"""What the history of a deployment tells: evidence, counts before and after, how long it took."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from deploy_tool.deploying.unfinished import follow
from engine.clock import SystemClock
from engine.session import run
from engine.store.platform.enter import SystemCredential
from engine.store.platform.timings import load_rates, note_timings
from tests.integration.deploy.conftest import DEAL

ROWS = [
    {"name": "One", "amount": 1, "stage": "open"},
    {"name": "Two", "amount": 20, "stage": "open"},
    {"name": "Three"},
]
# The amount becomes required, the stage is retired.
NARROWER = DEAL.replace("{type: currency}", "{type: currency, required: true}").partition(
    "  stage:"
)[0]
NARROWING = ("--treat", "field:deal.amount=fill:7", "--accept", "narrowing,retire")


@pytest.fixture
def filled(production, tmp_path):
    """Three deals: one without an amount, two with a stage."""
    path = tmp_path / "deals.json"
    path.write_text(json.dumps(ROWS), encoding="utf-8")
    assert production("import", "production", "deal", path).code == 0
    return production


def narrowed(patron, *more: str) -> None:
    """Deploy what narrows, and treat the record that would fail."""
    patron.write(objects__deal=NARROWER)
    done = patron(
        "apply", "--from", patron.folder, "--to", "production", "--yes", *NARROWING, *more
    )
    assert done.code == 0, done.err


def told(patron) -> dict[str, object]:
    """Give the last deployment, as `patron log --deployment` tells it."""
    newest = patron("log", "production", "--json").json["versions"][0]["deployment"]
    done = patron("log", "production", "--deployment", f"D-{newest}", "--json")
    assert done.code == 0, done.err
    return done.json


BEFORE = {
    "changes": {"field:deal.amount": {"would_fail": 1}, "field:deal.stage": {"values": 2}},
    "rows": {"deal": 3},
}
AFTER = {
    "changes": {"field:deal.amount": {"would_fail": 0}, "field:deal.stage": {"values": 2}},
    "rows": {"deal": 3},
}


def test_counts_before_and_after_stand_in_the_history(filled, away):
    """The treated record passes, what was retired is kept, no row is lost: here and from afar."""
    narrowed(filled)

    here = told(filled)
    afar = away("log", "production", "--deployment", str(here["id"]), "--json").json
    lines = filled("log", "production", "--deployment", f"D-{here['id']}").out

    assert here["counts"] == {"before": BEFORE, "after": AFTER}
    assert afar == here
    assert "field deal.amount: 1 would not pass before, 0 after" in lines
    assert "field deal.stage: 2 hold a value before, 2 after" in lines
    assert "object deal: 3 rows before, 3 after" in lines


def test_counts_of_before_are_those_of_the_switch_and_not_of_the_plan(filled, far, tmp_path):
    """Fewer records than were consented to: the history says how many there were."""
    filled.write(objects__deal=NARROWER)
    file = tmp_path / "plan.json"
    words = ("plan", "--from", filled.folder, "--to", "production", "--out", file)
    assert filled(*words, *NARROWING[:2]).code == 0
    production, clock = far.environments.open("production"), SystemClock()
    with production.database.read() as tx:
        (third,) = tx.row("SELECT max(id) FROM deal")
    change = {"amount": Decimal(3)}
    run(
        *(production, SystemCredential(), lambda session: session.update("deal", third, change)),
        write=True,
        clock=clock,
    )

    done = filled("apply", file, "--yes", *NARROWING[2:])

    assert done.code == 0, done.err
    changes = told(filled)["counts"]["before"]["changes"]
    assert changes == {"field:deal.stage": {"values": 2}}


def test_what_concerns_no_record_keeps_no_counts(production):
    """An additive deployment asks nothing of the tables, before or afterwards."""
    production.write(objects__deal=DEAL + "  note: {type: text}\n")
    assert production("apply", "--from", production.folder, "--to", "production", "--yes").code == 0

    assert told(production)["counts"] == {"before": {}, "after": None}


def test_a_worker_counts_where_the_process_died_after_its_switch(filled, far):
    """The configuration runs, and the minute's job completes the history."""
    filled.write(objects__deal=NARROWER)
    words = ("apply", "--from", filled.folder, "--to", "production", "--yes", *NARROWING)
    process = filled.start(*words, PATRON_KILL_AT="count.after")
    process.communicate(timeout=120)
    counts = told(filled)["counts"]

    follow(far.environments.open("production"), SystemClock())

    assert process.returncode != 0
    assert counts == {"before": BEFORE, "after": None}
    assert told(filled)["counts"] == {"before": BEFORE, "after": AFTER}


def test_approvals_and_the_validation_stand_with_the_deployment(filled, away, tmp_path):
    """Who planned, who approved, what was tried: whole in one place."""
    assert filled("env", "policy", "production", "approvals=1", "validation=yes").code == 0
    filled.write(objects__deal=NARROWER)
    file = tmp_path / "plan.json"
    words = ("plan", "--from", filled.folder, "--to", "production", "--out", file)
    assert away(*words, *NARROWING[:2]).code == 0
    assert away("validate", file).code == 0
    assert away("approve", file, who="max").code == 0

    done = away("apply", file, "--yes", *NARROWING[2:])

    assert done.code == 0, done.err
    found = told(filled)
    assert found["author"] == found["by"] == "lea@example.test"
    assert found["project"] == "acme"
    kinds = [(one["kind"], one["by"]) for one in found["evidence"]]
    assert kinds == [("validated", "lea@example.test"), ("approved", "max@example.test")]
    assert found["evidence"][0]["detail"]["failed"] == 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_deployment_that_is_none_is_explained(production, away):
    """D162 with the way on, at home and from afar; U100 for what is no number."""
    here = production("log", "production", "--deployment", "D-99", "--json")
    afar = away("log", "production", "--deployment", "99", "--json")
    wrong = production("log", "production", "--deployment", "last", "--json")

    assert (here.json["code"], afar.json["code"], wrong.json["code"]) == ("D162", "D162", "U100")
    assert here.code == afar.code


def test_estimates_come_from_what_was_measured_here(filled, far):
    """Until a step took time in this environment the rates are assumed, afterwards they are not."""
    database = far.environments.open("production").database
    indexed = DEAL.replace("{type: currency}", "{type: currency, unique: true}")
    filled.write(objects__deal=indexed)
    words = ("plan", "--from", filled.folder, "--to", "production", "--json")
    assumed = index_step(filled(*words))
    with database.write() as tx:
        note_timings(tx, 1, {"index": (1_000, 2_000_000), "treat": (999, 5)})
        rates = load_rates(tx)

    measured = index_step(filled(*words))

    assert (assumed["rows"], assumed["milliseconds"]) == (3, 1)
    assert (measured["rows"], measured["milliseconds"]) == (3, 6_000)
    assert rates == {"index": 0.0005}


def index_step(done) -> dict[str, object]:
    """Give the step of a plan that builds an index."""
    return next(step for step in done.json["steps"] if step.get("sort") == "index")
