"""Workflows before a save become programs, and say which changes they wait for."""

from __future__ import annotations

import pytest

from engine.compile import compile_model
from engine.compiled import Workflow
from engine.names import ObjectName
from engine.programs import Jump, JumpUnless, SetFields
from engine.source import tree_from_texts
from tests.support.worlds import compile_texts, texts_of

DEAL = """\
object: deal
label: Deal
fields:
  name: {type: text}
  amount: {type: currency}
  share: {type: percent}
  stage: {type: picklist, values: {open: {label: Open}, won: {label: Won}}}
  parent: {type: lookup, to: deal}
  part: {type: formula, returns: currency, formula: amount * share}
  double: {type: formula, returns: currency, formula: part * 2}
  other: {type: formula, returns: text, formula: parent.name}
"""
STEPS = """\
steps:
  - name: one
    if: amount > 1
    then:
      - {name: two, set: {stage: won, amount: amount + 1}}
    else:
      - {name: off, active: false, set: {stage: won}}
      - {name: three, set: {name: parent.name}}
  - {name: four, set: {share: 0.5, parent: null}}
"""


def compiled(head: str, steps: str = STEPS, more: str = "") -> Workflow:
    """Compile one workflow on deals and give it."""
    text = f"workflow: w\nobject: deal\nwhen: before_save\n{head}\n{steps}"
    _, model = compile_texts(texts_of({"deal": DEAL}, workflows__w=text + more))
    return model.automation[ObjectName("deal")].before_save[0]


def test_steps_become_a_program_with_jumps() -> None:
    """A branch jumps over `then`, its end over `else`; steps switched off are left out."""
    found = compiled("label: Some work")

    one, two, over, three, four = found.program.instructions
    assert isinstance(one, JumpUnless)
    assert isinstance(two, SetFields)
    assert isinstance(three, SetFields)
    assert isinstance(four, SetFields)
    assert (one.step, one.to, over) == ("one", 3, Jump(to=4))
    assert [setting.constant for setting in two.settings] == ["won", None]
    assert [str(setting.constant) for setting in four.settings] == ["0.5000", "None"]
    assert (found.name, found.label) == ("w", "Some work")


def test_what_a_workflow_reads_is_known() -> None:
    """Paths are loaded with the record; formulas are computed after those that they read."""
    _, model = compile_texts(
        texts_of(
            {"deal": DEAL},
            workflows__w=f"workflow: w\nobject: deal\nwhen: before_save\nif: double > 1\n{STEPS}",
        )
    )

    automation = model.automation[ObjectName("deal")]
    assert automation.before_save[0].formulas == ("part", "double")
    assert automation.before_save[0].reads == {"amount", "double", "parent.name"}
    assert automation.paths == {"parent.name"}


GATES = [
    ("TRUE", []),
    ("ISCHANGED(stage)", [["stage"]]),
    ("ISCHANGED(stage) AND stage = 'won'", [["stage"]]),
    ("ISCHANGED(stage) AND ISCHANGED(amount)", [["stage"], ["amount"]]),
    ("ISCHANGED(stage) OR ISCHANGED(amount)", [["amount", "stage"]]),
    ("ISCHANGED(stage) OR amount > 5", []),
    ("NOT ISCHANGED(stage)", []),
    ("ISCHANGED(part)", []),  # what a formula is, is known later
    ("IF(ISCHANGED(stage), TRUE, FALSE)", []),
]


@pytest.mark.parametrize(("condition", "wanted"), GATES)
def test_a_condition_tells_which_changes_it_waits_for(
    condition: str, wanted: list[list[str]]
) -> None:
    """Each mask must meet a change, or the condition cannot hold."""
    _, model = compile_texts(texts_of({"deal": DEAL}))
    fields = model.objects[ObjectName("deal")].fields

    found = compiled(f'if: "{condition}"')

    named = [sorted(n for n, field in fields.items() if field.bit & mask) for mask in found.gate]
    assert named == wanted


def test_workflows_have_the_order_of_their_names() -> None:
    """The order does not depend on the order of files; those switched off are not there."""
    one = "object: deal\nwhen: before_save\nsteps: [{name: x, set: {name: TEXT(stage)}}]\n"
    names = {"b_second": "", "a_first": "", "c_off": "active: false\n"}
    files = {f"workflows__{n}": f"workflow: {n}\n{extra}{one}" for n, extra in names.items()}

    _, model = compile_texts(texts_of({"deal": DEAL, "plain": "object: plain\n"}, **files))

    assert list(model.automation) == ["deal"]
    found = [workflow.name for workflow in model.automation[ObjectName("deal")].before_save]
    assert found == ["a_first", "b_second"]


@pytest.mark.parametrize(
    "step",
    ["note: name", "create: deal, values: {name: name}", "notify: [owner], text: name", "call: w"],
)
def test_before_a_save_only_values_are_set(step: str) -> None:
    """A step that needs the record to be there is refused when the workflow is published."""
    text = (
        "workflow: w\nobject: deal\nwhen: before_save\nsteps:\n"
        f"  - {{name: a, if: amount > 1, then: [{{name: b, {step}}}]}}\n"
    )
    tree, found = tree_from_texts(texts_of({"deal": DEAL}, workflows__w=text))

    model, problems = compile_model(tree)

    key = step.split(":", 1)[0]
    column = text.splitlines()[4].index(step) + 1
    assert (found, model) == ((), None)
    wanted = (
        f"workflows/w.yaml:5:{column} M315 Before a save a workflow sets values of its record; "
        f"`{key}` comes after. (take `when: saved` (or created, updated) for this step)"
    )
    assert [str(problem) for problem in problems] == [wanted]


def test_a_workflow_over_what_could_not_be_read_says_no_more() -> None:
    """A field that could not be read is reported once; the workflow that sets it adds nothing."""
    text = (
        "workflow: w\nobject: deal\nwhen: before_save\nsteps:\n"
        "  - {name: a, set: {stage: missing, broken: 1}}\n"
    )
    deal = DEAL + "  broken: {type: nonsense}\n  missing: {type: nonsense}\n"
    tree, found = tree_from_texts(texts_of({"deal": deal}, workflows__w=text))

    model, problems = compile_model(tree)

    assert model is None
    assert {problem.code for problem in found} == {"M123"}
    assert problems == ()
