"""An installation for tests of record pages: every field type, a layout, half-seen rights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

import pytest
from werkzeug.test import TestResponse

from engine.session import Record, Session, run
from engine.store.platform.enter import MemberCredential
from engine.store.platform.members import find_member
from tests.integration.conftest import installed, on_both
from tests.support.houses import House
from tests.support.visitors import CSRF, Visitor, visitor_of

TEXTAREA = re.compile(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', re.DOTALL)
SELECT = re.compile(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', re.DOTALL)
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
  deal: {label: Affaire, plural: Affaires, fields: {amount: {label: Montant}}}
layouts:
  deal.default: {path: {guidance: {open: Parlez-leur.}}, sections: {main: {label: Affaire}}}
""",
    "objects/account.yaml": """\
object: account
label: Account
sharing: private
features: {history: true}
fields:
  name: {type: text, required: true, length: 120}
  size: {type: number}
  boss: {type: lookup, to: account, where: size > 100}
""",
    "objects/deal.yaml": """\
object: deal
label: Deal
sharing: read_write
features: {history: true}
fields:
  name: {type: text, required: true, length: 60, help: "What <b>it</b> is called."}
  account: {type: lookup, to: account, on_delete: restrict}
  stage:
    type: picklist
    default: open
    values:
      open: {color: blue}
      talk: {color: amber}
      won: {color: green, closed: true}
      lost: {color: red}
  amount: {type: currency, min: 0, max: 1000000}
  share: {type: percent, max: 0.6}
  margin: {type: currency}
  agreed: {type: percent}
  close_date: {type: date, default: {formula: TODAY() + 30}}
  lost_reason: {type: picklist, values: {price: {}, time: {label: Timing}}}
  region: {type: picklist, values: {emea: {}, apac: {}}}
  country:
    type: picklist
    values: {fr: {label: France}, jp: {label: Japan}}
    depends_on: {field: region, values: {emea: [fr], apac: [jp]}}
  is_hot: {type: checkbox}
  notes: {type: long_text}
  code: {type: text, unique: true, length: 10}
  twice: {type: formula, returns: currency, formula: amount * 2}
  once: {type: text, read_only_after_create: true}
record_types:
  fresh: {label: Fresh, values: {stage: [open, talk, won, lost]}}
  renewal: {label: Renewal, values: {stage: [talk, won]}}
validation_rules:
  won_needs_amount:
    invalid_if: stage = "won" AND ISBLANK(amount)
    message: A won deal has an amount.
    field: amount
  no_xxx: {invalid_if: 'name = "xxx"', message: Not this name.}
""",
    "objects/line.yaml": """\
object: line
label: Line
sharing: read_write
fields:
  name: {type: text, required: true}
  deal: {type: master_detail, to: deal}
  cost: {type: currency}
""",
    "objects/task.yaml": """\
object: task
label: Task
sharing: read
title: subject
fields:
  subject: {type: text, required: true}
  about: {type: lookup, to: [account, deal]}
""",
    "objects/every.yaml": """\
object: every
label: Every type
sharing: read_write
fields:
  name: {type: text}
  body: {type: long_text}
  story: {type: rich_text}
  mail: {type: email}
  phone: {type: phone}
  site: {type: url}
  size: {type: number, decimals: 2}
  price: {type: currency}
  share: {type: percent}
  stars: {type: rating}
  day: {type: date}
  at: {type: datetime}
  clock: {type: time}
  is_on: {type: checkbox}
  kind: {type: picklist, values: {a: {label: First}, b: {label: Second, active: false}}}
  kinds: {type: multi_picklist, values: {a: {label: First}, b: {label: Second}}}
  deal: {type: lookup, to: deal}
  home: {type: address}
  place: {type: location}
  data: {type: json}
  paper: {type: file}
  csrf: {type: text}
""",
    "layouts/deal.yaml": """\
layout: deal.default
highlights: [account, amount, account.size]
path: {field: stage, guidance: {open: Talk to them.}}
sections:
  - name: main
    label: Deal
    columns: 2
    fields:
      - name
      - account
      - stage
      - amount
      - {field: share, visible_if: amount > 1000}
      - margin
      - agreed
      - twice
      - close_date
      - {field: region, read_only: false}
      - country
      - is_hot
      - once
      - code
      - {field: notes, required_if: is_hot}
  - {name: lost, label: Why lost, visible_if: stage = "lost", fields: [lost_reason]}
related:
  - {object: line, via: deal, fields: [name, cost], sort: name}
  - {object: task, via: about, fields: [subject], where: subject <> "Secret plan" AND about = id}
actions: [deal_task, deal_search, deal_run]
---
layout: deal.renewal
sections: [{name: only, label: Only this, fields: [name, stage]}]
for: [{record_type: renewal}]
---
layout: line.default
sections: [{name: all, label: For everybody, fields: [name]}]
---
layout: line.reps
sections: [{name: few, label: For reps, fields: [name]}]
for: [{permission_set: rep}]
""",
    "actions/deal.yaml": """\
action: deal_task
label: Follow up
object: deal
create: task
values: {subject: '"About " & name', about: id}
---
action: deal_search
label: Search the web
object: deal
url: '"https://example.test/?q=" & name'
---
action: deal_run
label: Run
object: deal
workflow: nothing
""",
    "workflows/nothing.yaml": """\
workflow: nothing
object: deal
when: button
steps: [{name: flag, set: {is_hot: true}}]
""",
    "conversion/task.yaml": """\
conversion: task
to:
  account: {match: name = subject, values: {name: subject}}
  deal: {optional: true, values: {name: subject, account: $account, amount: 5}}
set: {about: $account}
""",
    "access/permission_sets/rep.yaml": """\
permission_set: rep
label: Rep
objects:
  account: {create: true, read: true, edit: true}
  deal:
    create: true
    read: true
    edit: true
    delete: true
    fields: {margin: none, agreed: read}
  line: {create: true, read: true, fields: {cost: none}}
  task: {create: true, read: true, edit: true}
""",
    "access/permission_sets/reader.yaml": """\
permission_set: reader
label: Reader
objects: {deal: {read: true}}
""",
}


@dataclass
class Person:
    """Somebody at a browser who fills in forms."""

    visitor: Visitor
    root: str = "/e/production"
    headers: dict[str, str] = field(default_factory=dict)

    def open(self, path: str, status: int = 200) -> str:
        """Open a page below the environment and give its text."""
        answer = self.visitor.get(f"{self.root}{path}")
        assert answer.status_code == status, (answer.status_code, answer.text[:3000])
        return answer.text

    def part(self, path: str) -> TestResponse:
        """Ask for a part of a page, as htmx does."""
        return self.visitor.get(f"{self.root}{path}", headers={"HX-Request": "true"})

    def send(self, path: str, **fields: object) -> TestResponse:
        """Send fields alone, with the token of this sign-in."""
        token = CSRF.search(self.open("/"))
        assert token is not None
        data = {name.replace("__", "."): value for name, value in fields.items()}
        return self.visitor.client.post(
            f"{self.root}{path}", data={"csrf": token[1], **data}, headers=self.headers
        )

    def fill(self, page: str, path: str = "", **fields: object) -> TestResponse:
        """Open a form, type into some of its fields, and send it with everything it held."""
        held = inputs_of(self.open(page))
        typed = {name.replace("__", "."): value for name, value in fields.items()}
        return self.visitor.client.post(
            f"{self.root}{path or page.partition('?')[0]}",
            data={**held, **typed},
            headers=self.headers,
        )


def inputs_of(text: str) -> dict[str, object]:
    """Give what the form of a page would send untouched, by name of input."""
    form = text[text.index('<form class="sheet"') :].partition("</form>")[0]
    held: dict[str, object] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        is_off = re.search(r'type="(?:checkbox|radio)"', tag) and " checked" not in tag
        if name and not is_off:
            held[name[1]] = unescape(value[1]) if value else ""
    for name_, body in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL
    ):
        held[name_] = unescape(body)
    for name_, body in re.findall(
        r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        held[name_] = unescape(chosen[1]) if chosen else ""
    return held


def moved(answer: TestResponse) -> str:
    """Give where a saved form leads to; the form's problems where it was refused."""
    assert answer.status_code == 303, (answer.status_code, answer.text[:6000])
    return str(answer.headers["Location"]).removeprefix("/e/production")


@dataclass
class Desk:
    """The installation, and work as its people."""

    house: House
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, who: str) -> Person:
        """Give somebody at a browser."""
        if who not in self.people:
            self.people[who] = Person(visitor_of(self.house, who))
        return self.people[who]

    def work(self, act: Callable[[Session], object], who: str = "admin") -> object:
        """Do some work as somebody, in a transaction of its own."""
        environment = self.house.environments.open("production")
        with environment.database.read() as tx:
            member = find_member(tx, email=f"{who}@example.test")
        assert member is not None
        return run(environment, MemberCredential(member.user), act, write=True)

    def create(self, name: str, /, who: str = "admin", **values: object) -> int:
        """Create a record as somebody and give its id."""
        return int(str(self.work(lambda s: s.create(name, values)["id"], who)))

    def update(self, name: str, record: int, /, who: str = "admin", **values: object) -> None:
        """Change a record as somebody."""
        self.work(lambda s: s.update(name, record, values), who)

    def get(self, name: str, record: int, who: str = "admin") -> Record:
        """Read a record as somebody."""
        found = self.work(lambda s: s.get(name, record), who)
        assert isinstance(found, dict)
        return found


@on_both
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Give an installation with an administrator, a rep, a reader and a French rep."""
    with installed(request, FILES) as made:
        yield _peopled(made)


def _peopled(house: House) -> Desk:
    house.admit("rep", "rep")
    house.admit("reader", "reader")
    house.admit("marie", "rep", language="fr")
    return Desk(house)


@pytest.fixture
def admin(desk: Desk) -> Person:
    """Give somebody who may do everything."""
    return desk.person("admin")


@pytest.fixture
def rep(desk: Desk) -> Person:
    """Give somebody who may not read margins and sees only her own accounts."""
    return desk.person("rep")


@pytest.fixture
def reader(desk: Desk) -> Person:
    """Give somebody who may read deals and nothing more."""
    return desk.person("reader")


@pytest.fixture
def marie(desk: Desk) -> Person:
    """Give a rep who reads French."""
    return desk.person("marie")
