"""What somebody may not see changes nothing of what they are answered, wherever they ask.

The same questions are asked twice; between them everything that the asker may not see becomes
something else. A single letter that differs is a leak, whichever way it took.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson
import pytest

from engine.names import FieldName, ObjectName
from engine.store.platform.physical import load_physical
from engine.store.tables import column_name
from engine.store.text import native
from tests.integration.conftest import installed, on_both
from tests.support.houses import PRODUCTION, Caller, House
from tests.support.visitors import Visitor, visitor_of
from tests.support.worlds import texts_of

ACCOUNT = """\
object: account
sharing: private
features: {search: true, history: true}
fields:
  name: {type: text, required: true}
  region: {type: text}
  revenue: {type: currency}
  parent: {type: lookup, to: account}
  score: {type: number}
"""
DEAL = """\
object: deal
sharing: private
features: {search: true, history: true}
fields:
  name: {type: text, required: true}
  number: {type: auto_number, format: "D-{0000}"}
  code: {type: text, external_id: true}
  account: {type: lookup, to: account}
  amount: {type: currency}
  margin: {type: currency}
  mail: {type: email}
  stage: {type: picklist, values: {open: {}, won: {}, lost: {}}}
  closes: {type: date}
"""
LINE = """\
object: line
sharing: parent
fields:
  name: {type: text}
  deal: {type: master_detail, to: deal}
  size: {type: number}
  cost: {type: number}
"""
VIEWS = """\
view: deal.mine
label: With accounts
fields: [name, account, account.name, account.revenue, amount, margin]
sort: [-account.revenue]
totals: {amount: sum, account.revenue: max}
---
view: deal.by_margin
label: By margin
fields: [name]
where: margin > 10
---
view: deal.rich
label: Of rich accounts
fields: [name, account.region]
where: account.revenue > 100 OR ISBLANK(account.revenue)
sort: [account.name]
---
view: deal.board
label: Board
shape: board
board: {by: stage, sum: amount}
"""
REP = """\
permission_set: rep
permissions: [export_data, mass_edit]
objects:
  account: {read: true, edit: true, fields: {score: none}}
  deal: {create: true, read: true, edit: true, delete: true, fields: {margin: none}}
  line: {read: true, edit: true, fields: {cost: none}}
"""
HIDDEN = {"account": ["score"], "deal": ["margin"], "line": ["cost"]}
PAGE_NOISE = re.compile(
    r'name="(csrf|_key)" (value|content)="[^"]*"|hx-headers=\S+|datetime="[^"]*"'
    r"|\b(a|an|\d+) (second|minute|hour)s? ago|just now|\bnow\b"
)
OF_ONE = ("", "/access", "/shares", "/approvals", "/clocks", "/traces", "/why")
Question = tuple[str, str, Mapping[str, object]]  # method, path, query or body


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with half the rights, by REST and in a browser."""

    api: Caller
    browser: Visitor

    def paths(self, name: str, *, deep: int = 3) -> Iterator[str]:
        """Give every path that they may name, over as many lookups."""
        fields = self.api.get(f"/objects/{name}").json["fields"]
        for field, about in fields.items():
            yield field
            target = (about.get("to") or [""])[0]
            if deep > 1 and target in HIDDEN:
                yield from (f"{field}.{more}" for more in self.paths(target, deep=deep - 1))

    def questions(self, mine: Mapping[str, list[int]]) -> Iterator[Question]:
        """Give everything there is to ask over REST."""
        for name, hidden in HIDDEN.items():
            paths = list(self.paths(name))
            yield "GET", f"/objects/{name}", {}
            for more in ({"bin": True}, {"fields": ",".join(paths)}, {"view": "mine"}):
                yield "GET", f"/records/{name}", {"count": True, **more}
            for path in paths:
                for asked in (
                    {"sort": path},
                    {"sort": f"-{path}"},
                    {"where": f"ISBLANK({path})", "count": True},
                ):
                    yield "GET", f"/records/{name}", {"fields": "id", **asked}
                yield (
                    "POST",
                    f"/aggregate/{name}",
                    {"group": [path], "measures": {"n": "COUNT()", "m": f"MAX({path})"}},
                )
            for field in hidden:
                for asked in ({"fields": field}, {"where": f"{field} > 5"}, {"sort": field}):
                    yield "GET", f"/records/{name}", asked
                yield "POST", f"/aggregate/{name}", {"measures": {"n": f"SUM({field})"}}
            for record in mine[name]:
                yield from (("GET", f"/records/{name}/{record}{sub}", {}) for sub in OF_ONE)
        for view in ("by_margin", "rich", "board"):
            yield "GET", "/records/deal", {"view": view, "count": True}
        for path in ("/objects", "/approvals", "/notifications", "/openapi.json"):
            yield "GET", path, {}

    def pages(self, mine: Mapping[str, list[int]]) -> Iterator[str]:
        """Give the pages that show records."""
        yield from ("/", "/approvals", "/notifications", "/search?q=deal", "/search?q=changed")
        for name in HIDDEN:
            yield from (f"/o/{name}", f"/o/{name}/export", f"/o/{name}?bin=1", f"/o/{name}?by=")
            for record in mine[name]:
                yield from (f"/o/{name}/{record}", f"/o/{name}/{record}?tab=history")
                yield f"/o/{name}/{record}/edit"
        for view in ("mine", "by_margin", "rich", "board"):
            yield from (f"/o/deal?view={view}", f"/o/deal/export?view={view}")
        yield from ("/o/deal/suggest/account?q=", "/o/deal/suggest/account?q=changed")
        yield from ("/o/deal/filter?field=margin", "/o/deal/filter?field=account.score")

    def answers(self, mine: Mapping[str, list[int]]) -> dict[str, tuple[int, str]]:
        """Ask everything; give status and text of every answer."""
        found = {}
        for method, path, given in self.questions(mine):
            is_body = method == "POST"
            reply = self.api.send(
                method, path, given if is_body else None, query=None if is_body else given
            )
            found[f"{method} {path} {orjson.dumps(given).decode()}"] = (
                reply.status,
                reply.raw.decode(),
            )
        for page in self.pages(mine):
            answer = self.browser.get(f"/e/{PRODUCTION}{page}")
            found[page] = (answer.status_code, PAGE_NOISE.sub("", answer.text))
        return found


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation in which the representative sees half of the records."""
    files = texts_of(
        {"account": ACCOUNT, "deal": DEAL, "line": LINE},
        views__all=VIEWS,
        access__permission_sets__rep=REP,
    )
    with installed(request, files) as made:
        made.admit("rep", "rep")
        yield made


def filled(house: House) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Make records that the representative sees, and others between them; give both by object."""
    admin, rep = house.caller(), house.caller("rep")
    me = admin.get("/people/rep@example.test").json["user"]
    mine: dict[str, list[int]] = {name: [] for name in HIDDEN}
    others: dict[str, list[int]] = {name: [] for name in HIDDEN}

    def make(of: str, place: int, **values: object) -> int:
        is_mine = place % 2 == 0
        owner = {"owner": me} if is_mine else {}
        record = int(admin.create(of, **values, **owner)["id"])
        (mine if is_mine else others)[of].append(record)
        return record

    accounts: list[int | None] = [None]
    for place in range(6):
        values = {"name": f"Account {place}", "region": "emea", "revenue": place * 50}
        accounts.append(make("account", place, **values, parent=accounts[place // 2]))
    for place in range(8):
        values = {"name": f"Deal {place}", "amount": place * 10, "margin": place, "stage": "open"}
        values |= {"code": f"c{place}", "mail": f"d{place}@example.test", "closes": "2030-01-01"}
        deal = make("deal", place, **values, account=accounts[(place * 3) % 7])
        make("line", place, name=f"Line {place}", deal=deal, size=place, cost=place * 3)
    rep.patch(f"/records/deal/{mine['deal'][0]}", {"name": "Deal zero"})
    return mine, others


def turned(house: House, mine: Mapping[str, list[int]], others: Mapping[str, list[int]]) -> None:
    """Change everything hidden: other records by their own way, hidden fields in their columns."""
    admin = house.caller()
    for name in ("account", "deal", "line"):
        for place, record in enumerate(others[name]):
            given = {"name": f"Changed {place}"}
            if name == "account":
                given |= {"region": f"r{place}", "revenue": 7777 - place}
            if name == "deal":
                given |= {"amount": 999_999, "stage": "won", "code": f"x{place}", "margin": 5555}
            assert admin.patch(f"/records/{name}/{record}", given).status == 200
        made = {"deal": others["deal"][0]} if name == "line" else {}
        extra = admin.create(name, name="Changed and gone", **made)
        admin.send("DELETE", f"/records/{name}/{extra['id']}")
        admin.create(name, name="Changed and new", **made)
    admin.send("DELETE", f"/records/deal/{others['deal'][-1]}")
    database = house.environments.open(PRODUCTION).database
    with database.write() as tx:
        known = load_physical(tx)
        for name, fields in HIDDEN.items():
            physical = known[ObjectName(name)]
            for field in fields:
                column = column_name(physical, FieldName(field))
                sql = f'UPDATE "{physical.table}" SET "{column}" = ? WHERE id = ?'
                for record in mine[name]:
                    tx.run(native(tx, sql), (4321, record))


def test_what_is_hidden_changes_no_answer(house: House) -> None:
    """Some 500 questions over REST and on pages; and an administrator is answered otherwise."""
    mine, others = filled(house)
    rep = Asker(house.caller("rep"), visitor_of(house, "rep"))
    admin = Asker(house.caller(), visitor_of(house, "admin"))

    before, all_before = rep.answers(mine), admin.answers(mine)
    turned(house, mine, others)
    after, all_after = rep.answers(mine), admin.answers(mine)

    assert {key: (before[key], after[key]) for key in before if before[key] != after[key]} == {}
    assert {status for status, _ in before.values()} <= {200, 303, 403, 404, 422}
    assert len(before) > 300
    assert sum(all_before[key] != all_after[key] for key in all_before) > 100


def test_a_shared_view_shows_what_may_be_read(house: House) -> None:
    """Columns that may not be read are dropped; a filter by one is refused, in a sentence."""
    rep = house.caller("rep")
    rep.create("deal", name="Mine")

    seen = rep.get("/records/deal", view="mine")
    refused = rep.get("/records/deal", view="by_margin")

    assert seen.status == 200
    assert {*seen.json["records"][0]} == {
        *("id", "version", "name", "account", "account.name", "account.revenue", "amount")
    }
    assert (refused.status, refused.json["code"]) == (403, "Q105")
    assert "By margin" in refused.raw.decode() or "by_margin" in refused.raw.decode()
