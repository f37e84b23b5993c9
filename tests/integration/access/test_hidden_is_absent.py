"""A record that somebody may not see is answered like one that is not there, byte by byte.

Every address that takes the number of a record is asked for both, made from the same tables as the
matrix, so that a new address is among them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

import orjson
import pytest

from tests.integration.conftest import installed, on_both
from tests.support.access_rules import API, PAGES, Rule
from tests.support.approving import DISCOUNT, texts
from tests.support.houses import House
from tests.support.visitors import Visitor, visitor_of

ABSENT = 90_000_001
DEAL = """\
object: deal
label: Deal
sharing: private
features: {history: true}
fields:
  name: {type: text, required: true}
  code: {type: text, external_id: true}
  amount: {type: currency}
  discount: {type: percent}
"""
LINE = "object: line\nsharing: parent\nfields: {deal: {type: master_detail, to: deal}}\n"
BUTTON = """\
workflow: push
object: deal
when: button
steps: [{name: mark, set: {amount: 1}}]
"""
MEMO = """\
object: memo
sharing: read
fields:
  text: {type: text}
  deal: {type: lookup, to: deal}
  about: {type: lookup, to: [deal, vault]}
"""
VAULT = "object: vault\nlabel: Strongroom\nfields: {name: {type: text}}\n"
LAYOUT = """\
layout: deal.main
sections: [{name: facts, fields: [name, amount]}]
related: [{object: memo, via: deal, label: Remarks, fields: [text]}]
"""
ACTION = "action: push\nlabel: Push\nobject: deal\nworkflow: push\n"
REP = """\
permission_set: rep
permissions: [export_data, mass_edit]
objects:
  deal: {create: true, read: true, edit: true, delete: true, share: true, transfer: true}
  line: {create: true, read: true, edit: true, delete: true}
  memo: {create: true, read: true, edit: true, fields: {deal: none}}
"""
ALL = "permission_set: all\nobjects: {deal: {view_all: true}}\n"
NOISE = re.compile(r'name="(csrf|_key)" (value|content)="[^"]*"|hx-headers=\S+|\w+:[0-9a-f]{10}\b')
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
NAMES = {"object": "deal", "name": "deal", "field": "name", "action": "push", "share": "1"}
DEEDS = ("submit", "approve", "reject", "recall")
HEADERS: tuple[Mapping[str, str], ...] = ({}, {"If-Match": "1"}, {"If-None-Match": '"1"'})
Answer = tuple[int, str, str]


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with a deal of the administrator's, which waits for an approval."""
    files = texts(DISCOUNT, deal=DEAL, access__permission_sets__rep=REP)
    files |= {"objects/vault.yaml": VAULT, "objects/memo.yaml": MEMO, "layouts/deal.yaml": LAYOUT}
    files["access/permission_sets/all.yaml"] = ALL
    files |= {"objects/line.yaml": LINE, "workflows/push.yaml": BUTTON, "actions/push.yaml": ACTION}
    with installed(request, files) as made:
        made.admit("rep", "rep")
        yield made


@pytest.fixture(scope="module")
def hidden(house: House) -> int:
    """Give a deal that the representative does not see, with all that can hang on one."""
    admin = house.caller()
    deal = int(admin.create("deal", name="Secret", code="S", amount=1, discount="0.2")["id"])
    line = int(admin.create("line", deal=deal)["id"])
    given = {"with": {"role": "boss"}, "access": "read"}
    assert admin.post(f"/records/deal/{deal}/share", given).status == 200
    assert admin.get(f"/records/deal/{deal}/approvals").json["approvals"]
    assert house.caller("rep").get(f"/records/line/{line}").status == 404
    return deal


def filled(rule: str, record: int) -> str:
    """Fill the places of a rule with the number of a record."""
    numbers = dict.fromkeys(("id", "record"), str(record))
    return PLACE.sub(lambda found: {**NAMES, **numbers}.get(found[1], "1"), rule)


def told(status: int, headers: object, text: str, record: int) -> Answer:
    """Give an answer without its number and without what differs every time."""
    named = {k: v for k, v in dict(headers).items() if k not in {"Content-Length", "Set-Cookie"}}  # type: ignore[call-overload]  # of a response
    number = str(record)
    return status, str(named).replace(number, "ID"), NOISE.sub("", text.replace(number, "ID"))


def over_rest(house: House, line: str, rule: Rule, record: int) -> list[Answer]:
    """Ask one address over REST, with every header that could make a difference."""
    method, _, path = line.partition(" ")
    found = []
    for headers in HEADERS:
        for verb in (method, "HEAD") if method == "GET" else (method,):
            body = None if method in {"GET", "DELETE"} else orjson.dumps(dict(rule.body))
            answer = house.client.open(
                f"/api/v1{filled(path, record)}",
                method=verb,
                data=body,
                headers={
                    "Authorization": f"Bearer {house.tokens['rep']}",
                    "Content-Type": "application/json",
                    **headers,
                },
            )
            found.append(told(answer.status_code, answer.headers, answer.text, record))
    return found


def on_pages(visitor: Visitor, line: str, record: int) -> list[Answer]:
    """Ask one page, whole and as a part; forms with a value and a version."""
    method, _, path = line.partition(" ")
    found = []
    for deed in DEEDS if "<deed>" in path else ("",):
        address = f"/e/production{filled(path.replace('<deed>', deed), record)}"
        if method == "GET":
            answers = [
                visitor.get(address),
                visitor.get(address, headers={"HX-Request": "true"}),
            ]
        else:
            form = {"name": "Mine now", "_version": "1", "approval": "discount"}
            answers = [visitor.send("/account", address, **form)]
        found += [told(one.status_code, one.headers, one.text, record) for one in answers]
    return found


def test_every_address_of_rest_answers_alike(house: House, hidden: int) -> None:
    """Status, headers and body, whatever is asked of the record or done to it."""
    lines = [line for line in API if "/records/<object>/<id>" in line]

    wrong = [
        line
        for line in lines
        if over_rest(house, line, API[line], hidden) != over_rest(house, line, API[line], ABSENT)
    ]

    assert len(lines) > 15
    assert wrong == []


def test_every_page_answers_alike(house: House, hidden: int) -> None:
    """Whole pages and parts of them, and every form."""
    visitor = visitor_of(house, "rep")
    lines = [line for line in PAGES if "<int:record>" in line]

    wrong = [
        line for line in lines if on_pages(visitor, line, hidden) != on_pages(visitor, line, ABSENT)
    ]

    assert len(lines) > 10
    assert wrong == []
    assert house.caller().get(f"/records/deal/{hidden}").json["name"] == "Secret"


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_many_at_once_answer_alike(house: House, hidden: int, operation: str) -> None:
    """In bulk over REST, tried or meant, and by what is ticked in a list."""
    rep, visitor = house.caller("rep"), visitor_of(house, "rep")
    answers = []
    for record in (hidden, ABSENT):
        found = []
        for trial in (False, True):
            query = {"operation": operation, "dry_run": trial}
            rows = [{"id": record, **({"name": "x"} if operation == "update" else {})}]
            reply = rep.send("POST", "/records/deal/bulk", rows, query=query)
            found.append(told(reply.status, reply.headers, reply.raw.decode(), record))
        page = visitor.send("/account", "/e/production/o/deal/mass", op="delete", id=str(record))
        found.append(told(page.status_code, page.headers, page.text, record))
        answers.append(found)

    assert answers[0] == answers[1]


def test_what_points_at_it_answers_alike(house: House, hidden: int) -> None:
    """A new line below it, a filter by its number, its external id, its runs."""
    rep = house.caller("rep")
    answers = []
    for record, code in ((hidden, "S"), (ABSENT, "Z")):
        replies = [
            rep.post("/records/line", {"deal": record}),
            rep.get("/records/deal", where=f"id = {record}", count=True),
            rep.get("/records/line", where=f"deal = {record}", count=True),
            rep.get("/runs", record=record),
            rep.get("/records/deal", where=f'code = "{code}"', count=True),
            rep.post(
                "/aggregate/deal", {"where": f'code = "{code}"', "measures": {"n": "COUNT()"}}
            ),
        ]
        answers.append([told(r.status, r.headers, r.raw.decode(), record) for r in replies])

    assert answers[0] == answers[1]


def test_a_list_over_a_hidden_lookup_is_not_there(house: House) -> None:
    """Whose lookup may not be read has no related list, and no word of it."""
    own = house.caller("rep").create("deal", name="Own")
    page = f"/e/production/o/deal/{own['id']}?tab=related"

    whole, half = (visitor_of(house, who).get(page).text for who in ("admin", "rep"))

    assert "Remarks" in whole
    assert "Remarks" not in half


def test_a_lookup_offers_no_object_that_is_hidden(house: House) -> None:
    """One to several objects looks through those that may be read, and names no other."""
    rep = house.caller("rep")
    own = rep.create("deal", name="Findable")
    house.caller().create("vault", name="Findable too")
    visitor = visitor_of(house, "rep")

    offered = visitor.get("/e/production/o/memo/suggest/about?q=find")
    form = visitor.get("/e/production/o/memo/new")

    assert (offered.status_code, form.status_code) == (200, 200)
    assert f"{own['id']}" in offered.text
    assert "Findable too" not in offered.text
    assert "Strongroom" not in offered.text + form.text
    assert rep.get("/objects/memo").json["fields"]["about"]["to"] == ["deal"]


def test_a_count_ends_with_the_right_to_it(house: House) -> None:
    """A further page shows no count that was made with rights which are gone."""
    admin, many = house.caller(), 60
    house.admit("seer", "rep", "all")
    seer = admin.get("/people/seer@example.test").json["user"]
    owners = [{}] * 30 + [{"owner": seer}] * 30
    rows = [{"name": f"Row {place:02}", **owner} for place, owner in enumerate(owners)]
    made = admin.send("POST", "/records/deal/bulk", rows, query={"operation": "create"})
    assert made.status == 200
    visitor = visitor_of(house, "seer")
    address = "/e/production/o/deal?where=BEGINS(name,%22Row%22)&sort=name&size=25"
    first = visitor.get(address).text
    further = re.search(r'href="([^"]*after=[^"]*)"', first)
    assert further is not None

    changed = admin.patch("/people/seer@example.test", {"permission_sets": ["rep"]})
    second = visitor.get(html.unescape(further[1])).text

    assert changed.status == 200
    assert str(many) in first
    assert "Row 30" in second
    assert not re.search(rf"\b{many}\b", NOISE.sub("", second.partition("<main")[2]))
