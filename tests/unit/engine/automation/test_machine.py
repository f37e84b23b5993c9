"""The interpreter of steps: one effect at a time, from any place."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from engine.automation import Assigned, Refused, advance
from engine.compiled import CompiledObject, Workflow
from engine.expr import EvalContext
from engine.model.fields.base import Value
from engine.names import ObjectName
from tests.support.worlds import compile_texts, texts_of

NOW = EvalContext(now=datetime(2026, 3, 1, 12, tzinfo=UTC), zone=UTC)
DEAL = """\
object: deal
fields:
  name: {type: text, length: 5}
  amount: {type: currency}
  due: {type: date}
  hot: {type: checkbox}
"""
FLOW = """\
workflow: w
object: deal
when: before_save
steps:
  - {name: first, set: {amount: amount + 1, name: TEXT(amount)}}
  - name: choose
    if: amount > 10
    then: [{name: big, set: {hot: true, due: TODAY() + 1}}]
    else: [{name: small, set: {hot: null, due: null}}]
  - {name: last, set: {amount: 1 / amount, name: '"much too long"'}}
"""


def prepared() -> tuple[Workflow, CompiledObject]:
    """Compile the workflow above."""
    _, model = compile_texts(texts_of({"deal": DEAL}, workflows__w=FLOW))
    deal = ObjectName("deal")
    return model.automation[deal].before_save[0], model.objects[deal]


def run(values: dict[str, Value]) -> list[Assigned]:
    """Carry out the workflow over values, which it changes."""
    workflow, compiled = prepared()
    at, found = 0, []
    while True:
        at, effect = advance(workflow.program.instructions, at, compiled, values, NOW)
        if effect is None:
            return found
        found.append(effect)
        values.update(effect.values)


def test_a_step_computes_all_its_values_before_it_sets_one() -> None:
    """Both values of a step are of the record as the step found it."""
    first, *_ = run({"amount": Decimal(1)})

    assert first == Assigned(step="first", values={"amount": Decimal(2), "name": "1"})


def test_later_steps_see_what_earlier_ones_have_set() -> None:
    """The branch is chosen by the amount that the first step made of it."""
    small, big = run({"amount": Decimal(9)})[1], run({"amount": Decimal(10)})[1]

    assert (small.step, dict(small.values)) == ("small", {"hot": False, "due": None})
    assert (big.step, str(big.values["due"]), big.values["hot"]) == ("big", "2026-03-02", True)


def test_a_value_that_cannot_be_had_is_told_and_the_others_are_given() -> None:
    """What failed says why, at its field."""
    last = run({"amount": Decimal(-1)})[-1]

    reasons = {refused.field: refused.reason for refused in last.refused}
    assert dict(last.values) == {}
    assert reasons["amount"] == "division by zero"
    assert "13 characters" in reasons["name"]
    assert all(isinstance(refused, Refused) for refused in last.refused)


def test_a_run_can_stop_anywhere_and_go_on() -> None:
    """The place is a number: whoever keeps it goes on from there, elsewhere, later."""
    workflow, compiled = prepared()
    values: dict[str, Value] = {"amount": Decimal(50)}

    at, _ = advance(workflow.program.instructions, 0, compiled, values, NOW)
    again, effect = advance(*(prepared()[0].program.instructions, at, compiled, values, NOW))

    assert effect is not None
    assert (effect.step, again) == ("big", at + 2)
    steps = workflow.program.instructions
    assert advance(steps, len(steps), compiled, values, NOW)[1] is None
