"""Workflows laid out, and what is refused of them when a version is published."""

from __future__ import annotations

import pytest

from engine.compile import compile_model
from engine.errors import Problem
from engine.names import ComponentKey, ObjectName
from engine.programs import CreateRecord, ForEach, JumpUnless, NextOne, SetFields, WaitUntil
from engine.source import tree_from_texts
from tests.support.worlds import compile_texts, texts_of

DEAL = """\
object: deal
plural: Deals
fields:
  name: {type: text}
  stage: {type: picklist, values: {open: {}, won: {}, lost: {}}}
  score: {type: number}
  closes: {type: date}
"""
LINE = "object: line\nplural: Lines\nfields: {name: {type: text}, deal: {type: lookup, to: deal}}\n"
MAIL = "email: hello\nobject: line\nsubject: Hello\nbody: Hello\n"


MARK = "  - {name: a, set: {score: 1}}\n"


def flow(name: str, steps: str, *, when: str = "saved", condition: str = "") -> str:
    """Write a workflow on deals."""
    criteria = f"if: {condition!r}\n" if condition else ""
    return f"workflow: {name}\nobject: deal\nwhen: {when}\n{criteria}steps:\n{steps}"


def texts(*flows: str) -> dict[str, str]:
    """Give a configuration with workflows."""
    objects = {"deal": DEAL, "line": LINE}
    return texts_of(objects, workflows__flows="---\n".join(flows), emails__hello=MAIL)


def problems(*flows: str) -> list[Problem]:
    """Give what is wrong with workflows."""
    tree, found = tree_from_texts(texts(*flows))
    assert not found, [str(problem) for problem in found]
    return list(compile_model(tree)[1])


def test_a_called_workflow_is_taken_in_under_its_own_condition() -> None:
    """Names tell where a step comes from; both revisions are parts of the program."""
    inner = flow(
        "inner", "  - {name: mark, set: {score: 1}}\n", when="button", condition="score = 0"
    )
    outer = flow("outer", "  - {name: more, call: inner}\n  - {name: last, set: {score: 2}}\n")

    _, model = compile_texts(texts(inner, outer))
    program = model.programs[ComponentKey("workflow:outer"), "/steps"]

    assert [type(one) for one in program.instructions] == [JumpUnless, SetFields, SetFields]
    assert [getattr(one, "step", "") for one in program.instructions] == [
        "more",
        "more.mark",
        "last",
    ]
    assert set(program.parts) == {"workflow:outer", "workflow:inner"}
    assert program.reads == {ObjectName("deal"): {"score"}}


def test_loops_and_waits_are_laid_out_flat() -> None:
    """A place in a run is one number, wherever it waits."""
    steps = """\
  - {name: lines, for_each: lines, do: [{name: mark, set: {name: '"x"'}}]}
  - {name: pause, wait: {until: stage = "won"}}
  - {name: made, create: line, values: {deal: id}}
"""
    _, model = compile_texts(texts(flow("w", steps)))
    program = model.programs[ComponentKey("workflow:w"), "/steps"]

    kinds = [type(one) for one in program.instructions]
    assert kinds == [ForEach, SetFields, NextOne, WaitUntil, CreateRecord]
    each, back = program.instructions[0], program.instructions[2]
    assert isinstance(each, ForEach)
    assert isinstance(back, NextOne)
    assert (each.to, back.to) == (3, 0)
    assert model.automation[ObjectName("deal")].awaits


def test_workflows_that_set_what_starts_them_are_refused() -> None:
    """A circle through watch masks is told at its step, with file, line and column."""
    ping = flow("ping", "  - {name: a, set: {score: score + 1}}\n", condition="ISCHANGED(stage)")
    pong = flow("pong", "  - {name: b, set: {stage: won}}\n", condition="ISCHANGED(score)")

    (found,) = problems(ping, pong)

    assert (found.code, found.file, found.line) == ("M320", "workflows/flows.yaml", 6)
    assert "ping → pong → ping" in found.message


@pytest.mark.parametrize(
    "condition",
    ['ISCHANGED(stage) AND stage = "open"', "ISCHANGED(stage) AND ISCHANGED(score)", "score > 1"],
)
def test_a_circle_that_cannot_close_is_no_circle(condition: str) -> None:
    """What is set excludes the criteria, or other changes are needed, or nothing is waited for."""
    assert problems(flow("w", "  - {name: a, set: {stage: won}}\n", condition=condition)) == []


@pytest.mark.parametrize(
    ("flows", "code", "said"),
    [
        (
            [
                flow("one", "  - {name: a, call: two}\n"),
                flow("two", "  - {name: b, call: one}\n", when="button"),
            ],
            "M321",
            "one → two → one",
        ),
        ([flow("w", "  - {name: a, email: hello, to: ['\"a@b.test\"']}\n")], "M323", '"line"'),
        ([flow("w", "  - {name: a, set: {score: 1}}\n", when="deleted")], "M315", "in the bin"),
        ([flow("w", MARK, when="{every: {cron: '0 25 * * *'}}")], "M324", "no hour from 0 to 23"),
        ([flow("w", MARK, when="{every: {cron: '0 0 31 2 *'}}")], "M324", "never comes"),
        ([flow("w", MARK, when="{at: {field: score}}")], "M324", "`score` is no date"),
        (
            [flow("w", "  - {name: a, delete: line, where: ISCHANGED(name)}\n")],
            "M313",
            "cannot be used in a filter",
        ),
        (
            [flow("w", "".join(f"  - {{name: s{n}, set: {{score: 1}}}}\n" for n in range(2001)))],
            "M322",
            "more than 2000 steps",
        ),
    ],
)
def test_steps_that_cannot_run_are_refused(flows: list[str], code: str, said: str) -> None:
    """Each with what is wrong in plain words."""
    found = problems(*flows)

    assert [problem.code for problem in found] == [code]
    assert said in found[0].message
