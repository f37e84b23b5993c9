"""Assignments made ready: entries in order, and what says to nobody or to a queue that refuses."""

from __future__ import annotations

import pytest

from engine.compile import compile_model
from engine.compiled import AssignmentEntry
from engine.source import tree_from_texts
from tests.support.worlds import compile_texts, texts_of

LEAD = "object: lead\nfields: {name: {type: text}, size: {type: number}}\n"
ROLES = "roles: {sales: {}}\n"
QUEUES = "queues:\n  box: {members: [{role: sales}], objects: [deal]}\n  any: {}\n"
HEAD = "assignment: a\nobject: lead\nentries:\n"
STEP = "workflow: w\nobject: lead\nwhen: saved\nsteps:\n"


def files(**others: str) -> dict[str, str]:
    """Give a configuration of leads and deals, with a queue for deals alone."""
    deal = "object: deal\nfields: {name: {type: text}}\n"
    return texts_of(
        {"lead": LEAD, "deal": deal}, access__roles=ROLES, access__queues=QUEUES, **others
    )


def test_entries_keep_their_order_and_say_how_one_is_chosen() -> None:
    """A role is given in turns unless it says otherwise, a queue takes the record itself."""
    text = HEAD + (
        "  - {name: big, if: size > 9, to: owner.manager}\n  - {to: {queue: any}}\n"
        "  - {to: {queue: any}, by: load}\n  - {to: {role: sales}}\n"
    )

    _, model = compile_texts(files(assignment__a=text))

    found = model.assignments["a"]
    first, *rest = found.entries
    assert found.reads == {"size", "owner.manager"}
    assert (first.name, str(first.path.text if first.path else "")) == ("big", "owner.manager")
    assert rest == [
        AssignmentEntry(name="2", group="queue:any"),
        AssignmentEntry(name="3", group="queue:any", by="load"),
        AssignmentEntry(name="4", group="role:sales", by="round_robin"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("assignment/a", HEAD + "  - {to: owner, by: load}\n", "4:21 M340 `by` chooses one of"),
        (
            "assignment/a",
            HEAD + "  - {to: {user: a@b.test}, by: load}\n",
            "4:10 M340 `by` chooses one of several members; this is one person.",
        ),
        (
            "assignment/a",
            HEAD + "  - {to: {role: sales, queue: any}}\n",
            "4:10 M340 A record goes to one of role, queue, team, user: name exactly one.",
        ),
        (
            "assignment/a",
            HEAD + "  - {to: {queue: box}}\n",
            '4:18 M341 The queue "box" does not take records of `lead`. (add the object to',
        ),
        (
            "workflows/w",
            STEP + "  - {name: x, assign: {queue: box}}\n",
            '5:31 M341 The queue "box" does not take records of `lead`.',
        ),
        (
            "workflows/w",
            STEP + "  - {name: x, assign: {by: load}}\n",
            "5:23 M340 A record goes to one of role, queue, team, user: name exactly one.",
        ),
    ],
)
def test_what_nobody_could_take_is_a_problem(name: str, text: str, wanted: str) -> None:
    """It is told when the version is published, where it stands."""
    tree, _ = tree_from_texts(files(**{name.replace("/", "__"): text}))

    model, problems = compile_model(tree)

    assert model is None
    (problem,) = problems
    assert str(problem).startswith(f"{name}.yaml:{wanted}")


def test_one_that_is_switched_off_is_not_there() -> None:
    """Nothing can be assigned by it."""
    text = f"active: false\n{HEAD}  - {{to: {{role: sales}}}}\n"

    _, model = compile_texts(files(assignment__a=text))

    assert not model.assignments
