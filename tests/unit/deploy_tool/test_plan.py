"""A plan as a document: its seal, its file, its text."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from deploy_tool.exits import UsageWrong
from deploy_tool.plans.plan import Content, Plan, PlannedChange, PlannedConflict, PlannedStep
from deploy_tool.plans.plan_files import read_plan, write_plan
from deploy_tool.plans.rendering import render_plan
from engine.diff import Risk
from engine.errors import DeploymentFailed

HERE, THERE = [1, "two", None], {"deep": Decimal("1.25")}
EMPTY = Plan(
    environment="production",
    dialect="sqlite",
    source="./crm",
    base="production@116",
    version=118,
    tree="a" * 64,
    result="b" * 64,
    changes=(),
    conflicts=(),
    steps=(),
    warnings=(),
    passed=214,
    content={},
    removed=(),
)
FULL = replace(
    EMPTY,
    changes=(
        PlannedChange(
            op="add", component="field:deal.note", cls=Risk.ADDITIVE, why="text, optional"
        ),
        PlannedChange(
            op="change", component="field:deal.code", cls=Risk.NARROWING, why="optional → required"
        ),
        PlannedChange(op="retire", component="view:deal.old", cls=Risk.REVERSIBLE, why="retire"),
        PlannedChange(op="change", component="object:deal", cls=Risk.ADDITIVE, why="label changed"),
    ),
    conflicts=(
        PlannedConflict(
            component="field:deal.amount",
            property="min",
            base=Decimal("0.5"),
            target=HERE,
            incoming=THERE,
        ),
    ),
    steps=(
        PlannedStep(text="add column deal.note", pace="instant"),
        PlannedStep(text="compute deal.total of every record", pace="batched", rows=48_310),
    ),
    warnings=("deal.yaml:3:5 M999 Something to look at.",),
    content={"field:deal.note": Content(data='{"type":"text"}', text="note: {type: text}")},
    removed=("view:deal.old",),
)


def test_a_plan_survives_its_file(tmp_path):
    """Whatever is in it comes back, decimals too, under the same seal."""
    write_plan(FULL, tmp_path / "plan.json")

    read = read_plan(tmp_path / "plan.json")

    assert read == FULL
    assert read.digest == FULL.digest


@pytest.mark.parametrize(
    "change",
    [
        {"source": "elsewhere"},
        {"version": 119},
        {"content": {}},
        {"removed": ()},
        {"steps": ()},
        {"warnings": ()},
    ],
)
def test_the_seal_covers_everything(change):
    """Another source, version or content is another plan."""
    assert replace(FULL, **change).digest != FULL.digest


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", "118"),
        ("environment", 1),
        ("changes", {}),
        ("checks", []),
        ("content", {"field:x": "text"}),
        ("steps", ["text"]),
        ("format", 99),
    ],
)
def test_a_document_of_another_shape_is_no_plan(tmp_path, key, value):
    """Whatever does not fit is refused, not guessed: exit 3."""
    path = tmp_path / "plan.json"
    path.write_bytes(orjson.dumps({**orjson.loads(orjson.dumps(EMPTY.sealed())), key: value}))

    with pytest.raises(DeploymentFailed) as caught:
        read_plan(path)

    assert (caught.value.code, caught.value.exit_code) == ("D105", 3)


def test_a_place_that_cannot_be_written_is_usage(tmp_path):
    """The sentence names the place."""
    with pytest.raises(UsageWrong, match=r"cannot be written to .*nowhere"):
        write_plan(EMPTY, tmp_path / "nowhere" / "plan.json")


def test_consent_is_asked_for_by_word_and_once():
    """Each class needs its word, however many changes have it."""
    assert FULL.needs == ("retire", "narrowing")
    assert EMPTY.needs == ()


def test_a_plan_reads_as_people_expect_it():
    """Marks, columns, conflicts, steps, checks and what is needed, in this order."""
    assert render_plan(FULL).splitlines()[1:] == [
        "",
        "  ~ object  deal       label changed",
        "  ! field   deal.code  optional → required",
        "  + field   deal.note  text, optional",
        "  - view    deal.old   retire",
        "  × field deal.amount min: changed on both sides; undecided",
        f"      base: 0.5 | production: {HERE} | incoming: {THERE} | result: {HERE}",
        "",
        "Database steps (SQLite)",
        "  1 add column deal.note   instant",
        "  2 compute deal.total of every record   batched   48,310 rows",
        "Checks: 214 passed, 0 failed, 1 warning",
        "  deal.yaml:3:5 M999 Something to look at.",
        "Needs: 1 decision (--resolve …=target|incoming) · --accept retire,narrowing",
    ]
    assert render_plan(FULL).startswith(
        f"Plan {FULL.digest[:7]}  ./crm (baseline production@116)  →  production@118\n"
    )


def test_a_plan_without_changes_is_one_sentence():
    """The words are the contract's."""
    assert (
        render_plan(EMPTY) == "No changes. production@118 already contains everything in this plan."
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("trial", "trial"),
        ("git:v1.2", "git:v1.2"),
        ("production@3", "production@3"),
        ("field:deal.amount", "A"),
        ("production with field:deal.amount", "A"),
    ],
)
def test_a_plan_names_the_command_that_makes_it_again(source: str, said: str):
    """What somebody can type; what came from a page has no such name."""
    plan = replace(EMPTY, source=source)

    assert plan.made_again == f"patron plan --from {said} --to {plan.environment}"
