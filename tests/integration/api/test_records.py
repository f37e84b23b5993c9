"""Records over REST, on both databases: what is answered, to the letter of the contract."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest

from api.bodies import read_object
from tests.support.houses import Caller, House


def code() -> str:
    """Give an external id that nothing else has."""
    return uuid.uuid4().hex


def test_a_record_is_created_and_read_back(admin: Caller) -> None:
    """201 with the record: every readable field, blanks as null, numbers with their digits."""
    account = admin.create("account", name="Castor")
    reply = admin.post(
        "/records/deal",
        {
            "name": "Licence",
            "account": account["id"],
            "amount": "1234.50",
            "share": 0.25,
            "is_hot": True,
            "close_date": "2026-05-01",
            "met_at": "2026-05-01T10:00:00+02:00",
            "tags": ["new", "big"],
        },
    )
    made = read_object(reply.raw)
    read = admin.get(f"/records/deal/{made['id']}")

    assert reply.status == 201
    assert b'"amount":1234.50' in reply.raw
    assert b'"met_at":"2026-05-01T08:00:00Z"' in reply.raw
    assert made["version"] == 1
    assert made["share"] == Decimal("0.2500")
    assert made["tags"] == ["new", "big"]
    assert made["units"] is None
    assert made["account"] == account["id"]
    assert made["number"].startswith("D-")
    assert made["expected"] == Decimal("123.45")
    assert read.status == 200
    assert read_object(read.raw) == made


def test_named_fields_and_paths_come_back_under_their_names(admin: Caller) -> None:
    """`fields=name,account.name` gives id, version and those two."""
    account = admin.create("account", name="Pollux", region="emea")
    made = admin.create("deal", name="Path", account=account["id"])

    read = admin.get(f"/records/deal/{made['id']}", fields="name, account.name")

    assert read.json == {
        "id": made["id"],
        "version": 1,
        "name": "Path",
        "account.name": "Pollux",
    }


def test_a_change_answers_with_the_record(admin: Caller) -> None:
    """PATCH changes what it names, counts the version up and computes anew."""
    made = admin.create("deal", name="Old", amount=100)

    changed = admin.patch(f"/records/deal/{made['id']}", {"amount": 200, "name": "New"})

    assert changed.status == 200
    assert changed.json["version"] == 2
    assert changed.json["name"] == "New"
    assert changed.json["expected"] == 20


def test_if_match_refuses_a_stale_version(admin: Caller) -> None:
    """The version that is there, bare or quoted, passes; another answers 409 with the record."""
    made = admin.create("deal", name="Race", amount="10.10")
    address = f"/records/deal/{made['id']}"

    first = admin.patch(address, {"amount": 20}, If_Match="1")
    second = admin.patch(address, {"amount": 30}, If_Match='"1"')
    third = admin.patch(address, {"amount": "40.40"}, If_Match='"2"')
    gone = admin.send("DELETE", address, headers={"If-Match": "2"})

    assert (first.status, second.status, third.status, gone.status) == (200, 409, 200, 409)
    assert second.json["code"] == "C100"
    assert second.json["current"]["version"] == 2
    assert b'"amount":20.00' in second.raw
    assert gone.json["current"]["amount"] == 40.4


def test_deleting_puts_into_the_bin_and_restoring_takes_out(admin: Caller) -> None:
    """204, then 404, then seen in the bin, then back with its values."""
    made = admin.create("deal", name="Bin me")
    address = f"/records/deal/{made['id']}"

    gone = admin.send("DELETE", address)
    missing = admin.get(address)
    binned = admin.get("/records/deal", bin="true", where=f"id = {made['id']}")
    back = admin.send("POST", f"{address}/restore")
    again = admin.send("POST", f"{address}/restore")

    assert (gone.status, gone.raw) == (204, b"")
    assert missing.status == 404
    assert [record["name"] for record in binned.json["records"]] == ["Bin me"]
    assert back.status == 200
    assert back.json["name"] == "Bin me"
    assert admin.get(address).status == 200
    assert again.status == 404


def test_a_record_does_not_come_back_without_what_it_points_at(admin: Caller) -> None:
    """409 while the account lies in the bin itself; both come back in the right order."""
    account = admin.create("account", name="Parent")
    made = admin.create("deal", name="Child", account=account["id"])
    deal, parent = f"/records/deal/{made['id']}", f"/records/account/{account['id']}"
    for address in (deal, parent):
        assert admin.send("DELETE", address).status == 204

    refused = admin.send("POST", f"{deal}/restore")
    restored = [admin.send("POST", f"{address}/restore").status for address in (parent, deal)]

    assert (refused.status, refused.json["code"]) == (409, "C104")
    assert [error["field"] for error in refused.json["errors"]] == ["account"]
    assert restored == [200, 200]


def test_upsert_creates_then_changes(admin: Caller) -> None:
    """PUT by an external id: 201, then 200; slashes and spaces are part of the value."""
    value = f"x/{code()} é"
    address = f"/records/deal/by/code/{value}"

    first = admin.send("PUT", address, {"name": "One"})
    second = admin.send("PUT", address, {"name": "Two"})

    assert (first.status, second.status) == (201, 200)
    assert first.json["id"] == second.json["id"]
    assert second.json["code"] == value
    assert second.json["name"] == "Two"


@pytest.mark.parametrize("other", ["other", None, ""])
def test_upsert_refuses_another_key_in_the_body(admin: Caller, other: str | None) -> None:
    """The address says which record it is; a second answer in the body is not dropped silently."""
    key = code()

    created = admin.send("PUT", f"/records/deal/by/code/{key}", {"name": "x", "code": other})
    admin.post("/records/deal", {"name": "x", "code": key})
    changed = admin.send("PUT", f"/records/deal/by/code/{key}", {"name": "y", "code": other})
    same = admin.send("PUT", f"/records/deal/by/code/{key}", {"name": "y", "code": key})

    assert (created.status, created.json["code"]) == (422, "Q107")
    assert (changed.status, changed.json["errors"][0]["field"]) == (422, "code")
    assert same.status == 200


def test_upsert_by_what_is_no_external_id_is_refused(admin: Caller) -> None:
    """A field that many records may share names none of them."""
    reply = admin.send("PUT", "/records/deal/by/name/x", {"name": "x"})

    assert (reply.status, reply.json["code"]) == (422, "Q107")
    assert "name" in reply.json["message"]


def test_lists_page_by_cursor_and_count(admin: Caller) -> None:
    """Three pages of two, in order, without a record twice; the count is exact."""
    mark = code()[:20]
    for amount in (5, 3, 1, 4, 2):
        admin.create("deal", name=mark, amount=amount)
    seen: list[Decimal] = []
    after = ""
    pages: list[Any] = []
    while True:
        reply = admin.get(
            "/records/deal",
            where=f'name = "{mark}"',
            fields="amount",
            sort="-amount",
            limit=2,
            after=after,
            count="true",
        )
        pages.append(reply.json)
        seen += [record["amount"] for record in reply.json["records"]]
        after = reply.json["next"]
        if after is None:
            break

    assert seen == [5, 4, 3, 2, 1]
    assert [len(page["records"]) for page in pages] == [2, 2, 1]
    assert {page["count"] for page in pages} == {5}
    assert "count_is" not in pages[0]


def test_a_view_brings_its_filter_columns_and_order(admin: Caller) -> None:
    """`view=hot` shows hot deals only, by amount; an unknown view gets a near miss."""
    mark = code()[:20]
    admin.create("deal", name=mark, amount=1, is_hot=True)
    admin.create("deal", name=mark, amount=2, is_hot=True)
    admin.create("deal", name=mark, amount=3)

    reply = admin.get("/records/deal", view="hot", where=f'name = "{mark}"')
    unknown = admin.get("/records/deal", view="hott")

    assert [record["amount"] for record in reply.json["records"]] == [2, 1]
    assert set(reply.json["records"][0]) == {"id", "version", "name", "amount"}
    assert unknown.status in {404, 422}
    assert unknown.json["hint"] == 'did you mean "hot"?'


def test_a_view_that_filters_by_a_hidden_field_is_refused(admin: Caller, rep: Caller) -> None:
    """Its answer would tell what the caller may not read; the sentence says why."""
    allowed, refused = (caller.get("/records/deal", view="rich") for caller in (admin, rep))

    assert allowed.status == 200
    assert (refused.status, refused.json["code"]) == (403, "Q105")


def test_what_is_fixed_at_creation_cannot_be_changed(admin: Caller) -> None:
    """`read_only_after_create` takes a value once."""
    made = admin.create("deal", name="Fixed", heard_of="fair")

    refused = admin.patch(f"/records/deal/{made['id']}", {"heard_of": "web"})

    assert made["heard_of"] == "fair"
    assert [(e["field"], e["code"]) for e in refused.json["errors"]] == [("heard_of", "R104")]


def test_aggregates_group_and_measure(admin: Caller) -> None:
    """Sums and counts by group come back by name, exact to the cent."""
    mark = code()[:20]
    for stage, amount in (("open", "0.10"), ("open", "0.20"), ("won", "1.00")):
        admin.create("deal", name=mark, stage=stage, amount=amount)

    reply = admin.post(
        "/aggregate/deal",
        {
            "where": f'name = "{mark}"',
            "group": ["stage"],
            "measures": {"total": "SUM(amount)", "deals": "COUNT(id)"},
        },
    )

    assert reply.status == 200
    found = {record["stage"]: record for record in reply.json["records"]}
    assert found["open"]["deals"] == 2
    assert found["won"]["total"] == 1
    assert b'"total":0.30' in reply.raw


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"measures": {}}, "Q207"),
        ({"group": [], "measures": {}}, "Q207"),
        ({"group": ["stage"], "measures": {"stage": "COUNT(id)"}}, "Q207"),
        ({"group": ["stage", "stage"], "measures": {}}, "Q207"),
        ({"measures": {"a": "SUM(name)"}}, "Q104"),
        ({"measures": {"a": "DROP(amount)"}}, "Q104"),
        ({"measures": {"a": "MAX(is_hot)"}}, "Q104"),
        ({"measures": {"a": "MIN(tags)"}}, "Q104"),
        ({"group": "stage", "measures": {}}, "Q207"),
        ({"measures": ["SUM(amount)"]}, "Q207"),
        ({"wher": "x", "measures": {}}, "Q207"),
        ({"where": 5, "measures": {}}, "Q207"),
        ({"where": "amuont > 1", "measures": {"a": "COUNT(id)"}}, "Q101"),
    ],
)
def test_wrong_aggregates_are_refused(admin: Caller, body: object, code: str) -> None:
    """Unknown keys, functions and fields, and wrong types: 422 with the reason."""
    reply = admin.post("/aggregate/deal", body)

    assert (reply.status, reply.json["code"]) == (422, code)


def test_roll_ups_of_the_parent_follow(admin: Caller) -> None:
    """A deal created, changed and deleted moves its account's count and total."""
    account = admin.create("account", name="Sums")
    address = f"/records/account/{account['id']}"
    made = admin.create("deal", name="a", account=account["id"], amount="10.50")
    admin.create("deal", name="b", account=account["id"], amount="1.00")
    after_two = admin.get(address).json
    admin.patch(f"/records/deal/{made['id']}", {"amount": 20})
    after_change = admin.get(address).json
    admin.send("DELETE", f"/records/deal/{made['id']}")
    after_delete = admin.get(address).json

    assert (after_two["deals"], after_two["total"]) == (2, 11.5)
    assert (after_change["deals"], after_change["total"]) == (2, 21)
    assert (after_delete["deals"], after_delete["total"]) == (1, 1)


def test_wrong_values_are_told_by_field_all_at_once(admin: Caller) -> None:
    """Unknown field, wrong type, too long, out of the list, over a limit: 422, nothing stored."""
    mark = code()[:20]
    reply = admin.post(
        "/records/deal",
        {
            "name": mark * 4,
            "amuont": 5,
            "amount": "ten",
            "stage": "opne",
            "close_date": "31.12.2026",
            "units": 1.5,
            "is_hot": "perhaps",
            "account": "x",
            "email": "nobody",
            "tags": ["new", "nwe"],
            "version": 7,
            "expected": 1,
        },
    )

    errors = {error["field"]: error for error in reply.json["errors"]}
    assert reply.status == 422
    assert reply.json["code"] == "R100"
    assert set(errors) == {
        *("name", "amuont", "amount", "stage", "close_date", "units", "is_hot"),
        *("account", "email", "tags", "version", "expected"),
    }
    assert errors["amuont"]["hint"] == 'did you mean "amount"?'
    assert all(error["message"] and error["code"] for error in errors.values())
    assert admin.get("/records/deal", where=f'BEGINS(name, "{mark}")').json["records"] == []


@pytest.mark.parametrize("name", [None, "", "   ", "\u00a0\t"])
def test_a_required_text_of_nothing_but_spaces_is_missing(admin: Caller, name: str | None) -> None:
    """Spaces name nobody."""
    reply = admin.post("/records/deal", {"name": name})

    assert reply.status == 422
    assert [error["field"] for error in reply.json["errors"]] == ["name"]


def test_a_validation_rule_names_itself(admin: Caller) -> None:
    """The error carries the rule's name as its code, its message and its field."""
    reply = admin.post("/records/deal", {"name": "x", "share": 0.6})

    assert reply.status == 422
    assert reply.json["errors"] == [
        {"field": "share", "code": "share_limit", "message": "Too much."}
    ]


def test_a_unique_value_in_use_is_a_conflict(admin: Caller) -> None:
    """409 with the field, on create and on change."""
    value = code()
    admin.create("deal", name="first", code=value)
    other = admin.create("deal", name="other")

    created = admin.post("/records/deal", {"name": "second", "code": value})
    changed = admin.patch(f"/records/deal/{other['id']}", {"code": value})

    for reply in (created, changed):
        assert (reply.status, reply.json["code"]) == (409, "C101")
        assert [error["field"] for error in reply.json["errors"]] == ["code"]


def test_a_record_in_use_cannot_be_deleted(admin: Caller) -> None:
    """`on_delete: restrict` answers 409 and says who still uses it."""
    account = admin.create("account", name="Used")
    admin.create("deal", name="user", account=account["id"])

    reply = admin.send("DELETE", f"/records/account/{account['id']}")

    assert (reply.status, reply.json["code"]) == (409, "C102")
    assert "Deal" in reply.json["message"]


def test_a_formula_that_fails_says_why(admin: Caller) -> None:
    """Division by zero is blank, with the reason beside it."""
    made = admin.create("deal", name="zero", amount=1, units=0)

    assert made["ratio"] is None
    assert made["_errors"] == {"ratio": "division by zero"}
    assert admin.get(f"/records/deal/{made['id']}").json == made


def test_a_former_name_works_and_is_told(admin: Caller) -> None:
    """A field by its aka, wherever a name may stand, works, and the answer says so."""
    mark = code()[:20]
    made = admin.post("/records/deal", {"title_text": mark})
    address, where = f"/records/deal/{made.json['id']}", f'title_text = "{mark}"'
    account = admin.create("account", name="Former")
    child = admin.create("deal", name="x", account=account["id"])
    grouped = admin.post(
        "/aggregate/deal",
        {"where": where, "group": ["title_text"], "measures": {"most": "MAX(title_text)"}},
    )
    used = [
        made,
        grouped,
        admin.get(address, fields="title_text"),
        admin.get("/records/deal", where=where, fields="title_text"),
        admin.get("/records/deal", sort="-title_text", limit=1),
        admin.patch(address, {"title_text": mark}),
    ]
    path = admin.get(f"/records/deal/{child['id']}", fields="account.title_of_firm")

    assert grouped.json == {"records": [{"name": mark, "most": mark}]}
    assert used[2].json == {"id": made.json["id"], "version": 1, "name": mark}
    assert [record["name"] for record in used[3].json["records"]] == [mark]
    for reply in used:
        assert reply.status < 300, reply.raw
        assert reply.headers["Deprecation"] == "true"
        assert reply.headers["Patron-Former-Names"] == "title_text"
    assert path.json["account.name"] == "Former"
    assert path.headers["Patron-Former-Names"] == "account.title_of_firm"
    assert "Deprecation" not in admin.get(address).headers


def test_a_former_name_does_not_hide_what_else_is_wrong(admin: Caller) -> None:
    """The first mistake beside it is told; a text in quotes is no name."""
    reply = admin.get("/records/deal", where='title_text = "title_text" AND amuont > 1')

    assert (reply.status, reply.json["code"]) == (422, "Q101")
    assert [error["hint"] for error in reply.json["errors"]] == ['did you mean "amount"?']


def test_an_object_answers_to_its_former_name(admin: Caller, rep: Caller) -> None:
    """Every route of records works under the old name and says that it is one."""
    made = admin.post("/records/bargain", {"name": "Old"})
    address = f"/records/bargain/{made.json['id']}"
    replies = [
        made,
        admin.get(address),
        admin.patch(address, {"amount": 1}),
        admin.get("/records/bargain", limit=1),
        admin.post("/aggregate/bargain", {"measures": {"n": "COUNT(id)"}}),
        admin.post("/records/bargain/bulk?operation=create", [{"name": "x"}]),
        admin.get("/objects/bargain"),
        admin.get("/objects/bargain"),
        admin.send("DELETE", address),
        admin.send("POST", f"{address}/restore"),
    ]

    for reply in replies:
        assert reply.status < 300, reply.raw
        assert reply.headers["Patron-Former-Names"] == "bargain"
    assert replies[6].json["object"] == "deal"
    assert admin.get(f"/records/deal/{made.json['id']}").json["name"] == "Old"
    assert rep.get("/records/bargain").status == 200


def test_a_hidden_external_id_finds_nobody(admin: Caller, rep: Caller) -> None:
    """Neither whether a value is taken nor that there is such a field is told."""
    taken = code()
    admin.create("deal", name="Legacy", legacy=taken)
    answers = [
        rep.send("PUT", f"/records/deal/by/{field}/{value}", {"name": "x"})
        for field, value in (("legacy", taken), ("legacy", code()), ("nothing", "x"))
    ]
    rows = [{"legacy": taken, "name": "x"}]
    bulk = rep.post("/records/deal/bulk?operation=upsert&match=legacy", rows)

    assert {(reply.status, reply.json["code"]) for reply in answers} == {(422, "Q107")}
    assert {reply.raw.replace(b"legacy", b"nothing") for reply in answers} == {answers[2].raw}
    assert {result["status"] for result in bulk.json["results"]} == {422}


@pytest.mark.parametrize("id", ["999999999", "abc", "-1", "9007199254740993", "1.5"])
def test_absent_records_are_all_alike(admin: Caller, id: str) -> None:
    """An id that nobody has and one that nobody can have answer the same."""
    answers = [
        admin.get(f"/records/deal/{id}"),
        admin.patch(f"/records/deal/{id}", {"name": "x"}),
        admin.send("DELETE", f"/records/deal/{id}"),
        admin.send("POST", f"/records/deal/{id}/restore"),
    ]

    assert {reply.status for reply in answers} == {404}
    assert {reply.json["code"] for reply in answers} == {"N100"}


def test_what_a_rep_may_not_read_does_not_exist_for_them(
    house: House, admin: Caller, rep: Caller
) -> None:
    """A hidden field and a hidden object are refused in the words of unknown ones."""
    made = admin.create("deal", name="Hidden margin", margin=5)
    address = f"/records/deal/{made['id']}"
    hidden = [
        rep.get(address, fields="margin"),
        rep.get("/records/deal", where="margin > 1"),
        rep.get("/records/deal", sort="margin"),
        rep.patch(address, {"margin": 1}),
        rep.post("/aggregate/deal", {"measures": {"a": "SUM(margin)"}}),
    ]
    unknown = [
        rep.get(address, fields="nothing"),
        rep.get("/records/deal", where="nothing > 1"),
        rep.get("/records/deal", sort="nothing"),
        rep.patch(address, {"nothing": 1}),
        rep.post("/aggregate/deal", {"measures": {"a": "SUM(nothing)"}}),
    ]
    secret, nowhere = rep.get("/records/secret"), rep.get("/records/nowhere")

    assert "margin" not in rep.get(address).json
    assert [r.status for r in hidden] == [r.status for r in unknown] == [422] * 5
    for one, other in zip(hidden, unknown, strict=True):
        assert (
            one.raw.replace(b"margin", b"nothing").split(b"did you")[0]
            == (other.raw.split(b"did you")[0])
        )
    assert (secret.status, nowhere.status) == (404, 404)
    told, not_told = secret.json, nowhere.json
    told.pop("hint", None)  # the nearest name they may see depends on what they typed
    not_told.pop("hint", None)
    assert told["message"].replace("secret", "nowhere") == not_told["message"]
    assert told.keys() == not_told.keys()
    assert house.tokens["rep"].encode() not in secret.raw


def test_what_a_rep_may_read_but_not_write_is_forbidden(admin: Caller, rep: Caller) -> None:
    """403 where the object right is missing, 422 by field where the field is read only."""
    account = admin.create("account", name="Read only")
    made = rep.create("deal", name="Mine")

    assert rep.post("/records/account", {"name": "x"}).status == 403
    assert rep.patch(f"/records/account/{account['id']}", {"name": "x"}).status == 403
    assert rep.send("DELETE", f"/records/deal/{made['id']}").status == 403
    refused = rep.patch(f"/records/deal/{made['id']}", {"share": 0.1})
    assert refused.status in {403, 422}
    assert [error["field"] for error in refused.json["errors"]] == ["share"]
