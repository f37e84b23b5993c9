"""Deployments in several transactions on PostgreSQL: what users see, kills, resume and abort."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from deploy_tool.deploying import phasing, switching
from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.deploying.following import FOLLOW_STEPS
from deploy_tool.deploying.phasing import PHASE_STEPS
from deploy_tool.deploying.unfinished import find, follow
from deploy_tool.installation import Installation
from deploy_tool.plans.proposing import propose
from engine.errors import DeploymentFailed
from engine.settings import Settings
from engine.store.platform.deployments import list_deployments
from engine.store.platform.owning import owning
from engine.store.platform.physical import ABANDONED, BUILDING, load_places
from tests.integration.deploy.conftest import DEAL
from tests.support.proof import proof_length

ONLY_POSTGRESQL = pytest.mark.parametrize(
    "dialect", [pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
ROWS = 2_500  # three batches
SMALL = "500"  # rows: what is a large table in these tests
APPLY = ("apply", "--to", "production", "--yes", "--json", "--accept", "retire,narrowing", "--from")
NEXT = (
    "  size: {type: number, unique: true}\n"
    "  code: {type: text, index: true}\n"
    "  double: {type: formula, returns: currency, formula: amount * 2}\n"
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Let a table of some hundred rows count as large, in child processes too."""
    monkeypatch.setenv("PATRON_LARGE_ROWS", SMALL)


@pytest.fixture
def filled(production, tmp_path):
    """Give a production with records in `deal`, whose field `size` is a text of digits."""
    production.write(objects__deal=DEAL + "  size: {type: text}\n")
    assert production(*APPLY, production.folder).code == 0
    rows = "".join(f"D{n},{n},open,{n}\n" for n in range(ROWS))
    path = tmp_path / "deals.csv"
    path.write_text("name,amount,stage,size\n" + rows)
    assert production("import", "production", "deal", path).code == 0
    return production


@pytest.fixture
def database(filled):
    """Give its database."""
    with Installation(Settings.from_env(filled.environ)) as installation:
        yield installation.environment("production").database


def version(patron):
    """Give the version that production runs."""
    (found,) = patron("status", "production", "--json").json["environments"]
    return found["version"]


def first(patron, name="D21"):
    """Give one record as an export shows it."""
    words = ("export", "production", "deal", "--where", f'name = "{name}"', "--json")
    return patron(*words).json["records"][0]


def kill(patron, step, *words):
    """Run a command that kills itself at a step."""
    process = patron.start(*words, PATRON_KILL_AT=step)
    _, err = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, f"{step}: {err}"


@ONLY_POSTGRESQL
def test_a_large_table_is_changed_in_phases(filled, database):
    """A change of type, an index, uniqueness and a stored formula: exit 0, and all is there."""
    filled.write(objects__deal=DEAL + NEXT)

    done = filled(*APPLY, filled.folder)

    assert done.code == 0, done.err
    record = first(filled)
    assert (record["size"], record["double"]) == (21, 42)
    assert filled("doctor").code == 0
    with database.read() as tx:
        newest = list_deployments(tx)[0]
        places = {place.status for place in load_places(tx)}
    assert (newest.state, newest.version) == ("done", 3)
    assert BUILDING not in places
    assert "No changes." in filled("plan", "--from", filled.folder, "--to", "production").out
    told = filled("log", "production", "--deployment", newest.id, "--json").json
    # What was done before the switch, inside it and afterwards was timed for the next plan.
    assert {sort: spent["rows"] // ROWS for sort, spent in told["timings"].items()} == {
        "convert": 1,
        "compute": 1,
        "index": 3,
    }


@ONLY_POSTGRESQL
@pytest.mark.slow
def test_gate_1_a_deployment_in_phases_killed_at_every_step_is_resumed(filled, figure):
    """Before the switch the old configuration, after it the new one; `resume` reaches its tree."""
    steps = (*PHASE_STEPS, *FOLLOW_STEPS, "publish.head", "publish.commit")
    kills = [step for step in steps[:: proof_length(4, 1)] for _ in range(proof_length(1, 8))]
    for number, step in enumerate(kills, start=1):
        # Without the generation before, a change of type cannot just swap back: it converts again.
        assert filled("purge", "production", "--accept", "purge").code == 0
        before = version(filled)
        is_number = number % 2
        size = "number, unique: true" if is_number else "text, unique: true"
        filled.write(
            objects__deal=DEAL
            + f"  size: {{type: {size}}}\n"
            + f"  double: {{type: formula, returns: currency, formula: amount * {number + 1}}}\n"
            + f"  code_{number}: {{type: text, index: true}}\n"
        )
        kill(filled, step, *APPLY, filled.folder)

        after = version(filled)
        has_switched = step in {*FOLLOW_STEPS, "phase.switched", "phase.done"}
        assert after == before + has_switched, step
        is_text = bool(is_number) != has_switched
        assert first(filled)["size"] == ("21" if is_text else 21), step

        resumed = filled("resume", "production", "--json")
        if step in {"phase.lock", "phase.verify", "phase.record"}:  # nothing was noted yet
            assert resumed.json["versions"] == []
            assert filled(*APPLY, filled.folder).code == 0
        assert resumed.code == 0, f"{step}: {resumed.err}"
        assert version(filled) == before + 1, step
        assert filled("doctor").code == 0, f"{step}: {filled('doctor').out}"
        assert "No changes." in filled("plan", "--from", filled.folder, "--to", "production").out
        record = first(filled)
        assert (record["size"], record["double"]) == (
            21 if is_number else "21",
            21 * (number + 1),
        ), step
    figure(
        "a deployment in phases killed and resumed, PostgreSQL",
        f"{len(kills)} kills, 0 halves",
        "0",
    )


@ONLY_POSTGRESQL
def test_abort_sets_aside_what_was_built(filled, database):
    """The old configuration goes on; what was built is hidden, and a new apply begins afresh."""
    filled.write(objects__deal=DEAL + NEXT)
    kill(filled, "phase.values", *APPLY, filled.folder)
    told = filled("doctor")

    done = filled("abort", "production", "--json")
    again = filled("abort", "production", "--json")

    assert (told.code, "unfinished" in told.out) == (3, True)
    assert (done.code, len(done.json["deployments"])) == (0, 1)
    assert (again.code, again.json["deployments"]) == (0, [])
    assert version(filled) == 2
    assert first(filled)["size"] == "21"
    with database.read() as tx:
        assert {p.status for p in load_places(tx)} >= {ABANDONED}
        assert list_deployments(tx)[0].state == "aborted"
    assert filled("doctor", "--repair").code == 0
    assert filled(*APPLY, filled.folder).code == 0
    assert first(filled)["size"] == 21


@ONLY_POSTGRESQL
def test_after_the_switch_nothing_is_aborted(filled):
    """Exit 6, and `resume` finishes it."""
    filled.write(objects__deal=DEAL + NEXT)
    kill(filled, "follow.batch", *APPLY, filled.folder)

    refused = filled("abort", "production", "--json")
    resumed = filled("resume", "production", "--json")

    assert (refused.code, refused.json["code"]) == (6, "D132")
    assert (resumed.code, resumed.json["versions"]) == (0, [3])
    assert first(filled)["double"] == 42


@ONLY_POSTGRESQL
def test_a_living_deployment_is_left_alone(filled, database):
    """Exit 8 for apply, resume and abort while somebody owns the environment."""
    filled.write(objects__deal=DEAL + NEXT)
    kill(filled, "phase.backfill", *APPLY, filled.folder)
    with owning(database, patience=1):
        resumed = filled("resume", "production", "--json")
        aborted = filled("abort", "production", "--json")
        with Installation(Settings.from_env(filled.environ)) as installation:
            planned = propose(installation, str(filled.folder), "production")
            with pytest.raises(DeploymentFailed) as caught:
                apply_plan(database, planned, _order(), installation.clock, patience=0.3)

    assert (resumed.code, aborted.code, caught.value.exit_code) == (8, 8, 8)
    assert filled("resume", "production").code == 0


@ONLY_POSTGRESQL
def test_the_worker_finishes_what_a_dead_deployment_left(filled, database):
    """The job follows up by itself; the deployment is done."""
    filled.write(objects__deal=DEAL + NEXT)
    kill(filled, "follow.index", *APPLY, filled.folder)
    assert [one.state for one in find(database)] == ["switched"]

    with Installation(Settings.from_env(filled.environ)) as installation:
        follow(installation.environment("production"), installation.clock)

    assert find(database) == []
    assert filled("doctor").code == 0


@ONLY_POSTGRESQL
def test_a_treatment_in_phases_is_counted_when_all_of_it_is_done(filled, database):
    """The history tells how many were treated afterwards: none of them is left."""
    filled.write(
        objects__deal=DEAL.replace("{type: currency}", "{type: currency, min: 1}").replace(
            "stage: {", "place: {type: text, required: true}\n  stage: {"
        )
        + "  size: {type: text}\n"
    )

    done = filled(*APPLY, filled.folder, "--treat", "field:deal.place=fill:Oslo")

    assert done.code == 0, done.err
    with database.read() as tx:
        newest = list_deployments(tx)[0]
    counts = filled("log", "production", "--deployment", newest.id, "--json").json["counts"]
    assert counts["before"]["changes"] == {
        "field:deal.amount": {"would_fail": 1},
        "field:deal.place": {"would_fail": ROWS},
    }
    assert counts["after"]["changes"] == {
        "field:deal.amount": {"would_fail": 1},
        "field:deal.place": {"would_fail": 0},
    }
    assert counts["after"]["rows"] == counts["before"]["rows"]


@ONLY_POSTGRESQL
def test_saves_while_columns_are_converted_reach_the_new_type(filled, monkeypatch, tmp_path):
    """What is changed or made between a batch and the switch has its value afterwards."""
    filled.write(objects__deal=DEAL + "  size: {type: number}\n")
    path = tmp_path / "late.csv"
    path.write_text("name,size\nLate,77\n")
    real = phasing.at_step

    def save(step: str) -> None:
        if step == "phase.values":
            assert filled("import", "production", "deal", path).code == 0
        real(step)

    monkeypatch.setattr(phasing, "at_step", save)
    done = filled(*APPLY, filled.folder)

    assert done.code == 0, done.err
    assert first(filled, "Late")["size"] == 77


@ONLY_POSTGRESQL
def test_misfits_undo_a_deployment_in_phases(filled, tmp_path):
    """A text that came after the plan was looked at: exit 5, nothing switched, nothing left."""
    filled.write(objects__deal=DEAL + "  size: {type: number}\n")
    plan = tmp_path / "one.plan"
    words = ("--from", filled.folder, "--to", "production")
    assert filled("plan", *words, "--out", plan).code == 0
    path = tmp_path / "late.csv"
    path.write_text("name,size\nLate,many\n")
    assert filled("import", "production", "deal", path).code == 0

    done = filled("apply", plan, "--accept", "narrowing", "--yes", "--json")

    assert (done.code, done.json["code"]) == (5, "D108")
    assert version(filled) == 2
    assert filled("resume", "production", "--json").json["versions"] == []


@ONLY_POSTGRESQL
def test_duplicates_that_slip_in_are_found_and_told(filled, database, monkeypatch, tmp_path):
    """Exit 10 with the records, doctor explains; corrected, `resume` finishes."""
    filled.write(objects__deal=DEAL + "  size: {type: text, unique: true}\n")
    real = switching.at_step

    def slip(step: str) -> None:
        if step == "apply.switch":  # in the very transaction, as two saves at once would
            slip.tx.run("UPDATE deal SET size = '1' WHERE name = 'D2'")
        real(step)

    run = switching.Carrying.out

    def out(self, tx):
        slip.tx = tx
        return run(self, tx)

    monkeypatch.setattr(switching, "at_step", slip)
    monkeypatch.setattr(switching.Carrying, "out", out)
    done = filled(*APPLY, filled.folder)
    told = filled("doctor")
    path = tmp_path / "third.csv"
    path.write_text("name,size\nThird,1\n")
    refused = filled("import", "production", "deal", path)
    with database.write() as tx:
        tx.run("UPDATE deal SET size = '2' WHERE name = 'D2'")
    resumed = filled("resume", "production", "--json")

    assert (done.code, done.json["code"]) == (10, "D131")
    assert "must be unique, and these records share values" in done.err
    assert told.code == 3
    assert "share values" in told.out
    assert refused.code == 3  # the engine keeps it unique meanwhile
    assert resumed.code == 0, resumed.err
    assert filled("doctor").code == 0


@ONLY_POSTGRESQL
def test_gate_10_an_invalid_index_is_healed(filled, database):
    """Left by an interrupted build: doctor names it, `--repair` builds it anew."""
    filled.write(objects__deal=DEAL + "  size: {type: text, index: true}\n")
    assert filled(*APPLY, filled.folder).code == 0
    with database.write() as tx:
        tx.run(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid ="
            " (SELECT indexrelid FROM pg_stat_user_indexes WHERE schemaname = current_schema()"
            " AND relname = 'deal' AND indexrelname LIKE 'ix_deal_size_%%' LIMIT 1)"
        )

    told = filled("doctor")
    mended = filled("doctor", "--repair")

    assert (told.code, "drop index" in told.out) == (3, True)
    assert mended.code == 0, mended.out
    assert filled("doctor").code == 0


@ONLY_POSTGRESQL
@pytest.mark.slow
def test_gate_9_readers_go_on_while_a_column_waits_for_a_long_reader(filled, database, figure):
    """The ALTER gives way after a tenth of a second each time, so nobody waits behind it."""
    length = proof_length(1, 3)
    filled.write(objects__deal=DEAL + "  size: {type: text}\n  more: {type: text}\n")
    stop, waits = threading.Event(), []

    def read():
        while not stop.is_set():
            start = time.monotonic()
            with database.read() as tx:
                tx.rows("SELECT count(*) FROM deal WHERE id < 200")
            waits.append(time.monotonic() - start)

    readers = [threading.Thread(target=read) for _ in range(2)]
    with database.read() as long:
        long.rows("SELECT count(*) FROM deal")
        process = filled.start(*APPLY, filled.folder)
        for reader in readers:
            reader.start()
        stop.wait(length)
        assert process.poll() is None or length < 2  # it waits for us
    _, err = process.communicate(timeout=60)
    stop.set()
    for reader in readers:
        reader.join(30)

    assert process.returncode == 0, err
    assert version(filled) == 3
    worst = max(waits) * 1000
    figure(
        f"a column added under a reader of {length} s", f"worst reader {worst:.0f} ms", "≤ 150 ms"
    )


def _order():
    return Order(actor="test", accepted=frozenset({"retire", "narrowing"}))
