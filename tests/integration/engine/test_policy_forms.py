"""One row policy in all its forms: by key, over many rows, on a walk, leading to rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from engine.access import leaves
from engine.names import FieldName, ObjectName
from engine.session import Session
from engine.store.selecting import Selecting
from engine.store.sharing import Form
from engine.store.statements import compile_statement
from tests.support.worlds import World, texts_of

ACCOUNT = """\
object: account
sharing: private
fields:
  name: {type: text, required: true}
  region: {type: text, length: 20}
  parent: {type: lookup, to: account}
"""
DEAL = """\
object: deal
sharing: private
fields:
  name: {type: text, required: true}
  account: {type: lookup, to: account}
  amount: {type: currency}
"""
# Behind a lookup, blank behind it, two lookups away, and with a field of the deal as well.
CONDITIONS = (
    'account.region = "emea"',
    "ISBLANK(account.region)",
    'NOT (account.region = "emea")',
    'account.parent.region = "emea"',
    "ISBLANK(account.parent.region)",
    'account.region = "emea" OR amount > 100',
)
SET = "permission_set: rep\nobjects: {account: {read: true}, deal: {read: true}}\n"


def rules() -> str:
    """Write a rule for each condition, to a role of its own."""
    lines = ["sharing: deal", "rules:"]
    for place, where in enumerate(CONDITIONS):
        to = f"with: {{role: r{place}}}, access: read"
        lines.append(f"  rule_{place}: {{where: '{where}', {to}}}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give deals of accounts with and without a region, and of no account."""
    roles = "roles:\n" + "".join(f"  r{place}: {{}}\n" for place in range(len(CONDITIONS)))
    files = texts_of(
        {"account": ACCOUNT, "deal": DEAL},
        access__roles=roles,
        access__sharing__deal=rules(),
        access__permission_sets__rep=SET,
    )
    people = {
        f"p{place}": {"permission_sets": ["rep"], "role": f"r{place}"}
        for place in range(len(CONDITIONS))
    }
    made = make_world(files, **people)

    def fill(session: Session) -> None:
        top = session.create("account", {"name": "Top", "region": "emea"})["id"]
        accounts = [None, top]
        accounts.append(session.create("account", {"name": "No region"})["id"])
        accounts.append(session.create("account", {"name": "Below", "parent": top})["id"])
        accounts.append(session.create("account", {"name": "Other", "region": "apac"})["id"])
        for place, account in enumerate(accounts):
            amount = 1000 if place % 2 else 1
            values = {"name": f"Deal {place}", "account": account, "amount": amount}
            session.create("deal", values)

    made.run(fill)
    return made


def found(session: Session, form: Form) -> list[int]:
    """Give the deals that the caller's policy opens, asked in one form."""
    unit = session.unit
    policy = unit.access.of(ObjectName("deal")).read_policy
    selecting = Selecting(session.snapshot, unit.tx.dialect, ObjectName("deal"), {})
    key = selecting.root.raw(FieldName("id"))
    branches = leaves(policy) if form is Form.LEAD else [policy]
    parts = [selecting.policy(branch, selecting.root, form) for branch in branches]
    clause = sa.select(key).select_from(selecting.from_clause).where(sa.or_(*parts)).order_by(key)
    statement = compile_statement(clause, unit.tx.dialect)
    params = {**unit.caller.params(), **selecting.params}
    return [int(row[0]) for row in unit.tx.rows(statement.text, statement.args(params))]


@pytest.mark.parametrize("place", range(len(CONDITIONS)))
def test_every_form_opens_the_same_records(world: World, place: int) -> None:
    """Also where a condition holds for a lookup that leads nowhere, or for what is blank there."""
    forms = {
        form: world.run(lambda s, f=form: found(s, f), who=f"p{place}", write=False)
        for form in Form
    }

    assert len({tuple(ids) for ids in forms.values()}) == 1, forms
    assert forms[Form.KEY], CONDITIONS[place]
