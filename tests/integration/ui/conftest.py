"""An installation for tests of screens: rights of every kind, hostile texts, all types of field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from engine.session import Session, run
from engine.store.database import Tx
from engine.store.platform.enter import MemberCredential
from engine.store.platform.members import find_member
from tests.integration.conftest import installed, on_both
from tests.support.houses import House
from tests.support.visitors import Visitor, visitor_of

HOSTILE = '<script>alert("x")</script>&amp;\'"'
LONG = "<img src=x onerror=alert(1)> " + "long " * 34  # a label of 199 characters
FILES: Mapping[str, str] = {
    "project.yaml": """\
project: test
label: Test
format: 1
languages: [en, fr]
currencies: [EUR]
time_zone: Europe/Paris
""",
    "translations/fr.yaml": """\
translations: fr
objects:
  deal:
    label: Affaire
    plural: Affaires
    fields:
      amount: {label: Montant}
      stage: {label: Étape, values: {open: {label: Ouverte}}}
views:
  deal.open: {label: Affaires ouvertes}
""",
    "objects/account.yaml": """\
object: account
label: Account
icon: building
description: Companies that buy.
sharing: private
features: {search: true}
fields:
  name: {type: text, required: true, length: 120}
  phone: {type: phone}
""",
    "objects/deal.yaml": """\
object: deal
label: Deal
sharing: read_write
features: {search: true}
fields:
  name: {type: text, required: true, length: 120}
  account: {type: lookup, to: account, on_delete: restrict}
  stage:
    type: picklist
    default: open
    values:
      open: {label: Open, color: blue}
      won: {label: Won, color: green, closed: true}
  amount: {type: currency, min: 0}
  share: {type: percent}
  margin: {type: currency}
  is_hot: {type: checkbox}
  close_date: {type: date}
  met_at: {type: datetime}
  notes: {type: long_text}
  units: {type: number}
  ratio: {type: formula, returns: number, decimals: 2, formula: amount / units}
""",
    "objects/note.yaml": """\
object: note
label: Note
sharing: read
title: subject
fields:
  subject: {type: text, length: 200}
  about: {type: lookup, to: [account, deal]}
""",
    "objects/wide.yaml": "object: wide\nsharing: read\nfields:\n"
    + "".join(f"  f{place}: {{type: text, label: '{LONG}'}}\n" for place in range(150)),
    "objects/plain.yaml": "object: plain\nfields:\n  size: {type: number}\n",
    "objects/secret.yaml": """\
object: secret
label: Secret
sharing: private
features: {search: true}
fields:
  name: {type: text}
""",
    "views/deal.yaml": """\
view: deal.open
label: Open deals
where: NOT stage.closed
fields: [name, account, stage, amount, margin, close_date, owner]
sort: [-amount]
totals: {amount: sum, margin: sum}
---
view: deal.mine
label: My deals
where: owner = $user.id
fields: [name]
shared_with: [{permission_set: rep}]
---
view: deal.rich
label: Rich deals
where: margin > 10
fields: [name]
---
view: deal.bosses
label: For bosses
fields: [name]
shared_with: [boss]
---
view: deal.board
label: Board
shape: {board: {by: stage, sum: amount}}
fields: [name, account, amount, owner]
---
view: deal.month
label: Month
shape: {calendar: {date: close_date}}
fields: [name]
""",
    "access/roles.yaml": "roles:\n  boss: {label: Boss}\n  seller: {label: Seller, parent: boss}\n",
    "access/permission_sets/rep.yaml": """\
permission_set: rep
label: Rep
objects:
  account: {create: true, read: true, edit: true}
  deal: {create: true, read: true, edit: true, delete: true, fields: {margin: none}}
  note: {read: true}
""",
    "access/permission_sets/reader.yaml": """\
permission_set: reader
label: Reader
objects:
  deal: {read: true}
  plain: {read: true}
""",
    "apps/sales.yaml": """\
app: sales
label: Sales
items: [home, account, {object: deal, view: open}, note]
""",
}


@dataclass
class Screens:
    """The installation, and work as its people."""

    house: House

    def work(self, act: Callable[[Session], object], who: str = "admin") -> object:
        """Do some work as somebody, in a transaction of its own."""
        environment = self.house.environments.open("production")
        with environment.database.read() as tx:
            member = find_member(tx, email=f"{who}@example.test")
        assert member is not None
        return run(environment, MemberCredential(member.user), act, write=True)

    def create(self, object: str, /, who: str = "admin", **values: object) -> int:
        """Create a record as somebody and give its id."""

        def act(session: Session) -> int:
            return int(str(session.create(object, values)["id"]))

        return int(str(self.work(act, who)))


@on_both
def screens(request: pytest.FixtureRequest) -> Iterator[Screens]:
    """Give an installation with an administrator, a rep and somebody who may only read."""
    with installed(request, FILES) as made:
        yield _peopled(made)


def _peopled(house: House) -> Screens:
    house.admit("rep", "rep")
    house.admit("reader", "reader")
    house.admit("marie", "rep", language="fr")
    return Screens(house)


@pytest.fixture(scope="module")
def admin(screens: Screens) -> Visitor:
    """Give a browser of somebody who may do everything."""
    return visitor_of(screens.house, "admin")


@pytest.fixture(scope="module")
def rep(screens: Screens) -> Visitor:
    """Give a browser of a sales rep, who sees her own accounts only and no margin."""
    return visitor_of(screens.house, "rep")


@pytest.fixture(scope="module")
def reader(screens: Screens) -> Visitor:
    """Give a browser of somebody who may read deals and nothing more."""
    return visitor_of(screens.house, "reader")


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Callable[[Visitor, str], int]:
    """Give a function that opens a page and counts the statements of all its transactions."""
    opened: list[Tx] = []
    begin = Tx.begin

    def noting(tx: Tx, sql: str) -> None:
        opened.append(tx)
        begin(tx, sql)

    monkeypatch.setattr(Tx, "begin", noting)

    def counted(visitor: Visitor, path: str) -> int:
        opened.clear()
        answer = visitor.get(path)
        assert answer.status_code == 200, answer.text
        return sum(tx.statements for tx in opened)

    return counted
