"""What a workflow's steps cost in statements: a formula, for one record and for a bulk of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.session import Session
from tests.support.worlds import World, publish_texts, texts_of

MANY = 200
DEAL = """\
object: deal
plural: Deals
sharing: read
fields:
  name: {type: text}
  stage: {type: picklist, default: open, values: {open: {label: Open}, hot: {label: Hot}}}
  discount: {type: number, default: 0}
  count: {type: number, default: 0}
  account: {type: lookup, to: account}
"""
ACCOUNT = "object: account\nplural: Accounts\nfields: {name: {type: text}, email: {type: email}}\n"
TASK = (
    "object: task\nplural: Tasks\nfields: {subject: {type: text}, deal: {type: lookup, to: deal}}\n"
)
MAIL = """\
email: hot
object: deal
subject: 'Hot: {{ name }}'
body: 'Look at {{ account.name }}'
"""
ENDPOINTS = "endpoints: {erp: {url: 'https://erp.example.test/orders'}}\n"
APPROVAL = """\
approval: discount
object: deal
enter_if: discount > 10
submit: {automatic: true}
steps: [{name: boss, approvers: owner.manager}]
"""
STEPS = {
    "set": "set: {count: count + 1}",
    "create": "create: task, values: {subject: name, deal: id}",
    "note": "note: name",
    "email": "email: hot, to: [owner, owner.manager, account.email]",
    "notify": "notify: [owner, owner.manager], text: name",
    "webhook": "webhook: erp, body: {deal: name, account: account.name}",
}


def _texts(*steps: str, approval: str = "") -> dict[str, str]:
    flows = "".join(
        f"workflow: w{n}\nobject: deal\nwhen: updated\n"
        f'if: ISCHANGED(stage) AND stage = "hot"\nsteps: [{{name: s, {step}}}]\n---\n'
        for n, step in enumerate(steps)
    ).removesuffix("---\n")
    more = {"workflows__deals": flows} if flows else {}
    if approval:
        more["approvals__discount"] = approval
    objects = {"deal": DEAL, "account": ACCOUNT, "task": TASK}
    return texts_of(objects, emails__hot=MAIL, endpoints=ENDPOINTS, **more)


@pytest.fixture
def made(make_world: Callable[..., World]) -> tuple[World, list[int]]:
    """Give a world with twice as many deals as a bulk takes, and their ids."""
    world = make_world(_texts())

    def work(session: Session) -> list[int]:
        account = session.create("account", {"name": "A", "email": "a@example.test"})
        rows = [{"name": f"d{n}", "account": account["id"]} for n in range(2 * MANY + 4)]
        return [int(str(one.id)) for one in session.bulk("deal", "create", rows, atomic=True)]

    return world, world.run(work)


def _cost(world: World, deals: list[int], change: dict[str, object]) -> tuple[int, int]:
    """Count the statements of an update of one record, and of a bulk; the first is not counted."""
    warm, one, *many = deals
    world.run(lambda s: s.update("deal", warm, dict(change)))
    single = world.statements(lambda s: s.update("deal", one, dict(change)))
    rows = [{"id": deal, **change} for deal in many]
    return single, world.statements(lambda s: s.bulk("deal", "update", rows, atomic=True))


# What a step costs beside the two of its run: what it reads, whom it finds, what it writes.
COSTS = {
    "set": 2,  # writes the record and its history; what the save wrote is at hand
    "create": 3,  # the record and its history; one for its lookup
    "note": 1,
    "email": 3,  # the paths that the save had not at hand; the people; the mails
    "notify": 3,
    "webhook": 2,  # the paths; the calls
}
RUN = 2  # the run, and all of its steps
BLOCKS = 2  # numbers of records and runs are taken in blocks


@pytest.mark.parametrize("step", STEPS)
def test_a_step_costs_what_it_says(made: tuple[World, list[int]], step: str) -> None:
    """The same for one record and for two hundred, but for blocks of numbers."""
    world, deals = made
    half = MANY + 2
    idle, idle_many = _cost(world, deals[:half], {"stage": "hot"})
    publish_texts(world, _texts(STEPS[step]))

    fired, fired_many = _cost(world, deals[half:], {"stage": "hot"})

    assert fired - idle == RUN + COSTS[step]
    assert fired_many - idle_many <= RUN + COSTS[step] + BLOCKS
    assert world.run(_states, write=False) == [("done", MANY + 2)]


def _states(session: Session) -> list[tuple[object, ...]]:
    sql = "SELECT state, count(*) FROM patron_run GROUP BY state"
    return [tuple(row) for row in session.unit.tx.rows(sql)]


def test_an_approval_that_is_entered_costs_two(made: tuple[World, list[int]]) -> None:
    """The request, and everybody who is asked; nothing for one that is not entered."""
    world, deals = made
    half = MANY + 2
    idle, idle_many = _cost(world, deals[:half], {"discount": 20})
    publish_texts(world, _texts(approval=APPROVAL))

    entered, entered_many = _cost(world, deals[half:], {"discount": 20})
    passed_by, _ = _cost(world, deals[half:], {"count": 5})

    assert (entered - idle, entered_many - idle_many) == (2, 2 * MANY)
    assert passed_by == idle
